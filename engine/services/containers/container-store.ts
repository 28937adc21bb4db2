import { EngineError, toEngineError } from '../../base/errors.ts';
import { networkId } from '../../base/network-id.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { Records } from '../../storage/records/records.ts';
import { nameTaken } from './container-names.ts';
import { type ContainerRecord, openContainerRows, type Status } from './container-record.ts';
import type { ContainerHostConfig, ContainerState } from './container-service.ts';
import type { HealthMonitors } from './health-monitors.ts';
import { type LinkBook, openLinkBook } from './links.ts';

/** What a change tells the world, beside the attributes every event of a container has. */
export interface Happened {
  action: string;
  attributes?: Readonly<Record<string, string>>;
  /** Told of this network, with the container as an attribute. */
  network?: { name: string; type: string };
}

export interface Change {
  name?: string;
  state?: ContainerState;
  status?: Partial<Status>;
  /** What `docker update` changes. */
  hostConfig?: Partial<Pick<ContainerHostConfig, 'resources' | 'restartPolicy' | 'links'>>;
}

/** All containers, in memory and as rows; a change, its row and its events are one transaction. */
export interface ContainerStore {
  /** Oldest first. */
  all(): readonly ContainerRecord[];
  find(id: string): ContainerRecord | undefined;
  /**
   * By id, name with or without slash, a link's `parent/alias`, or a unique prefix of an id; in this order, as Docker.
   * @throws EngineError `not-found` (`container.not-found`), `invalid` (`container.ambiguous`).
   */
  resolve(name: string): ContainerRecord;
  /** The same, undefined where there is none. */
  lookUp(name: string): ContainerRecord | undefined;
  byName(name: string): ContainerRecord | undefined;
  /** @throws EngineError `conflict` (`container.name-taken`). */
  add(record: ContainerRecord, happened: Happened): void;
  change(id: string, change: Change, ...happened: readonly Happened[]): ContainerRecord;
  /** A change of what is lightly lost: it outlives the engine, the last one may be lost with the machine's power. */
  note(id: string, status: Partial<Status>, ...happened: readonly Happened[]): void;
  /** Tells without a change. Such an event outlives the engine; the last ones may be lost with the machine's power. */
  tell(id: string, ...happened: readonly Happened[]): void;
  remove(id: string, happened: Happened): void;
}

export interface StoreDependencies {
  records: Records;
  events: EventBus;
  /** Begins and ends health checks with the states. */
  health: Pick<HealthMonitors, 'look' | 'after'>;
  instance: string;
}

export function openContainerStore({ records, events, health, instance }: StoreDependencies): ContainerStore {
  const rows = openContainerRows(records);
  const containers = new Map(rows.all().map((record) => [record.id, record]));
  const names = new Map([...containers.values()].map(({ name, id }) => [name, id]));

  // Registered before the events, so that whoever hears of a change sees it.
  const afterwards = (work: () => void) => records.afterCommit(work);
  const tell = (record: ContainerRecord, list: readonly Happened[]) => {
    for (const happened of list) events.record(eventOf(record, happened, instance));
  };
  const get = (id: string) => {
    const record = containers.get(id);
    if (!record) throw noSuchContainer(id);
    return record;
  };

  const known = openDirectory(containers, names);

  return {
    lookUp: known.lookUp,
    all: () => [...containers.values()],
    find: (id) => containers.get(id),
    resolve: known.resolve,
    byName: (name) => containers.get(names.get(name) ?? ''),
    add(record, happened) {
      const owner = names.get(record.name);
      if (owner !== undefined) throw nameTaken(record.name, owner);
      records.transaction(() => {
        rows.insert(record);
        afterwards(() => {
          containers.set(record.id, record);
          names.set(record.name, record.id);
        });
        tell(record, [happened]);
      });
    },
    change(id, change, ...happened) {
      const before = get(id);
      const record = changed(before, change, health);
      const owner = names.get(record.name);
      if (owner !== undefined && owner !== id) throw nameTaken(record.name, owner);
      records.transaction(() => {
        rows.update(record);
        if (change.hostConfig) rows.updateFixed(record);
        afterwards(() => {
          containers.set(id, record);
          names.delete(before.name);
          names.set(record.name, id);
          health.look(record);
        });
        tell(record, happened);
      });
      return record;
    },
    note(id, status, ...happened) {
      const record = { ...get(id), status: { ...get(id).status, ...status } };
      records.lightTransaction(() => {
        rows.update(record);
        afterwards(() => containers.set(id, record));
        tell(record, happened);
      });
    },
    tell: (id, ...happened) => records.lightTransaction(() => tell(get(id), happened)),
    remove(id, happened) {
      const record = get(id);
      records.transaction(() => {
        rows.delete(id);
        afterwards(() => {
          containers.delete(id);
          names.delete(record.name);
        });
        tell(record, [happened]);
      });
    },
  };
}

