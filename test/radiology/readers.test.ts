import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ContextEntry, FhircastClient, type FhircastEvent, profiles } from '../../src/index.ts';
import {
  accessionsOf,
  comparisonsOf,
  imagingSelectionsOf,
  mrnOf,
  reportStatusOf,
  reportStudiesOf,
  studyInstanceUidsOf,
} from '../../src/radiology/index.ts';
import { startTestHub } from '../../src/testing/index.ts';
import { PATIENT, REPORT, STUDY } from './support.ts';

const entry = (key: string, resource: unknown): ContextEntry => ({ key, resource }) as unknown as ContextEntry;
const typed = (code: string, value: unknown, more: object = {}) => ({ type: { coding: [{ code }] }, value, ...more });
const study = (more: object) => entry('study', { resourceType: 'ImagingStudy', ...more });
const report = (more: object) => entry('report', { resourceType: 'DiagnosticReport', ...more });
const bundle = (...entries: unknown[]) => ({ resourceType: 'Bundle', type: 'transaction', entry: entries });
const put = (resource: object) => ({ request: { method: 'PUT' }, resource });

describe('accession numbers', () => {
  it.each<[string, ContextEntry[], string[]]>([
    ['of R4: an identifier of type ACSN', [study({ identifier: [typed('ACSN', 'A-1')] })], ['A-1']],
    ['of DSTU2 and STU3: accession', [study({ accession: { value: 'A-1' } })], ['A-1']],
    [
      'of R5: the order that it is based on',
      [study({ basedOn: [{ type: 'ServiceRequest', identifier: typed('ACSN', 'A-1') }] })],
      ['A-1'],
    ],
    ['of the order of a report', [report({ basedOn: [{ identifier: typed('ACSN', 'A-1') }] })], ['A-1']],
    [
      'of a study that a report names by it',
      [report({ imagingStudy: [{ identifier: typed('ACSN', 'A-1') }] })],
      ['A-1'],
    ],
    ['of the same in R5', [report({ study: [{ identifier: typed('ACSN', 'A-1') }] })], ['A-1']],
    [
      'of a reference',
      [{ key: 'study', reference: { identifier: typed('ACSN', 'A-1') } } as unknown as ContextEntry],
      ['A-1'],
    ],
    ['under the key of the .NET sandbox', [entry('imagingStudy', { accession: { value: 'A-1' } })], ['A-1']],
    [
      'of several studies, each once',
      ['A-1', 'A-2', 'A-1'].map((value) => study({ identifier: [typed('ACSN', value)] })),
      ['A-1', 'A-2'],
    ],
    [
      'that nothing says it of, as apps write them that open a report by it',
      [
        study({
          identifier: [
            { system: 'urn:oid:2.16', value: 'A-1' },
            { system: 'urn:dicom:uid', value: '1.2.3' },
          ],
        }),
      ],
      ['A-1'],
    ],
    [
      'and no other identifier beside one that says it',
      [study({ identifier: [{ value: 'X' }, typed('ACSN', 'A-1'), typed('PLAC', 'B')] })],
      ['A-1'],
    ],
    ['as a number', [study({ identifier: [typed('ACSN', 4711)] })], ['4711']],
    ['where there is none', [entry('patient', PATIENT)], []],
  ])('%s', (_, context, expected) => expect(accessionsOf(context)).toEqual(expected));
});

describe('Study Instance UIDs', () => {
  it.each<[string, object, string[]]>([
    ['of the system urn:dicom:uid', { identifier: [{ system: 'urn:dicom:uid', value: '1.2.3' }] }, ['1.2.3']],
    ['with urn:oid:', { identifier: [{ system: 'urn:dicom:uid', value: 'urn:oid:1.2.3' }] }, ['1.2.3']],
    ['of the type 110180', { identifier: [typed('110180', 'urn:oid:1.2.3')] }, ['1.2.3']],
    ['as a URI', { identifier: [{ system: 'urn:ietf:rfc:3986', value: 'urn:oid:1.2.3' }] }, ['1.2.3']],
    ['as uid of DSTU2 and STU3', { uid: 'urn:oid:1.2.3' }, ['1.2.3']],
    [
      'in both forms, once',
      { uid: '1.2.3', identifier: [{ system: 'urn:dicom:uid', value: 'URN:OID:1.2.3' }] },
      ['1.2.3'],
    ],
    ['and nothing that is no UID', { uid: 'javascript:alert(1)', identifier: [typed('ACSN', '1.2.3')] }, []],
    ['and nothing that is too long for one', { uid: `1.${'2'.repeat(63)}` }, []],
  ])('%s', (_, resource, expected) => expect(studyInstanceUidsOf([study(resource)])).toEqual(expected));

  it('are those of what was opened, and not of what it is compared with', () => {
    const other = { resourceType: 'ImagingStudy', id: 'study-9', uid: '9.9.9' };
    const context = [study({ uid: '1.2.3' }), entry('content', bundle({ resource: other }))];
    expect(studyInstanceUidsOf(context)).toEqual(['1.2.3']);
  });
});

