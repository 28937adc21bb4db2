import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import packageFile from '../package.json' with { type: 'json' };
import { type BootMemo, memoFile, openBootMemo } from './base/boot-memo.ts';
import { EngineError } from './base/errors.ts';
import { instanceOf } from './base/instance.ts';
import type { Log } from './base/log.ts';
import { bootId } from './base/process-identity.ts';
import type { EngineOptions } from './cli/engine-options.ts';
import { openHostMounts } from './drivers/mounts/host-mounts.ts';
import { createMounter, type Mounter } from './drivers/mounts/mounter.ts';
import { createNetworkProvider } from './drivers/network/bridge-provider.ts';
import type { NetworkProvider } from './drivers/network/network-provider.ts';
import { lookAtPorts } from './drivers/network/port-holder.ts';
import { hasAppArmor } from './drivers/oci/app-armor.ts';
import { readCgroupSupport } from './drivers/oci/cgroup-support.ts';
import { cgroupVersion } from './drivers/oci/cgroups.ts';
import { openRuntimes, type Runtimes } from './drivers/oci/runtimes.ts';
import { readSpecHost } from './drivers/oci/spec-host.ts';
import { runsPrograms } from './drivers/probes/foreign-programs.ts';
import { probeHost } from './drivers/probes/host-probes.ts';
import type { EventBus } from './events/event-bus.ts';
import { createStoredEventBus } from './events/stored-event-bus.ts';
import { type LocalRegistryBook, openRegistryBook } from './registry/mirrors/local-registry-book.ts';
import { createRegistries, type Registries } from './registry/mirrors/registries.ts';
import { hostPlatform } from './registry/platform.ts';
import { createTransport, type Transport } from './registry/transport/transport.ts';
import { type BuildCache, openBuildCache } from './services/build/build-cache.ts';
import type { BuildService } from './services/build/build-service.ts';
import { openBuildService } from './services/build/local-build-service.ts';
import { requireRunner } from './services/build/run-exec.ts';
import type { BuildRunService } from './services/build-runs/build-run-service.ts';
import { openRecordedBuilds, type RecordedBuilds } from './services/build-runs/recorded-builds.ts';
import { openContainerCgroups } from './services/containers/container-cgroups.ts';
import type { ContainerFiles, ContainerPruner } from './services/containers/container-files-service.ts';
import type { ContainerService } from './services/containers/container-service.ts';
import { writeHostFiles } from './services/containers/host-files.ts';
import { createLocalContainers } from './services/containers/local-container-service.ts';
import { checkLogging, logDriverNames } from './services/containers/log-config.ts';
import { openRemapping } from './services/containers/remapping.ts';
import type { ExecService } from './services/exec/exec-service.ts';
import { openExecService } from './services/exec/local-exec-service.ts';
import type { ImageService } from './services/images/image-service.ts';
import { topChainId } from './services/images/layer-chain.ts';
import { createImageService } from './services/images/local-image-service.ts';
import { createTransferLimits, type TransferLimits } from './services/images/transfer-limits.ts';
import { openEndpointRows } from './services/networks/endpoint-rows.ts';
import { createPortService } from './services/networks/local-port-service.ts';
import type { NetworkService } from './services/networks/network-service.ts';
import type { PortService } from './services/networks/port-service.ts';
import { createNetworkService } from './services/networks/predefined-networks.ts';
import { createRegistryService } from './services/registries/local-registry-service.ts';
import type { RegistryService } from './services/registries/registry-service.ts';
import { createDiskMeter } from './services/system/disk-figures.ts';
import { createEngineMetrics } from './services/system/engine-metrics.ts';
import { hostFacts } from './services/system/host-facts.ts';
import { createSystemService, engineId } from './services/system/local-system-service.ts';
import type { EngineMetrics } from './services/system/metrics-service.ts';
import type { EngineFacts, ReloadedOptions, SystemService } from './services/system/system-service.ts';
import { createTransfers } from './services/transfers/local-transfers.ts';
import type { TransferService } from './services/transfers/transfer-service.ts';
import { openVolumes } from './services/volumes/local-volume-service.ts';
import type { VolumeService } from './services/volumes/volume-service.ts';
import { openLocalContentStore } from './storage/content/local-content-store.ts';
import { createRootFiles } from './storage/files/root-files.ts';
import { openLateSync } from './storage/late-sync.ts';
import { openRecords, type Records } from './storage/records/records.ts';
import { chooseSnapshotter } from './storage/snapshots/choose-snapshotter.ts';
import { createLayerIntakes } from './storage/snapshots/layer-intake.ts';
import { createLayerUnpacker } from './storage/snapshots/layer-unpacker.ts';
import { defaultLayerLimits } from './storage/snapshots/layer-writer.ts';

