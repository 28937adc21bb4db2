import { type Channel, createChannel } from '../base/channel.ts';
import { EngineError } from '../base/errors.ts';
import type { EngineEvent, EventBus } from '../events/event-bus.ts';
import type { ContainerFiles } from '../services/containers/container-files-service.ts';
import type {
  AttachOptions,
  ContainerDetails,
  ContainerExit,
  ContainerService,
  ContainerStats,
  CreateContainer,
  ListContainers,
  LogOptions,
  LogRecord,
} from '../services/containers/container-service.ts';
import type { CreateExec, ExecDetails, ExecService } from '../services/exec/exec-service.ts';
import type {
  ImageDetails,
  ImageService,
  LoadMessage,
  PullMessage,
  PushMessage,
} from '../services/images/image-service.ts';
import type { NetworkService } from '../services/networks/network-service.ts';
import type { PortService } from '../services/networks/port-service.ts';
import { createEngineMetrics } from '../services/system/engine-metrics.ts';
import type { SystemService } from '../services/system/system-service.ts';
import { doorFacts } from './door-facts.ts';
import { registriesOf, unusedBuildRuns, unusedBuilds, unusedTransfers, unusedVolumes } from './door-registries.ts';

type ProcessStream = Awaited<ReturnType<ContainerService['streams']['attach']>>['stream'];

const notUsed = (what: string) => (): never => {
  throw new EngineError('internal', `${what}: no test asked for this`);
};

/** A container in the shape services give it. */
export function containerDetails(changes: Partial<ContainerDetails> = {}): ContainerDetails {
  return {
    id: 'c'.repeat(64),
    name: 'web',
    createdAt: new Date('2026-01-02T03:04:05.600Z'),
    state: 'created',
    pid: 0,
    exitCode: 0,
    error: '',
    oomKilled: false,
    imageId: `sha256:${'1'.repeat(64)}`,
    path: 'sh',
    args: ['-c', 'echo hello world'],
    config: {
      image: 'busybox',
      environment: ['PATH=/bin'],
      labels: { a: 'b' },
      terminal: false,
      openStdin: false,
      stdinOnce: false,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      exposedPorts: [],
      volumes: [],
    },
    hostConfig: {
      networkMode: 'default',
      portBindings: [],
      publishAllPorts: false,
      autoRemove: false,
      privileged: false,
      readonlyRootfs: false,
      binds: [],
      tmpfs: {},
      mounts: [],
      capabilitiesAdd: [],
      capabilitiesDrop: [],
      securityOptions: [],
      extraHosts: [],
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      groupsAdd: [],
      sysctls: {},
      ulimits: [],
      restartPolicy: { name: 'no', maximumRetryCount: 0 },
      logDriver: 'json-file',
      logOptions: {},
      resources: {},
    },
    runtime: 'crun',
    snapshotter: 'overlay',
    platform: 'linux',
    paths: { log: '/l', hosts: '/h', hostname: '/n', resolvConf: '/r', rootfs: '/m' },
    mounts: [],
    restartCount: 0,
    ...changes,
  };
}

/** An image in the shape services give it. */
export function imageDetails(changes: Partial<ImageDetails> = {}): ImageDetails {
  return {
    id: `sha256:${'1'.repeat(64)}`,
    repoTags: ['busybox:latest'],
    unverifiedTags: [],
    repoDigests: [],
    comment: '',
    author: '',
    created: '2026-01-01T00:00:00Z',
    architecture: 'amd64',
    os: 'linux',
    size: 1000,
    config: { environment: ['PATH=/bin'], command: ['sh'], labels: {}, exposedPorts: [], volumes: [] },
    diffIds: [`sha256:${'2'.repeat(64)}`],
    history: [{ created: '2026-01-01T00:00:00Z', createdBy: 'ADD rootfs', size: 1000 }],
    ...changes,
  };
}

/** One end of an attach: the door holds `stream`, the test sees and drives the rest. */
export interface AttachedProcess {
  stream: ProcessStream;
  output: Channel<{ stream: 'stdout' | 'stderr'; data: Uint8Array }>;
  /** What the client sent, then `undefined` for its half-close. */
  input: Channel<Buffer | undefined>;
  closed: Promise<void>;
}

export function attachedProcess(options: { onWrite?: () => Promise<void> } = {}): AttachedProcess {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const output: AttachedProcess['output'] = createChannel({ onClose: resolve });
  const input: AttachedProcess['input'] = createChannel();
  return {
    output,
    input,
    closed,
    stream: {
      output,
      async write(data) {
        await options.onWrite?.();
        input.push(Buffer.from(data));
      },
      async closeInput() {
        input.push(undefined);
      },
      async close() {
        await output.return();
      },
    },
  };
}