describe('the medical record number', () => {
  const patient = (...identifier: object[]) => [entry('patient', { resourceType: 'Patient', identifier })];

  it.each<[string, ContextEntry[], string | undefined, string | undefined]>([
    ['is of type MR', patient({ value: 'X' }, typed('SS', 'S'), typed('MR', 'M-1')), undefined, 'M-1'],
    ['is not an old one', patient(typed('MR', 'M-0', { use: 'old' }), typed('MR', 'M-1')), undefined, 'M-1'],
    ['is of a system', patient(typed('MR', 'M-1', { system: 'a' }), typed('MR', 'M-2', { system: 'b' })), 'b', 'M-2'],
    ['is of a system that needs no type', patient({ system: 'b', value: 'M-2' }), 'b', 'M-2'],
    ['is not of another type in the system', patient(typed('SS', 'S', { system: 'b' })), 'b', undefined],
    ['is not guessed', patient({ system: 'b', value: 'M-2' }), undefined, undefined],
    ['is not empty', patient(typed('MR', ' '), typed('MR', null)), undefined, undefined],
  ])('%s', (_, context, system, expected) => expect(mrnOf(context, system)).toBe(expected));
});

describe('the status of the report', () => {
  const reference = { key: 'report', reference: { reference: 'DiagnosticReport/report-1' } } as ContextEntry;
  const final = { resourceType: 'DiagnosticReport', id: 'report-1', status: 'final' };
  const other = { resourceType: 'DiagnosticReport', id: 'report-9', status: 'amended' };

  it.each<[string, ContextEntry[], string | undefined]>([
    ['of a close', [report({ id: 'report-1', status: 'final' })], 'final'],
    ['of an update', [reference, entry('updates', bundle(put(final)))], 'final'],
    ['of an update under the key of PowerCast', [reference, entry('bundle', bundle(put(final)))], 'final'],
    [
      'of an update with the report of PowerCast',
      [report({ id: 'report-1' }), entry('updates', bundle(put(final)))],
      'final',
    ],
    ['of an update that changes the report itself', [report({ id: 'report-1', status: 'partial' })], 'partial'],
    ['of an update without a report', [entry('updates', bundle(put(final)))], 'final'],
    [
      'of an update whose report has no id',
      [reference, entry('updates', bundle(put({ ...final, id: undefined })))],
      'final',
    ],
    [
      'of the current context, by its content',
      [report({ id: 'report-1', status: 'unknown' }), entry('content', bundle({ resource: final }))],
      'final',
    ],
    ['and not of another report', [reference, entry('updates', bundle(put(other), put(final)))], 'final'],
    ['and of no other report alone', [reference, entry('updates', bundle(put(other)))], undefined],
    ['and of none of several, when nobody knows which', [entry('updates', bundle(put(other), put(final)))], undefined],
    [
      'and not of a report that is deleted',
      [reference, entry('updates', bundle({ request: { method: 'DELETE' }, resource: final }))],
      undefined,
    ],
    ['in whatever case', [report({ status: 'Preliminary' })], 'preliminary'],
    ['of R5', [report({ status: 'modified' })], 'modified'],
    ['and no word that is none of FHIR’s', [report({ status: 'signed' })], undefined],
  ])('%s', (_, context, expected) => expect(reportStatusOf(context)).toBe(expected));
});

describe('what reports name', () => {
  const associatedStudy = 'https://profiles.ihe.net/RAD/IRA/StructureDefinition/associatedStudy';

  it.each(['imagingStudy', 'study'])('their studies: %s', (name) =>
    expect(
      reportStudiesOf([report({ [name]: [{ reference: 'ImagingStudy/1', display: 'CT' }, { identifier: {} }] })]),
    ).toEqual([
      { reference: 'ImagingStudy/1', display: 'CT' },
      { reference: undefined, display: undefined },
    ]),
  );

  it('what they are compared with', () => {
    const extension = [
      { url: associatedStudy, valueReference: { reference: 'ImagingStudy/9' } },
      { url: 'https://example.org/other', valueReference: { reference: 'ImagingStudy/8' } },
    ];
    const update = entry('updates', bundle(put({ resourceType: 'DiagnosticReport', id: 'report-1', extension })));
    expect(comparisonsOf([update])).toEqual([{ reference: 'ImagingStudy/9', display: undefined }]);
  });

  it('images that somebody points at, in an update and in a selection', () => {
    const selection = {
      resourceType: 'ImagingSelection' as const,
      id: 'selection-1',
      studyUid: '1.2.3',
      seriesUid: 'urn:oid:1.2.3.1',
      instance: [{ uid: '1.2.3.1.1' }, { uid: 'none' }],
    };
    const expected = {
      id: 'selection-1',
      studyUid: '1.2.3',
      seriesUid: '1.2.3.1',
      instanceUids: ['1.2.3.1.1'],
    };
    expect(imagingSelectionsOf([entry('updates', bundle(put(selection)))])).toEqual([expected]);
    expect(imagingSelectionsOf([entry('select', [selection])])).toEqual([expected]);
  });
});

