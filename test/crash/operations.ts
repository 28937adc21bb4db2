import { type Call, call } from './call.ts';
import { commit, copyIn, removeImage } from './file-operations.ts';
import { commandOf, type Kind, type KnownContainer } from './known-container.ts';
import { repository } from './known-images.ts';
import { volumeNames, volumeTarget } from './known-volumes.ts';
import type { Random } from './random.ts';
import { expect, type Field, gone, type Step } from './step.ts';
import { createVolume, pruneVolumes, removeVolume } from './volume-operations.ts';

/** How many names there are: the most containers at a time. */
const names = Array.from({ length: 9 }, (_, index) => `crash-${index}`);
export const portCount = 40;

const kinds: readonly Kind[] = ['goes-on', 'obeys', 'ends', 'ends'];
const policies = ['no', 'no', 'no', 'always', 'unless-stopped', 'on-failure'];

async function create(step: Step): Promise<void> {
  const { field, random } = step;
  const known = drawContainer(field, random);
  field.containers.set(known.key, known);
  const volume = field.volumes.named.get(known.volume ?? '');
  if (volume) volume.makeAsked = true;
  const path = `/containers/create?name=${random.pick(names)}`;
  const body = bodyOf(field, random, known);
  // 404: its image was removed
  const answer = await expect(step, { method: 'POST', path, body }, [201, ...gone]);
  if (answer.status === 409 || answer.status === 404) field.containers.delete(known.key);
  if (answer.status !== 201) return;
  known.id = (JSON.parse(answer.text) as { Id: string }).Id;
  known.promised = true;
  if (volume) volume.makePromised = true;
  if (field.pruned.has(known.id)) known.removal = 'promised';
  // most are wanted to run
  else if (random.chance(0.7)) await start(step, known);
}

function drawContainer(field: Field, random: Random): KnownContainer {
  const kind = random.pick(kinds);
  const made = [...field.images.tags].filter(([, { there, makePromised }]) => there || makePromised);
  const image =
    made.length > 0 && random.chance(0.25)
      ? `${repository}:${random.pick(made)[0]}`
      : random.pick([...field.baseImages, field.baseImages[1]]);
  const hasVolume = image === field.baseImages[1] && random.chance(0.6);
  return {
    ...{ key: `k${field.made++}`, id: undefined, kind, image },
    exitCode: kind === 'ends' ? random.below(100) : 0,
    autoRemove: random.chance(0.2),
    hostPort: random.chance(0.3) ? field.firstPort + (field.made % portCount) : undefined,
    volume: hasVolume ? random.pick(volumeNames) : undefined,
    health: kind !== 'ends' && random.chance(0.4) ? random.pick(['healthy', 'unhealthy'] as const) : undefined,
    ...{ promised: false, mayHaveStarted: false, mayHaveBeenEnded: false, mayHaveBeenPaused: false },
    ...{ removal: 'not-asked', copied: new Map(), unseen: new Set() },
  };
}

const checks = { healthy: ['CMD-SHELL', 'sleep 0.1'], unhealthy: ['CMD', 'false'] };

function bodyOf(field: Field, random: Random, known: KnownContainer) {
  const { key, autoRemove, hostPort, volume, health } = known;
  const policy = autoRemove ? 'no' : random.pick(policies);
  return {
    Image: known.image,
    Cmd: commandOf(known, 1 + random.below(200)),
    Labels: { 'crash.key': key },
    StopTimeout: 1,
    ...(health && { Healthcheck: { Test: checks[health], Interval: 500_000_000, Retries: 1 + random.below(2) } }),
    HostConfig: {
      Binds: [`${field.diaries}:/diaries`, ...(volume ? [`${volume}:${volumeTarget}`] : [])],
      AutoRemove: autoRemove,
      NetworkMode: random.pick(['bridge', 'bridge', 'none', 'host']),
      RestartPolicy: { Name: policy, MaximumRetryCount: policy === 'on-failure' ? 3 : 0 },
      ...(hostPort && { NetworkMode: 'bridge', PortBindings: { '80/tcp': [{ HostPort: `${hostPort}` }] } }),
    },
  };
}

async function start(step: Step, known: KnownContainer): Promise<void> {
  known.mayHaveStarted = true;
  const path = `/containers/${known.id}/start`;
  await expect(step, { method: 'POST', path }, [204, 304, ...gone]);
}

async function end(step: Step, known: KnownContainer): Promise<void> {
  const { random } = step;
  known.mayHaveBeenEnded = true;
  const word = random.pick(['stop?t=0', 'stop?t=1', 'restart?t=0', 'kill', 'kill?signal=TERM']);
  if (word.startsWith('restart')) known.mayHaveStarted = true;
  const path = `/containers/${known.id}/${word}`;
  await expect(step, { method: 'POST', path }, [204, 304, ...gone]);
}

async function remove(step: Step, known: KnownContainer): Promise<void> {
  known.mayHaveBeenEnded = true;
  if (known.removal === 'not-asked') known.removal = 'asked';
  const { random, field } = step;
  const withVolumes = random.chance(0.6);
  if (!withVolumes) field.volumes.left += 1;
  const path = `/containers/${known.id}?force=${random.pick(['1', '1', '0'])}&v=${withVolumes ? 1 : 0}`;
  const { status } = await expect(step, { method: 'DELETE', path }, [204, ...gone]);
  if (status === 204) known.removal = 'promised';
}

