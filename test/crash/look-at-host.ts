import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EngineFolders } from '../engine-fixture.ts';

/** What the kernel and the disk have of an engine: names and ids, sorted, each list by what it is. */
export interface HostState {
  /** Containers by id, in every place where only those that run may be. */
  running: Record<string, string[]>;
  /** Published ports of the host, as `8080`. */
  ports: Record<string, string[]>;
  /** Containers by id, in every place where each must be. */
  containers: Record<string, string[]>;
  /** How many folders there are of processes that were started in containers, health checks among them. */
  execs: number;
  /** Volumes that are mounted while containers that have them run. */
  volumesWithMount: string[];
  /** What must be nowhere. */
  strays: string[];
  /** id -> state, by the records. */
  states: Map<string, string>;
}

const namesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
};

const readOrEmpty = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

const isId = (name: string) => /^[0-9a-f]{64}$/.test(name);

/** Ids of the containers whose monitor runs: by conmon's `-c ID` below this run root. */
function monitors(runRoot: string): string[] {
  return namesIn('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => readOrEmpty(`/proc/${pid}/cmdline`).split('\0'))
    .filter((words) => words[0]?.endsWith('conmon') && words.some((word) => word.startsWith(`${runRoot}/`)))
    .map((words) => words[words.indexOf('-c') + 1] ?? '');
}

/** Containers that have a cgroup in any hierarchy; each once. */
function cgroups(instance: string): string[] {
  const parents = ['', ...namesIn('/sys/fs/cgroup')].map((name) =>
    path.join('/sys/fs/cgroup', name, `beluga-${instance}`),
  );
  return parents.flatMap(namesIn).filter((name) => isId(name.replace(/\.scope$/, '')));
}

function mounts(pid: number, root: string, pattern: RegExp): string[] {
  return readOrEmpty(`/proc/${pid}/mountinfo`)
    .split('\n')
    .flatMap((line) => (line.includes(root) ? (pattern.exec(line)?.[1] ?? []) : []));
}

/** Ports that the rules translate: `{ tcp . 8080 : 172.30.0.2 . 80, … }`. */
function translated(instance: string): string[] {
  try {
    const table = execFileSync('/usr/sbin/nft', ['list', 'map', 'ip', `beluga_${instance}`, 'published'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return [...table.matchAll(/(?:tcp|udp) \. (\d+) :/g)].map(([, port = '']) => port);
  } catch {
    return [];
  }
}

/** Ports of `range` on which the kernel listens on every IPv4 address. */
function listening([first, last]: readonly [number, number]): string[] {
  return readOrEmpty('/proc/net/tcp')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
    .filter((port) => port >= first && port <= last)
    .map(String);
}

interface Looked {
  folders: EngineFolders;
  pid: number;
  instance: string;
  portRange: readonly [number, number];
  /** What the data root had at its top when all was well. */
  topOfDataRoot: readonly string[];
}

interface ImageRow {
  details: { topSnapshot?: string };
  blobs: string[];
}

function readRecords(dataRoot: string) {
  const database = new DatabaseSync(path.join(dataRoot, 'beluga.db'), { readOnly: true });
  const all = (query: string) => database.prepare(query).all() as Record<string, string>[];
  try {
    return {
      containers: all('SELECT id, state FROM containers'),
      endpoints: all('SELECT container_id AS id FROM endpoints').map(({ id = '' }) => id),
      snapshots: all('SELECT key, kind, name, parent FROM snapshots'),
      leases: all('SELECT id FROM leases').map(({ id = '' }) => id),
      volumes: all('SELECT name, record FROM volumes').map(({ name = '', record = '' }) => ({
        name,
        ...(JSON.parse(record) as { madeFor?: string; options?: Record<string, string> }),
      })),
      images: all('SELECT record FROM images').map(({ record = '' }) => JSON.parse(record) as ImageRow),
    };
  } finally {
    database.close();
  }
}

const difference = (what: string, found: readonly string[], known: readonly string[]) => [
  ...found.filter((name) => !known.includes(name)).map((name) => `${what}: ${name}`),
  ...known.filter((name) => !found.includes(name)).map((name) => `${what}: no ${name}`),
];

type Records = ReturnType<typeof readRecords>;

/** Layers that no image and no container stands on. */
function unneededLayers({ snapshots, images }: Records): string[] {
  const parents = new Map(snapshots.map(({ key = '', parent }) => [key, parent]));
  const needed = new Set<string>();
  const tops = images.map(({ details }) => details.topSnapshot);
  const active = snapshots.filter(({ kind }) => kind === 'active').map(({ key }) => key);
  for (const top of [...tops, ...active]) for (let at = top; at; at = parents.get(at)) needed.add(at);
  return [...parents.keys()].filter((key) => !needed.has(key));
}

function strayVolumes(folder: string, { volumes }: Records): string[] {
  const names = volumes.map(({ name }) => name);
  return [
    ...difference(
      'volume directory',
      namesIn(folder).filter((name) => name !== '.removed'),
      names,
    ),
    ...namesIn(path.join(folder, '.removed')).map((name) => `volume being removed: ${name}`),
    ...names.flatMap((name) =>
      namesIn(path.join(folder, name)).flatMap((inside) =>
        inside === '_data' ? [] : [`in volume ${name}: ${inside}`],
      ),
    ),
    ...volumes.flatMap(({ name, madeFor }) => (madeFor ? [`volume ${name} still goes with ${madeFor}`] : [])),
  ];
}

/** Looks everywhere at once, without asking the engine. */
export function lookAtHost({ folders, pid, instance, portRange, topOfDataRoot }: Looked): HostState {
  const { root, dataRoot, runRoot, temp } = folders;
  const records = readRecords(dataRoot);
  const active = records.snapshots.filter(({ kind }) => kind === 'active');
  const snapshotNames = (rows: readonly Record<string, string>[]) => rows.map(({ name = '' }) => name).sort();
  const links = namesIn('/sys/class/net').filter((name) => name.startsWith(`v${instance.slice(0, 6)}`));
  const idOf = (short: string) => records.containers.find(({ id = '' }) => id.startsWith(short))?.id ?? short;
  const of = (list: readonly string[]) => [...new Set(list)].sort();
  return {
    running: {
      monitors: of(monitors(runRoot)),
      cgroups: of(cgroups(instance)),
      'network namespaces': of(namesIn(path.join(runRoot, 'netns'))),
      'mounted network namespaces': of(mounts(pid, root, /\/run\/netns\/([0-9a-f]{64}) /)),
      interfaces: of(links.map((name) => idOf(name.slice(7)))),
      'root filesystems': of(mounts(pid, root, /\/run\/containers\/([0-9a-f]{64})\/rootfs /)),
      bundles: of(namesIn(path.join(runRoot, 'containers'))),
      'states of the runtime': of(['crun', 'runc'].flatMap((name) => namesIn(path.join(runRoot, name)).filter(isId))),
      endpoints: of(records.endpoints),
      'mounted volumes': of(mounts(pid, root, /\/volumes\/([^/ ]+)\/_data /)),
    },
    ports: { 'translated ports': of(translated(instance)), 'bound ports': of(listening(portRange)) },
    containers: {
      records: of(records.containers.map(({ id = '' }) => id)),
      'writable snapshots': of(active.map(({ key = '' }) => key.replace(/^container[:/-]/, ''))),
      folders: of(namesIn(path.join(dataRoot, 'containers'))),
    },
    execs: namesIn(path.join(runRoot, 'execs')).length,
    volumesWithMount: of(records.volumes.flatMap(({ name, options }) => (options ? [name] : []))),
    strays: [
      ...strayVolumes(path.join(dataRoot, 'volumes'), records),
      ...unneededLayers(records).map((key) => `layer of nobody: ${key}`),
      ...difference(
        'blob',
        namesIn(path.join(dataRoot, 'content/blobs/sha256')).map((hex) => `sha256:${hex}`),
        of(records.images.flatMap(({ blobs }) => blobs)),
      ),
      ...difference(
        'snapshot directory',
        namesIn(path.join(dataRoot, 'snapshots/l')),
        snapshotNames(records.snapshots),
      ),
      ...difference('work directory', namesIn(path.join(dataRoot, 'snapshots/w')), snapshotNames(active)),
      ...namesIn(path.join(dataRoot, 'snapshots/r')).map((name) => `being removed: ${name}`),
      ...namesIn(path.join(dataRoot, 'content/ingest')).map((name) => `half a blob: ${name}`),
      ...namesIn(path.join(runRoot, 'views')).map((name) => `view: ${name}`),
      ...namesIn(path.join(runRoot, 'exits')).map((name) => `exit file: ${name}`),
      ...namesIn(temp).map((name) => `temporary file: ${name}`),
      ...namesIn(dataRoot)
        .filter((name) => !topOfDataRoot.includes(name))
        .map((name) => `in the data root: ${name}`),
      ...records.leases.map((id) => `lease: ${id}`),
      ...(existsSync(path.join(runRoot, 'holder.json')) ? [] : ['no holder']),
    ],
    states: new Map(records.containers.map(({ id = '', state = '' }) => [id, state])),
  };
}
