import { randomUUID } from 'node:crypto';
import type { EventBus } from '../../events/event-bus.ts';
import type { Records } from '../../storage/records/records.ts';
import type {
  DiskFigures,
  EngineCounts,
  EngineFacts,
  Probe,
  ReloadedOptions,
  SystemService,
} from './system-service.ts';

export interface SystemDependencies {
  facts: EngineFacts;
  counts(): Promise<EngineCounts>;
  /** Looks at the host anew. */
  probe(): Promise<readonly Probe[]>;
  disk(): Promise<DiskFigures>;
  records: Records;
  events: EventBus;
  /** Of what is read again. @returns what makes it count, all or nothing @throws EngineError `invalid`, both of them */
  prepare(next: ReloadedOptions): Promise<() => Partial<EngineFacts>>;
}

export function createSystemService(dependencies: SystemDependencies): SystemService {
  const { counts, probe, disk, records, events, prepare } = dependencies;
  let { facts } = dependencies;
  return {
    facts: () => facts,
    counts,
    doctor: probe,
    disk,
    async reload(next) {
      const apply = await prepare(next);
      facts = { ...facts, ...apply() };
      const attributes = { name: facts.hostname, ...reloadAttributes(next, facts) };
      records.transaction(() =>
        events.record({ type: 'daemon', action: 'reload', actor: { id: facts.id, attributes } }),
      );
    },
  };
}

/** The keys as they are in the file (moby: `daemon.LogDaemonEventWithAttributes` at a reload). */
const reloadAttributes = (next: ReloadedOptions, facts: EngineFacts): Record<string, string> => ({
  debug: String(next.debug),
  'log-level': next.logLevel,
  'live-restore': String(next.liveRestore),
  'shutdown-timeout': String(next.shutdownTimeoutSeconds),
  'insecure-registries': JSON.stringify(next.insecureRegistries),
  'registry-mirrors': JSON.stringify(next.registryMirrors),
  labels: JSON.stringify(next.labels),
  'max-concurrent-downloads': String(next.maximumDownloads),
  'max-concurrent-uploads': String(next.maximumUploads),
  runtimes: Object.entries(facts.runtimes)
    .map(([name, { path }]) => `${name}:${path}`)
    .join(' '),
  'default-runtime': facts.defaultRuntime.name,
});

/** This engine's random id, made at the first start and kept with the records. */
export function engineId({ database }: Records): string {
  database.prepare("INSERT OR IGNORE INTO meta (key, value) VALUES ('engine-id', ?)").run(randomUUID());
  return String(database.prepare("SELECT value FROM meta WHERE key = 'engine-id'").get()?.value);
}
