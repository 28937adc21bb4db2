import { framesOf } from '../raw-http.ts';
import { call } from './call.ts';
import { compareFiles } from './compare-files.ts';
import { compareLog, type KnownContainer, readDiary } from './known-container.ts';
import type { HostState } from './look-at-host.ts';

/** A container as the engine shows it. */
export interface Shown {
  Id: string;
  /** Id of its image. */
  Image: string;
  Config: { Labels: Record<string, string> };
  HostConfig: { NetworkMode: string; AutoRemove: boolean };
  Mounts: { Type: string; Name?: string; Destination: string }[];
  State: {
    Status: string;
    Running: boolean;
    Pid: number;
    ExitCode: number;
    StartedAt: string;
    Health?: { Status: string };
  };
  NetworkSettings: { Ports: Record<string, { HostPort: string }[] | null> };
}

interface ToldEvent {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
}

export async function get<T>(socket: string, path: string): Promise<T | undefined> {
  const { status, text } = await call(socket, { path });
  if (status === 404) return undefined;
  if (status !== 200) throw new Error(`GET ${path} was answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

export async function readShown(socket: string): Promise<Shown[]> {
  const list = (await get<{ Id: string }[]>(socket, '/containers/json?all=1')) ?? [];
  const shown = await Promise.all(list.map(({ Id }) => get<Shown>(socket, `/containers/${Id}/json`)));
  return shown.filter((container) => container !== undefined);
}

/** Events of containers since `since` (seconds), oldest first, by the container's id. */
const told = ['create', 'start', 'die', 'destroy', 'health_status'];

export async function readEvents(socket: string, since: number): Promise<Map<string, ToldEvent[]>> {
  const until = (Date.now() / 1000).toFixed(9);
  const filters = encodeURIComponent(JSON.stringify({ type: ['container'], event: told }));
  const { text } = await call(socket, { path: `/events?since=${since}&until=${until}&filters=${filters}` });
  const events = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ToldEvent);
  return Map.groupBy(events, ({ Actor }) => Actor.ID);
}

const same = (left: readonly string[], right: readonly string[]) => left.join() === right.join();
const onBridge = ({ HostConfig }: Shown) => ['bridge', 'default'].includes(HostConfig.NetworkMode);

/** Volumes with a mount of their own that containers which run have. */
const ownMounts = (running: readonly Shown[], withMount: readonly string[]) => {
  const used = new Set(running.flatMap(({ Mounts }) => Mounts.map(({ Name }) => Name)));
  return withMount.filter((name) => used.has(name));
};

/** Where the kernel and the disk differ from what the engine shows; empty: nowhere. */
export function compareHost(shown: readonly Shown[], host: HostState): string[] {
  const idsOf = (list: readonly Shown[]) => list.map(({ Id }) => Id).sort();
  const running = shown.filter(({ State }) => State.Pid > 0);
  const ids = { all: idsOf(shown), running: idsOf(running), bridge: idsOf(running.filter(onBridge)) };
  const namespaces = idsOf(running.filter(({ HostConfig }) => HostConfig.NetworkMode !== 'host'));
  const expectedIn: Record<string, readonly string[]> = {
    interfaces: ids.bridge,
    endpoints: ids.bridge,
    'network namespaces': namespaces,
    'mounted network namespaces': namespaces,
    'mounted volumes': ownMounts(running, host.volumesWithMount),
  };
  const checked = running.filter(({ State }) => State.Status === 'running' && State.Health).length;
  const ports = running
    .flatMap(({ NetworkSettings }) => Object.values(NetworkSettings.Ports ?? {}).flatMap((list) => list ?? []))
    .map(({ HostPort }) => HostPort);
  const tell = (what: string, found: readonly string[], wanted: readonly string[]) =>
    same(found, wanted) ? [] : [`${what}: found ${found.map(short)}, should be ${wanted.map(short)}`];
  return [
    ...Object.entries(host.running).flatMap(([what, found]) => tell(what, found, expectedIn[what] ?? ids.running)),
    ...Object.entries(host.ports).flatMap(([what, found]) => tell(what, found, [...new Set(ports)].sort())),
    ...Object.entries(host.containers).flatMap(([what, found]) => tell(what, found, ids.all)),
    ...host.strays,
    ...(host.execs > checked ? [`${host.execs} folders of execs, and ${checked} containers with checks`] : []),
    ...shown.flatMap(({ Id, State }) => {
      const recorded = host.states.get(Id);
      return recorded === State.Status ? [] : [`${short(Id)} is ${State.Status}, recorded as ${recorded}`];
    }),
  ];
}

const short = (name: string) => name.slice(0, 12);

/** What is wrong with the tale that the events of one container tell. */
export function compareEvents(events: readonly ToldEvent[], container: Shown | undefined): string[] {
  let phase: 'none' | 'still' | 'runs' | 'gone' = 'none';
  let exitCode: string | undefined;
  for (const { Action, Actor } of events) {
    const wrong = () => [`event ${Action} after ${events.map((event) => event.Action).join(' ')}: it ${phase}`];
    if (Action === 'create') {
      if (phase !== 'none') return wrong();
      phase = 'still';
    } else if (Action === 'start') {
      if (phase !== 'still') return wrong();
      phase = 'runs';
    } else if (Action === 'die') {
      if (phase !== 'runs') return wrong();
      phase = 'still';
      exitCode = Actor.Attributes.exitCode;
    } else if (Action === 'destroy') {
      if (phase !== 'still') return wrong();
      phase = 'gone';
    }
  }
  const should = container === undefined ? 'gone' : container.State.Pid > 0 ? 'runs' : 'still';
  if (phase !== should)
    return [`by its events (${events.map(({ Action }) => Action).join(' ')}) it ${phase}, it ${should}`];
  const ended = container && container.State.Status === 'exited' && exitCode !== undefined;
  if (ended && String(container.State.ExitCode) !== exitCode && container.State.ExitCode < 125)
    return [`its exit code is ${container.State.ExitCode}, told was ${exitCode}`];
  return [];
}

/** What is wrong with one container that is there. */
export async function compareContainer(
  { socket, diaries }: { socket: string; diaries: string },
  { known, shown, events }: { known: KnownContainer; shown: Shown; events: readonly ToldEvent[] },
): Promise<string[]> {
  const { State } = shown;
  if (!['created', 'running', 'paused', 'restarting', 'exited'].includes(State.Status))
    return [`it is still ${State.Status}`];
  if (shown.HostConfig.AutoRemove && State.Status === 'exited' && events.some(({ Action }) => Action === 'die'))
    return ['it has ended and is to be removed, and is still there'];
  const { Health } = State;
  if (State.Status === 'paused' && !known.mayHaveBeenPaused) return ['it is paused, and nobody had asked'];
  // one that was paused and goes on is called unhealthy until its next check
  if (known.health && State.Status === 'running' && Health?.Status !== known.health)
    return [`it is ${Health?.Status}, its check says ${known.health}`];
  const diary = readDiary(diaries, known.key);
  const { text } = await call(socket, { path: `/containers/${shown.Id}/logs?stdout=1&stderr=1` });
  const frames = framesOf(Buffer.from(text, 'latin1'));
  const wrong = compareLog(frames.map((frame) => frame.text).join(''), diary).map((why) => `its log: ${why}`);
  const lastStart = events.findLastIndex(({ Action }) => Action === 'start');
  const lastHealth = events.findLast(({ Action }, at) => at > lastStart && Action.startsWith('health_status'))?.Action;
  if (State.Status === 'running' && known.health === 'healthy' && lastHealth !== 'health_status: healthy')
    wrong.push(`it is healthy, told was ${lastHealth}`);
  wrong.push(...(await compareFiles(socket, { id: shown.Id, known })));
  const starts = events.filter(({ Action }) => Action === 'start').length;
  // a start that the engine's end cut off was taken back: nobody was told of that run
  const allTold = starts === diary.runs.length;
  if (State.Status === 'exited' && allTold && starts > 0 && !known.mayHaveBeenEnded) {
    if (diary.exit === undefined) wrong.push(`it has ended with ${State.ExitCode}, and nobody had asked`);
    else if (diary.exit !== State.ExitCode) wrong.push(`it has ended with ${diary.exit}, shown is ${State.ExitCode}`);
  }
  return wrong;
}