export interface DoorWorld {
  containers: ContainerDetails[];
  images: ImageDetails[];
  created: CreateContainer[];
  listed: ListContainers[];
  logOptions: LogOptions[];
  attachOptions: AttachOptions[];
  execs: ExecDetails[];
  createdExecs: CreateExec[];
  /** Name of the call and its arguments. */
  calls: unknown[][];
  attached: AttachedProcess;
  logs: Channel<LogRecord>;
  wait: Channel<ContainerExit>;
  stats: Channel<ContainerStats>;
  events: Channel<EngineEvent>;
  load: (tar: AsyncIterable<Buffer>) => Channel<LoadMessage>;
  import: ImageService['import'];
  fail: Error | undefined;
}

const recorder =
  (world: DoorWorld) =>
  (name: string) =>
  async (...args: unknown[]) => {
    world.calls.push([name, ...args]);
    if (world.fail) throw world.fail;
  };

function containersOf(world: DoorWorld): ContainerService {
  const called = recorder(world);
  const container = (name: string) => {
    const found = world.containers.find((one) => one.id === name || one.name === name.replace(/^\//, ''));
    const options = { reason: 'container.not-found', params: { container: name } } as const;
    if (!found) throw new EngineError('not-found', `No such container: ${name}`, options);
    return found;
  };
  return {
    list: async (request = {}) => {
      world.listed.push(request);
      return world.containers;
    },
    inspect: async (name) => container(name),
    create: async (request) => {
      if (world.fail) throw world.fail;
      world.created.push(request);
      return { id: 'c'.repeat(64), warnings: [] };
    },
    start: called('start'),
    stop: called('stop'),
    restart: called('restart'),
    kill: called('kill'),
    rename: called('rename'),
    remove: called('remove'),
    wait: async (name, until) => {
      world.calls.push(['wait', name, until]);
      return world.wait;
    },
    streams: {
      export: notUsed('export'),
      logs: async (_name, options) => {
        world.logOptions.push(options);
        return world.logs;
      },
      attach: async (name, options) => {
        world.attachOptions.push(options);
        return {
          terminal: container(name).config.terminal,
          inputOnce: !container(name).config.terminal,
          stream: world.attached.stream,
          detached: () => void world.calls.push(['detached', name]),
        };
      },
      resize: called('resize'),
    },
    running: {
      pause: called('pause'),
      unpause: called('unpause'),
      top: async (name, psArguments) => {
        await called('top')(name, psArguments);
        return { titles: ['PID', 'CMD'], processes: [['7', 'sleep 1000']] };
      },
      stats: async (name, mode) => {
        world.calls.push(['stats', container(name).name, mode]);
        return world.stats;
      },
      update: async (name, update) => {
        await called('update')(name, update);
        return { warnings: [] };
      },
    },
  };
}

function execsOf(world: DoorWorld): ExecService {
  const get = (id: string) => {
    const found = world.execs.find((exec) => exec.id === id);
    if (!found) throw new EngineError('not-found', `No such exec instance: ${id}`, { reason: 'exec.not-found' });
    return found;
  };
  return {
    create: async (_container, request) => {
      if (world.fail) throw world.fail;
      world.createdExecs.push(request);
      return { id: 'e'.repeat(64) };
    },
    start: async (id, options) => {
      const { terminal, attachStdin: stdin, detachKeys, hangUp = false } = get(id);
      world.calls.push(['start exec', id, options]);
      const failure = world.fail && new EngineError('invalid', world.fail.message);
      const detached = () => void world.calls.push(['detached', id]);
      return { terminal, stdin, hangUp, detachKeys, stream: world.attached.stream, failure, detached };
    },
    inspect: get,
    resize: (id, size) => void world.calls.push(['resize exec', get(id).id, size]),
    idsOf: (container) => world.execs.filter(({ containerId }) => containerId === container).map(({ id }) => id),
  };
}

const unusedFiles: ContainerFiles = {
  stat: notUsed('stat of a file'),
  read: notUsed('reading files'),
  write: notUsed('writing files'),
  changes: notUsed('changes'),
  commit: notUsed('commit'),
};

function imagesOf(world: DoorWorld): ImageService {
  const image = (name: string) => {
    const found = world.images.find((one) => one.id === name || one.repoTags.includes(name));
    const options = { reason: 'image.not-found', params: { image: name } } as const;
    if (!found) throw new EngineError('not-found', `No such image: ${name}`, options);
    return found;
  };
  return {
    list: async () => world.images,
    inspect: async (name) => image(name),
    load: (tar) => world.load(tar),
    commit: notUsed('commit'),
    async *save(request) {
      world.calls.push(['save', request]);
      yield Buffer.from(request.names.map((name) => image(name).id).join());
    },
    space: {
      layers: async () => ({ bytes: 0, shared: new Map() }),
      async planPrune(which) {
        world.calls.push(['plan prune', which]);
        return { images: world.images, freed: 4096 };
      },
      async prune(which) {
        world.calls.push(['prune', which]);
        return { removed: world.images.map(({ id }) => ({ deleted: id })), reclaimed: 1000 };
      },
    },
    pull(request) {
      world.calls.push(['pull', request]);
      const messages = createChannel<PullMessage>();
      messages.push({ status: 'Pulling from library/busybox', id: '1' });
      const layer = `sha256:abc${'0'.repeat(61)}` as const;
      messages.push({ layer, progress: { state: 'downloading', current: 5, total: 10, kept: 0, servedBy: [] } });
      messages.push({ layer, progress: { state: 'done' } });
      messages.end();
      return messages;
    },
    push(name, login) {
      world.calls.push(['push', name, login]);
      const messages = createChannel<PushMessage>();
      messages.push({ status: 'The push refers to repository [docker.io/library/busybox]' });
      messages.push({ layer: 'abc', progress: { state: 'mounted', from: 'library/other' } });
      messages.push({ layer: 'def', progress: { state: 'pushing', current: 5, total: 10 } });
      messages.push({ pushed: { tag: '1', digest: `sha256:${'a'.repeat(64)}`, size: 3 } });
      messages.end();
      return messages;
    },
    lookUp: async (name, login) => {
      world.calls.push(['look up', name, login]);
      const platforms = [{ os: 'linux', architecture: 'amd64' }];
      return { digest: `sha256:${'a'.repeat(64)}`, mediaType: 'application/x', size: 3, platforms };
    },
    import: (request) => world.import(request),
    tag: recorder(world)('tag'),
    remove: async (name, options) => {
      world.calls.push(['remove image', name, options]);
      return [{ untagged: name }, { deleted: image(name).id }];
    },
  };
}

/**
 * Services of which only the door's side is under test: they record what they are asked and answer from `world`. The
 * real ones run in the whole-program tests.
 */
export function doorServices(changes: Partial<DoorWorld> = {}) {
  const world: DoorWorld = {
    containers: [],
    images: [],
    created: [],
    listed: [],
    logOptions: [],
    attachOptions: [],
    execs: [],
    createdExecs: [],
    calls: [],
    attached: attachedProcess(),
    logs: createChannel(),
    wait: createChannel(),
    stats: createChannel(),
    events: createChannel(),
    load: notUsed('load'),
    import: notUsed('import'),
    fail: undefined,
    ...changes,
  };
  const system: SystemService = {
    facts: () => doorFacts,
    counts: async () => ({ containers: 3, running: 1, paused: 0, stopped: 2, images: 4 }),
    doctor: async () => [{ name: 'overlay', ok: true, detail: 'overlay works', help: '' }],
    disk: async () => ({ layers: 1, blobs: 2, partial: 3, containers: 4, logs: 5 }),
    reload: notUsed('reload'),
  };
  const events: EventBus = { record: notUsed('record'), watch: () => world.events, watchers: () => 0 };
  const ports: PortService = {
    ask: (asked) => asked.map((one) => ({ ...one, state: 'free', nextFree: one.port + 1 })),
  };
  const networks: NetworkService = {
    bridge: () => ({ name: 'beluga0', subnet: '172.30.0.0/16', gateway: '172.30.0.1', mtu: 1400 }),
    prune: notUsed('prune of networks'),
  };
  return {
    world,
    networks,
    containers: containersOf(world),
    files: unusedFiles,
    pruneContainers: notUsed('prune of containers'),
    images: imagesOf(world),
    execs: execsOf(world),
    system,
    ports,
    registries: registriesOf(world),
    transfers: unusedTransfers,
    volumes: unusedVolumes,
    builds: unusedBuilds,
    buildRuns: unusedBuildRuns,
    events,
    metrics: createEngineMetrics(),
    reload: async () => ({ changed: ['debug'], needRestart: [] }),
  };
}