const recordsFile = 'beluga.db';

export interface Engine {
  containers: ContainerService;
  files: ContainerFiles;
  pruneContainers: ContainerPruner;
  images: ImageService;
  execs: ExecService;
  networks: NetworkService;
  ports: PortService;
  registries: RegistryService;
  system: SystemService;
  transfers: TransferService;
  volumes: VolumeService;
  builds: BuildService;
  buildRuns: BuildRunService;
  events: EventBus;
  metrics: EngineMetrics;
  /** Stops what runs, for an engine that leaves nothing behind; resolves after `shutdownTimeoutSeconds` at the latest. */
  stopContainers(shutdownTimeoutSeconds: number): Promise<void>;
  /** Ends waits and threads and closes the records; containers go on. */
  close(): Promise<void>;
}

/**
 * The composition root: the only place that constructs services, in the order of their dependencies. What an engine
 * before this one left behind is taken up or cleared when it resolves.
 */
export async function openEngine(options: EngineOptions, log: Log): Promise<Engine> {
  const { dataRoot, runRoot } = options;
  const instance = instanceOf(dataRoot);
  refuseForeignFiles(dataRoot);
  const memo = openBootMemo(path.join(runRoot, memoFile));

  const hostMounts = openHostMounts();
  const mounter = createMounter({ runRoot });
  const storage = await openStorage({ options, mounter, memo, log });
  const { records, content, snapshots, unpacker, intakes, remapping, problem } = storage;
  const { events, metrics } = openEvents(records);
  const { registries, ...asked } = await openRegistries(options, log);
  const transfers = createTransfers({ records, pull: (request) => images.pull(request) });
  const endpoints = openEndpointRows(records);
  const network = createNetworkProvider({ ...options, instance, endpoints, log });
  const oci = await openRuntimes({ ...options, memo, log }, options);
  const transferLimits = createTransferLimits(options);
  const cannotRun = oci.problem ?? problem ?? cgroupProblem();
  if (cannotRun) log.warn('containers cannot be started here', { reason: cannotRun.reason, why: cannotRun.message });

  const cgroups = openContainerCgroups(instance, oci.cgroups);
  const volumes = await openVolumes({ records, events, mounter, trees: unpacker, dataRoot, log });
  const containers = createLocalContainers({
    ...{ records, events, snapshots, network, cgroups, mounter, hostMounts, volumes: volumes.forContainers },
    ...{ images: () => images, files: storage.files },
    ...{ runtimes: oci.runtimes, checkRunners: oci.checkRunners, checked: metrics.checked },
    usableRuntimes: () => oci.programs().map(({ name }) => name),
    ...{ cannotRun, remapping, dataRoot, runRoot, instance },
    ...{ specHost: readSpecHost, cgroupSupport: readCgroupSupport, logDefaults: checkLogging(options.logDefaults) },
    log,
  });
  const cache = openBuildCache(records);
  const images = await createImageService({
    ...{ records, content, snapshots, unpacker, intakes, events, registries },
    ...{ roots: cache.roots, lateSync: storage.lateSync },
    users: containers.users,
    ...{ transfers: transfers.desk, transferLimits },
  });
  await containers.open();
  const host = { mounter, network, oci, cannotRun };
  const building = { options, instance, storage, events, cache, images, host, transport: asked.transport, log };
  const { builds, runs: buildRuns } = await openBuilds(building);
  transfers.service.goOn();
  return {
    ...{ containers: containers.service, files: containers.files, pruneContainers: containers.prune },
    images,
    execs: openExecService({ containers: containers.forExecs, runRoot, specHost: readSpecHost, log }),
    networks: createNetworkService({ network, records, events }),
    ports: createPortService({ endpoints, nameOf: containers.nameOf, look: lookAtPorts }),
    registries: createRegistryService({ ...asked, registries, namesHere: () => tagsOf(images) }),
    system: createSystemService({
      facts: await factsOf({ options, instance, id: engineId(records), storage, oci, cannotRun }),
      counts: async () => ({ ...containers.counts(), images: (await images.list()).length }),
      ...{ probe: () => probeHost({ directory: dataRoot }), disk: storage.disk },
      ...{ records, events, prepare: (next) => prepareReload({ oci, book: asked.book, transferLimits }, next) },
    }),
    ...{ transfers: transfers.service, volumes: volumes.service, builds, buildRuns },
    ...{ events, metrics, stopContainers: containers.stopAll },
    async close() {
      await containers.close();
      await transfers.close();
      oci.close();
      cgroups.removeEmptyParent();
      await network.close();
      await asked.close();
      await storage.close();
    },
  };
}

