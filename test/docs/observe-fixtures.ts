import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { FhircastClient } from 'fhircast-client';
import { expect } from 'vitest';
import { ada, CLIENT, chart, type Fixture, type Result, type Stage } from './stage.ts';

const joined = async ({ session, later }: Stage): Promise<FhircastClient> => {
  const client = await FhircastClient.fromSmartLaunch(session.launch(), { accessToken: session.accessToken });
  later(() => client.unsubscribe());
  return client;
};

const follow = async ({ session }: Stage, result: Result) => {
  const client = result.client as FhircastClient;
  client.on('Patient-open', () => {});
  await client.ready({ caughtUp: true });
  await session.publish('Patient-open', chart(0));
};

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);

/** By the name that stands before a block. */
export const OBSERVE_FIXTURES: Readonly<Record<string, Fixture>> = {
  'observe-log': {
    declarations: `${CLIENT} declare const logger: Console;`,
    prepare: async (stage) => {
      const write = stage.spy('log');
      const line = (text: string) => write(text);
      return { client: await joined(stage), logger: { debug: line, info: line, warn: line, error: line } };
    },
    check: async (stage, result) => {
      await follow(stage, result);
      const { log } = stage.calls;
      for (const line of [
        'state: subscribing → active (confirmed)',
        'subscribed by websocket',
        'in websocket notification',
      ])
        expect(log).toContain(line);
    },
  },
  'observe-opentelemetry': {
    declarations: CLIENT,
    prepare: async (stage) => {
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const provider = new MeterProvider({ readers: [reader] });
      metrics.setGlobalMeterProvider(provider);
      stage.later(async () => {
        metrics.disable();
        await provider.shutdown();
      });
      return { client: await joined(stage), flush: () => provider.forceFlush() };
    },
    check: async (stage, result) => {
      await follow(stage, result);
      await (result.flush as () => Promise<void>)();
      const found = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((one) => one.metrics));
      expect(found.map(({ descriptor }) => descriptor.name).sort()).toEqual([
        'fhircast.exchange.duration',
        'fhircast.messages',
        'fhircast.sync.changes',
      ]);
    },
  },
  'observe-diagnostics': {
    declarations: `${CLIENT} declare function report(message: unknown): void;`,
    prepare: async (stage) => ({ client: await joined(stage), report: stage.spy('report') }),
    check: async (stage, result) => {
      await follow(stage, result);
      expect(stage.calls.report?.at(-1)).toMatchObject({ kind: 'sync', fields: { state: 'in-sync' } });
    },
  },
  'observe-audit': {
    declarations: `${CLIENT} declare const userId: string; declare const trail: import('fhir/r4').AuditEvent[];`,
    prepare: async (stage) => ({ client: await joined(stage), userId: 'user-42', trail: [] }),
    check: async (stage, result) => {
      await follow(stage, result);
      expect(result.trail).toMatchObject([
        { action: 'R', agent: [{ altId: 'user-42' }], entity: [{ what: { reference: `Patient/${ada?.id}` } }] },
      ]);
    },
  },
};