function eventOf(
  { id, name, fixed: { config } }: ContainerRecord,
  { action, attributes, network }: Happened,
  instance: string,
) {
  if (network) {
    const actor = { id: networkId(instance, network.name), attributes: { container: id, ...network } };
    return { type: 'network' as const, action, actor };
  }
  const actor = { id, attributes: { ...config.labels, image: config.image, name, ...attributes } };
  return { type: 'container' as const, action, actor };
}

function changed(before: ContainerRecord, change: Change, health: StoreDependencies['health']): ContainerRecord {
  const state = change.state ?? before.state;
  const found = health.after(before, state);
  return {
    ...before,
    name: change.name ?? before.name,
    state,
    status: { ...before.status, ...change.status, ...(found && { health: found }) },
    ...(change.hostConfig && { fixed: withHostConfig(before.fixed, change.hostConfig) }),
  };
}

const withHostConfig = (fixed: ContainerRecord['fixed'], change: NonNullable<Change['hostConfig']>) => ({
  ...fixed,
  hostConfig: { ...fixed.hostConfig, ...change },
});

/** Finds containers by everything that names them. */
function openDirectory(
  containers: ReadonlyMap<string, ContainerRecord>,
  names: ReadonlyMap<string, string>,
): Pick<ContainerStore, 'resolve' | 'lookUp'> {
  const lookUp = (name: string): ContainerRecord | undefined => {
    try {
      return name === '' ? undefined : resolve({ containers, names, links }, name);
    } catch (error) {
      if (toEngineError(error).code === 'not-found') return undefined;
      throw error;
    }
  };
  const links: Pick<LinkBook, 'find'> = openLinkBook(() => containers.values(), lookUp);
  return { lookUp, resolve: (name) => resolve({ containers, names, links }, name) };
}

interface Known {
  containers: ReadonlyMap<string, ContainerRecord>;
  names: ReadonlyMap<string, string>;
  links: Pick<LinkBook, 'find'>;
}

function resolve({ containers, names, links }: Known, asked: string): ContainerRecord {
  const name = asked.startsWith('/') ? asked.slice(1) : asked;
  const exact =
    containers.get(name) ?? containers.get(names.get(name) ?? '') ?? (name.includes('/') && links.find(name));
  if (exact) return exact;
  const matches = /^[0-9a-f]+$/.test(name) ? [...containers.values()].filter(({ id }) => id.startsWith(name)) : [];
  const [only, ...more] = matches;
  if (only && more.length === 0) return only;
  if (only) {
    throw new EngineError('invalid', `multiple IDs found with provided prefix: ${name}`, {
      reason: 'container.ambiguous',
      params: { prefix: name },
    });
  }
  throw noSuchContainer(asked);
}

function noSuchContainer(name: string): EngineError {
  return new EngineError('not-found', `No such container: ${name}`, {
    reason: 'container.not-found',
    params: { name },
  });
}