function openEvents(records: Records) {
  const metrics = createEngineMetrics();
  return { metrics, events: createStoredEventBus({ records, told: metrics.told }) };
}

interface StorageParts {
  options: EngineOptions;
  mounter: Mounter;
  memo: BootMemo;
  log: Log;
}

async function openStorage({ options, mounter, memo, log }: StorageParts) {
  const { dataRoot } = options;
  const limits = { ...defaultLayerLimits, ...options.layerLimits };
  const records = openRecords(path.join(dataRoot, recordsFile));
  const content = await openLocalContentStore({ root: path.join(dataRoot, 'content') });
  const unpacker = createLayerUnpacker({ limits });
  const intakes = createLayerIntakes({ limits });
  const root = path.join(dataRoot, 'snapshots');
  const { snapshotter, refused, problem } = await chooseSnapshotter({ root, records, unpacker, mounter, memo });
  for (const { name, detail } of refused) log.warn('a snapshotter does not work here', { name, detail });
  const { runRoot, usernsRemap: remap } = options;
  const remapping = await openRemapping({ remap, root, runRoot, snapshotter: snapshotter.name, mounter, log });
  const lateSync = openLateSync({
    ...{ records, boot: bootId(), sync: () => unpacker.sync(dataRoot) },
    // steps of builds: their layers, which nothing else needs, are taken away with them
    lost: () => records.database.exec('DELETE FROM build_steps'),
  });
  // not before the first answers
  const aside = setTimeout(records.setSpaceAside, 1000);
  const files = createRootFiles();
  const close = async () => {
    clearTimeout(aside);
    remapping?.close();
    await files.close();
    await intakes.close();
    await unpacker.close();
    records.close();
  };
  const containersDirectory = path.join(dataRoot, 'containers');
  const disk = createDiskMeter({ content, snapshots: snapshotter, containersDirectory });
  return {
    ...{ records, lateSync, content, unpacker, intakes, files, snapshots: snapshotter, remapping, problem, disk },
    close,
  };
}

interface RegistryParts {
  book: LocalRegistryBook;
  registries: Registries;
  transport: Transport;
  close(): Promise<void>;
}

async function openRegistries(
  { dataRoot, insecureRegistries, registryMirrors }: EngineOptions,
  log: Log,
): Promise<RegistryParts> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => /_proxy$/i.test(name)));
  const fixed = { mirrors: registryMirrors, insecure: insecureRegistries };
  const book = await openRegistryBook({ dataRoot, fixed, environment, log });
  const transport = createTransport({
    certificateFolders: ['/etc/docker/certs.d'],
    proxiesFor: book.proxiesFor,
    trustedFor: book.trustedFor,
    userAgent: `beluga/${packageFile.version}`,
  });
  return {
    book,
    registries: createRegistries({ book, transport }),
    transport,
    async close() {
      transport.close();
      await book.close();
    },
  };
}

const tagsOf = async (images: ImageService) => (await images.list()).flatMap(({ repoTags }) => repoTags);

/** What a data root may hold before its first start: our lock, and what mkfs puts into a filesystem of its own. */
const harmless = new Set(['engine.lock', 'lost+found']);

/** @throws EngineError `conflict` (`data-root.foreign`) for a directory that is somebody else's. */
function refuseForeignFiles(dataRoot: string): void {
  const names = readdirSync(dataRoot);
  const found = names.find((name) => !harmless.has(name));
  if (found === undefined || names.includes(recordsFile)) return;
  throw new EngineError(
    'conflict',
    `the data root ${dataRoot} holds files that are not Beluga's (${found}): choose another --data-root`,
    { reason: 'data-root.foreign', params: { dataRoot, file: found } },
  );
}

/** Most steps wait: for a disk, a network, a program of their own that has one processor. */
const defaultParallelism = () => Math.max(8, 2 * cpus().length);

