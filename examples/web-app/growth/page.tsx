import type { Patient } from 'fhir/r4';
import { FhircastClient } from 'fhircast-client';
import {
  FhircastProvider,
  SyncBanner,
  useContextChange,
  useFhircast,
  useFhircastEvent,
  usePatient,
} from 'fhircast-client/react';
import { StrictMode, Suspense, use, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { find } from '../shared/dom.ts';
import { showFailures } from '../shared/failures.ts';
import { readPatients, smart } from '../shared/fhirclient.ts';
import { summarize } from '../shared/patient.ts';

showFailures();

// Outside of the components, which may be rendered many times.
const launched = smart.ready();
const patients = launched.then(readPatients);
const launch = async () => FhircastClient.fromSmartLaunch(await launched, { subscriberName: 'Growth chart' });

function PatientBanner() {
  const patient = usePatient();
  if (!patient)
    return (
      <section className="patient empty" aria-live="polite" aria-label="Patient">
        <h2>{patient === null ? 'No chart open' : 'Looking for the chart …'}</h2>
      </section>
    );
  const { name, mrn, birthDate } = summarize(patient);
  return (
    <section className="patient" aria-live="polite" aria-label="Patient">
      <h2>{name}</h2>
      <dl>
        <div>
          <dt>MRN</dt>
          <dd>{mrn}</dd>
        </div>
        <div>
          <dt>Born</dt>
          <dd>{birthDate}</dd>
        </div>
      </dl>
    </section>
  );
}

/** While a measurement is not saved, the app stays on its patient. */
function Measurement({ height, setHeight }: { height: string; setHeight: (height: string) => void }) {
  const patient = usePatient();
  const [saved, setSaved] = useState<string>();
  useFhircastEvent('Patient-open', (event) => {
    if (height) event.refuse('A measurement is not saved');
    else setSaved(undefined);
  });
  const save = () => {
    setSaved(`${height} cm`);
    setHeight('');
  };
  return (
    <form className="measurement" action={save}>
      <label>
        Height in cm
        <input
          name="height"
          inputMode="decimal"
          value={height}
          disabled={!patient}
          onChange={({ target }) => setHeight(target.value)}
        />
      </label>
      <button type="submit" className="quiet" disabled={!height}>
        Save
      </button>
      <output>{height ? 'Not saved: this chart is held.' : saved && `Saved: ${saved}`}</output>
    </form>
  );
}

function Patients({ isHeld }: { isHeld: boolean }) {
  const shown = usePatient();
  const { client } = useFhircast();
  const { change, isPending, error, result } = useContextChange();
  const choose = (patient: Patient) => void change('Patient-open', { patient });
  return (
    <>
      <ul className="choices">
        {use(patients).map((patient) => {
          const { id, name, mrn } = summarize(patient);
          return (
            <li key={id}>
              <button
                type="button"
                disabled={isPending || isHeld || !client}
                aria-current={shown?.id === id ? 'true' : undefined}
                onClick={() => choose(patient)}
              >
                <span className="name">{name}</span>
                <span className="about">{mrn}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {error && <p role="alert">{error.message}</p>}
      {result?.accepted === false && <p role="alert">The chart was not opened.</p>}
    </>
  );
}

function GrowthChart() {
  const [height, setHeight] = useState('');
  return (
    <main className="pane">
      <header className="pane-head">
        <h1>Growth chart</h1>
      </header>
      <PatientBanner />
      <SyncBanner className="trouble" />
      <div className="body">
        <section aria-labelledby="measurement-title">
          <h2 id="measurement-title" className="section-title">
            Measurement
          </h2>
          <Measurement height={height} setHeight={setHeight} />
        </section>
        <section aria-labelledby="patients-title">
          <h2 id="patients-title" className="section-title">
            Today’s patients
          </h2>
          <Suspense fallback="…">
            <Patients isHeld={height !== ''} />
          </Suspense>
        </section>
      </div>
    </main>
  );
}

createRoot(find('#root')).render(
  <StrictMode>
    <FhircastProvider launch={launch}>
      <GrowthChart />
    </FhircastProvider>
  </StrictMode>,
);