describe('the readers', () => {
  const all = (source: Parameters<typeof accessionsOf>[0]) => [
    ...accessionsOf(source),
    ...studyInstanceUidsOf(source),
    mrnOf(source),
    mrnOf(source, 'urn:x'),
    reportStatusOf(source),
    ...reportStudiesOf(source),
    ...comparisonsOf(source),
    ...imagingSelectionsOf(source),
  ];

  it('read an event and the current context alike', async () => {
    const hub = await startTestHub({ personality: 'powercast' });
    const session = hub.openSession();
    const client = new FhircastClient({
      hubUrl: hub.url,
      topic: session.id,
      accessToken: session.accessToken,
      profile: profiles.powerCast,
    });
    try {
      const events: FhircastEvent[] = [];
      client.on('DiagnosticReport-open', (event) => void events.push(event));
      await client.ready();
      await session.publish('DiagnosticReport-open', [
        { key: 'report', resource: REPORT },
        { key: 'patient', resource: PATIENT },
        { key: 'study', resource: STUDY },
      ]);
      const current = await client.getCurrentContext();
      const [event] = events;
      if (!event || !current || !client.shown) throw new Error('Nothing was opened.');
      for (const source of [event, current, client.shown, event.context]) {
        expect(accessionsOf(source)).toEqual(['GH339884']);
        expect(studyInstanceUidsOf(source)).toEqual(['1.2.840.83474.8.231']);
        expect(mrnOf(source)).toBe('4438001');
        expect(reportStatusOf(source)).toBe('registered');
      }
    } finally {
      await client.unsubscribe();
      await hub.close();
    }
  });

  const names = [
    ...['resource', 'reference', 'identifier', 'type', 'coding', 'code', 'system', 'value', 'use', 'uid', 'accession'],
    ...['basedOn', 'imagingStudy', 'study', 'extension', 'url', 'valueReference', 'entry', 'request', 'method'],
    ...['resourceType', 'status', 'id', 'instance', 'studyUid', 'key', '__proto__'],
  ];
  const words = ['ACSN', 'MR', '110180', 'urn:dicom:uid', 'final', 'DiagnosticReport', 'ImagingSelection', 'Patient/1'];
  const hostile = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom<unknown>(...words, null, undefined, 0, '', true, 'x'.repeat(2000)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 6 }),
    ),
  })).value;
  const keys = fc.constantFrom('report', 'study', 'Patient', 'updates', 'bundle', 'content', 'select', 7, null);
  const hostileContext = fc.array(fc.oneof(fc.record({ key: keys, resource: hostile, reference: hostile }), hostile));

  it('bear every context', () => {
    fc.assert(
      fc.property(fc.oneof(hostileContext, hostile), (context) => {
        const told = all(context as ContextEntry[]);
        for (const value of told)
          expect(value === undefined || typeof value === 'string' || typeof value === 'object').toBe(true);
        return told.length < 10_000;
      }),
      { numRuns: 500 },
    );
  });

  it('give no more than 256 of anything', () => {
    const many = Array.from({ length: 3_000 }, (_, index) =>
      study({ uid: `1.2.${index}`, accession: { value: index } }),
    );
    expect(studyInstanceUidsOf(many)).toHaveLength(256);
    expect(accessionsOf(many)).toHaveLength(256);
  });
});

describe('what readers take', () => {
  it('is shared content, too, and nothing', () => {
    const final = { resourceType: 'DiagnosticReport', id: 'report-1', status: 'final' };
    const snapshot = {
      context: { context: [report({ id: 'report-1', status: 'unknown' }), study({ uid: '1.2.3' })] },
      resources: (type: string) => (type === 'diagnosticreport' ? [final] : []),
    };
    expect([reportStatusOf(snapshot), studyInstanceUidsOf(snapshot)]).toEqual(['final', ['1.2.3']]);
    expect(reportStatusOf({ ...snapshot, resources: () => [] })).toBe('unknown');
    expect(reportStatusOf({ ...snapshot, context: undefined })).toBe('final');
    for (const nothing of [null, undefined]) {
      expect([reportStatusOf(nothing), mrnOf(nothing), accessionsOf(nothing)]).toEqual([undefined, undefined, []]);
    }
  });
});