interface BuildParts {
  options: EngineOptions;
  instance: string;
  storage: Awaited<ReturnType<typeof openStorage>>;
  events: EventBus;
  cache: BuildCache;
  images: Awaited<ReturnType<typeof createImageService>>;
  transport: Transport;
  log: Log;
  host: { mounter: Mounter; network: NetworkProvider; oci: Runtimes; cannotRun: EngineError | undefined };
}

async function openBuilds({
  options,
  instance,
  storage,
  events,
  cache,
  images,
  host,
  transport,
  log,
}: BuildParts): Promise<RecordedBuilds> {
  const { dataRoot, runRoot } = options;
  const { mounter, network, oci, cannotRun } = host;
  const { records, snapshots, unpacker, files, lateSync } = storage;
  const builds = await openBuildService({
    ...{
      records,
      events,
      cache,
      images,
      dataRoot,
      platform: hostPlatform(),
      parallel: options.buildParallelism ?? defaultParallelism(),
      grants: options.buildGrants,
    },
    ...{ cacheRules: () => options.builderGc, transport, log },
    sites: { runRoot, snapshots, unpacker, mounter, files, images: images.forBuilds, chainIdOf: topChainId, lateSync },
    exec: {
      runner: () => requireRunner(oci.stepRunner(), cannotRun ?? (storage.remapping && notRemapped())),
      ...{ network, specHost: readSpecHost, hostFiles: { write: writeHostFiles }, instance, runsPrograms },
    },
  });
  return openRecordedBuilds({ records, builds, dataRoot, log });
}

/** A step's process would be the host's root, which the user does not want. */
const notRemapped = () =>
  new EngineError('not-implemented', 'RUN in a build is not there yet for an engine with --userns-remap', {
    reason: 'request.not-implemented',
    params: { what: 'RUN with --userns-remap' },
  });

function cgroupProblem(): EngineError | undefined {
  try {
    cgroupVersion();
    return undefined;
  } catch (cause) {
    const message =
      'containers cannot run here: no cgroups at /sys/fs/cgroup (mount -t cgroup2 cgroup2 /sys/fs/cgroup)';
    return new EngineError('unavailable', message, { reason: 'host.no-cgroup', cause });
  }
}

interface FactsRequest {
  options: EngineOptions;
  instance: string;
  id: string;
  storage: Pick<Awaited<ReturnType<typeof openStorage>>, 'snapshots' | 'remapping'>;
  oci: Runtimes;
  cannotRun: EngineError | undefined;
}

/** What a reload changes; what it may refuse comes first. */
async function prepareReload(
  { oci, book, transferLimits }: { oci: Runtimes; book: LocalRegistryBook; transferLimits: TransferLimits },
  next: ReloadedOptions,
): Promise<() => Partial<EngineFacts>> {
  const useRuntimes = await oci.look(next);
  return () => {
    book.setFixed({ mirrors: next.registryMirrors, insecure: next.insecureRegistries });
    useRuntimes();
    transferLimits.set(next);
    return { ...runtimeFacts(oci), debug: next.debug, liveRestore: next.liveRestore, labels: next.labels };
  };
}

function runtimeFacts(oci: Runtimes): Pick<EngineFacts, 'defaultRuntime' | 'runtimes'> {
  const programs = oci.programs();
  const [preferred = { name: 'crun', version: '', file: '' }] = programs;
  return {
    defaultRuntime: { name: preferred.name, version: preferred.version, path: preferred.file },
    runtimes: Object.fromEntries(programs.map(({ name, version, file }) => [name, { version, path: file }])),
  };
}

async function factsOf({ options, instance, id, storage, oci, cannotRun }: FactsRequest): Promise<EngineFacts> {
  return {
    ...hostFacts(),
    version: packageFile.version,
    instance,
    id,
    dataRoot: options.dataRoot,
    runRoot: options.runRoot,
    snapshotter: storage.snapshots.name,
    ...runtimeFacts(oci),
    conmonVersion: oci.conmonVersion,
    cgroupVersion: cgroupProblem() ? 2 : cgroupVersion(),
    appArmor: hasAppArmor(),
    startedAt: new Date(),
    debug: options.debug,
    liveRestore: options.liveRestore,
    usersRemapped: storage.remapping !== undefined,
    labels: options.labels,
    logging: { driver: options.logDefaults.driver, drivers: logDriverNames },
    warnings: cannotRun ? [cannotRun.message] : [],
  };
}