/** `docker container prune`: takes whatever stands still at that moment. */
async function prune(step: Step): Promise<void> {
  const { field } = step;
  const mayGo = () => {
    field.volumes.left += field.containers.size;
    for (const known of field.containers.values()) if (known.removal === 'not-asked') known.removal = 'asked';
  };
  mayGo();
  const { status, text } = await expect(step, { method: 'POST', path: '/containers/prune' }, [200, 409]);
  mayGo();
  if (status !== 200) return;
  const { ContainersDeleted } = JSON.parse(text) as { ContainersDeleted: string[] | null };
  for (const id of ContainersDeleted ?? []) field.pruned.add(id);
  for (const known of field.containers.values()) if (known.id && field.pruned.has(known.id)) known.removal = 'promised';
}

async function pause(step: Step, known: KnownContainer): Promise<void> {
  known.mayHaveBeenPaused = true;
  await expect(step, { method: 'POST', path: `/containers/${known.id}/pause` }, [204, ...gone]);
}

const change =
  (path: (random: Random) => string, ...statuses: readonly number[]) =>
  async (step: Step, known: KnownContainer) =>
    void (await expect(step, { method: 'POST', path: `/containers/${known.id}/${path(step.random)}` }, [
      ...statuses,
      ...gone,
    ]));

/** A client that listens, and leaves when it has heard enough. */
const listen =
  (method: string, path: string) =>
  async (step: Step, known: KnownContainer): Promise<void> => {
    const leavesAfter = 20 + step.random.below(600);
    await expect(step, { method, path: `/containers/${known.id}/${path}`, leavesAfter }, [200, ...gone]);
  };

async function exec(step: Step, known: KnownContainer): Promise<void> {
  const body = { AttachStdout: true, Cmd: ['echo', known.key] };
  const made = await expect(step, { method: 'POST', path: `/containers/${known.id}/exec`, body }, [201, ...gone]);
  if (made.status !== 201) return;
  const { Id } = JSON.parse(made.text) as { Id: string };
  const path = `/exec/${Id}/start`;
  const done = await expect(step, { method: 'POST', path, body: {}, leavesAfter: 30_000 }, [200, ...gone]);
  if (done.status !== 200) return;
  const inspected = await expect(step, { path: `/exec/${Id}/json` }, [200, ...gone]);
  if (inspected.status !== 200) return;
  const { ExitCode } = JSON.parse(inspected.text) as { ExitCode: number | null };
  if (ExitCode === 0 && !done.text.includes(known.key)) throw new Error(`the exec's output is lost: ${done.text}`);
}

async function update(step: Step, known: KnownContainer): Promise<void> {
  const memory = 64 * 1024 * 1024 * (1 + step.random.below(4));
  const limits = { Memory: memory, MemorySwap: memory * 2 };
  const body = step.random.chance(0.5) ? limits : { RestartPolicy: { Name: step.random.pick(policies) } };
  await expect(step, { method: 'POST', path: `/containers/${known.id}/update`, body }, [200, ...gone]);
}

async function look(step: Step): Promise<void> {
  const answer = await expect(step, { path: '/containers/json?all=1' }, [200]);
  if (answer.status === 200 && answer.whole) JSON.parse(answer.text);
}

type Operation = (step: Step, known: KnownContainer) => Promise<void>;

/** Each with how often it comes, beside the creates. */
const operations: readonly (readonly [number, Operation])[] = [
  [14, start],
  [14, end],
  [9, remove],
  [4, change((random) => `rename?name=${random.pick(names)}`, 204, 400)],
  [5, pause],
  [6, change(() => 'unpause', 204)],
  [6, exec],
  [4, update],
  [4, listen('GET', 'logs?stdout=1&stderr=1&follow=1')],
  [4, listen('POST', 'attach?stream=1&stdout=1&stderr=1&logs=1')],
  [4, listen('POST', 'wait?condition=next-exit')],
  [3, listen('GET', 'stats?stream=1')],
  [3, listen('GET', 'json')],
  [2, look],
  [6, copyIn],
  [2, listen('GET', 'archive?path=/etc')],
  [2, listen('GET', 'changes')],
  [1, listen('GET', 'export')],
  [4, commit],
  [3, removeImage],
  [4, createVolume],
  [4, removeVolume],
  [2, pruneVolumes],
  [1, prune],
];
const draw = operations.flatMap(([weight, operation]) => Array<Operation>(weight).fill(operation));

/** One operation of one client. @throws Error for an answer that cannot be right, and for one that does not come. */
export async function operate(field: Field, random: Random, client: string): Promise<void> {
  const ask = async (asked: Call) => {
    const line = `${client} ${asked.method ?? 'GET'} ${asked.path.replace(/[0-9a-f]{64}/, (id) => keyOf(field, id))}`;
    field.note(`${line} …${asked.path.includes('create') ? ` ${JSON.stringify(asked.body)}` : ''}`);
    const answer = await call(field.socket, asked);
    field.note(`${line} -> ${answer.status}${answer.status >= 400 ? ` ${answer.text.trim().slice(0, 200)}` : ''}`);
    return answer;
  };
  const step = { field, random, ask };
  const there = [...field.containers.values()].filter(({ id, removal }) => id && removal !== 'promised');
  if (there.length < 3 || random.chance(0.15)) return create(step);
  await random.pick(draw)(step, random.pick(there));
}

const keyOf = (field: Field, id: string) =>
  [...field.containers.values()].find((known) => known.id === id)?.key ?? id.slice(0, 12);
