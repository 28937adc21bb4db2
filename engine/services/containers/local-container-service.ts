import { EngineError } from '../../base/errors.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import type { Log } from '../../base/log.ts';
import { once } from '../../base/once.ts';
import { missingProgram } from '../../base/program-file.ts';
import type { HostMounts } from '../../drivers/mounts/host-mounts.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import type { NetworkProvider } from '../../drivers/network/network-provider.ts';
import type { CgroupSupport } from '../../drivers/oci/cgroup-support.ts';
import type { CheckRunner } from '../../drivers/oci/exec-check.ts';
import type { Runtime } from '../../drivers/oci/runtime.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import type { EventBus } from '../../events/event-bus.ts';
import type { RootFiles } from '../../storage/files/root-files.ts';
import type { Records } from '../../storage/records/records.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ExecContainers } from '../exec/exec-service.ts';
import type { ImageService, ImageUsers } from '../images/image-service.ts';
import type { ContainerVolumes } from '../volumes/volume-service.ts';
import { createAttachQueue } from './attach-queue.ts';
import { createBringUp } from './bring-up.ts';
import { createCommitter } from './commit-container.ts';
import { type ContainerCgroups, withParents } from './container-cgroups.ts';
import type { ContainerFiles, ContainerPruner } from './container-files-service.ts';
import { createLogReader } from './container-log.ts';
import { type ContainerPaths, containerPaths } from './container-paths.ts';
import { createContainerQueries } from './container-queries.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerService } from './container-service.ts';
import { type ContainerStore, openContainerStore } from './container-store.ts';
import { createContainerStreams } from './container-streams.ts';
import { createContainerViews } from './container-view.ts';
import { createCreator } from './create-container.ts';
import { createExecContainers } from './exec-containers.ts';
import { createExitWaits } from './exit-waits.ts';
import { createExporter } from './export-container.ts';
import { followResolvConf } from './follow-resolv-conf.ts';
import { createHealthMonitors } from './health-monitors.ts';
import { createLifecycle } from './lifecycle.ts';
import { openLinkBook } from './links.ts';
import { createContainerFiles } from './local-container-files.ts';
import type { LogDefaults } from './log-config.ts';
import { createLogKeeper, keepingLogs } from './log-keeper.ts';
import { type ContainerMounts, createContainerMounts } from './mounts/container-mounts.ts';
import { createMountSources } from './mounts/mount-sources.ts';
import { createPruner } from './prune-containers.ts';
import { reconcile } from './reconcile.ts';
import type { Remapping } from './remapping.ts';
import { createRestarts } from './restart-policy.ts';
import { createRunningContainers } from './running-containers.ts';
import { hasProcess } from './state-machine.ts';
import { stopAll } from './stop-all.ts';
import type { SupervisorDependencies } from './supervisor.ts';

export interface ContainerServiceDependencies {
  records: Records;
  events: EventBus;
  snapshots: Snapshotter;
  network: NetworkProvider;
  cgroups: ContainerCgroups;
  mounter: Mounter;
  hostMounts: HostMounts;
  volumes: ContainerVolumes;
  /** Asked late: images and containers know each other. */
  images(): Pick<ImageService, 'inspect' | 'list' | 'commit'>;
  files: RootFiles;
  /** By name; empty where containers cannot run. */
  runtimes: ReadonlyMap<string, Runtime>;
  /** What runs health checks, by the name of the runtime. */
  checkRunners: ReadonlyMap<string, CheckRunner>;
  /** After each health check. */
  checked(well: boolean): void;
  /** Names of those that new ones may have, the default first. */
  usableRuntimes(): readonly string[];
  /** Why nothing can run here, thrown at every start. */
  cannotRun: EngineError | undefined;
  /** Undefined: containers have the host's users. */
  remapping: Remapping | undefined;
  dataRoot: string;
  runRoot: string;
  instance: string;
  specHost(): SpecHost;
  cgroupSupport(): CgroupSupport;
  /** Of containers that do not say how they log. */
  logDefaults: LogDefaults;
  log: Log;
}

export interface LocalContainers {
  service: ContainerService;
  files: ContainerFiles;
  prune: ContainerPruner;
  users: ImageUsers;
  forExecs: ExecContainers;
  /** Of a container by its id. */
  nameOf(id: string): string | undefined;
  counts(): { containers: number; running: number; paused: number; stopped: number };
  /** Takes up what an engine before this one left; before the first request. */
  open(): Promise<void>;
  /** Stops every one that runs, as a shutdown: their policies start them again with the next engine. */
  stopAll(shutdownTimeoutSeconds: number): Promise<void>;
  /** Stops watching and ends every wait; the containers go on. */
  close(): Promise<void>;
}

/** Containers on this machine, over the OCI runtime, snapshots and networks. */
export function createLocalContainers(dependencies: ContainerServiceDependencies): LocalContainers {
  const { snapshots, network, log, images } = dependencies;
  const health = monitorsOf(dependencies, () => store);
  const store: ContainerStore = openContainerStore({ ...dependencies, health });
  const paths = containerPaths(dependencies);
  const cgroups = withParents(dependencies.cgroups, (id) => store.find(id)?.fixed.hostConfig.cgroupParent);
  const links = openLinkBook(store.all, store.lookUp);
  const lock = createKeyedLock();
  const waits = createExitWaits();
  const exporter = createExporter({ ...dependencies, store, lock, paths });
  const views = createContainerViews({ ...dependencies, store, lock, paths });
  const attachments = createAttachQueue();
  const runtimeOf = (record: ContainerRecord) => chooseRuntime(dependencies, record);
  const nameOf = (id: string) => store.find(id)?.name;
  const { logs, mounts, site } = makeSite(dependencies, { store, paths, runtimeOf, nameOf });
  const restarts = createRestarts({ start: (id) => lifecycle.startAgain(id) });
  const lifecycle = createLifecycle({
    ...{ store, lock, waits, attachments, snapshots, site, paths, mounts, runtimeOf, restarts, cgroups, log },
    ...{ supervisor: () => supervisor, releaseFiles: views.release, logs },
  });
  const wait: SupervisorDependencies['wait'] = (id, signal) => runtimeOf(store.resolve(id)).wait(id, signal);
  const supervisor = keepingLogs(logs, store, { lock, log, wait, onExit: lifecycle.onExit });
  const creator = makeCreator(dependencies, { store, paths, mounts });
  let following: { close(): void } | undefined;
  return {
    service: {
      ...lifecycle,
      create: creator.create,
      ...createContainerQueries({ store, links, waits, paths, snapshots, images }),
      running: createRunningContainers({ store, lock, cgroups, support: once(dependencies.cgroupSupport) }),
      streams: createContainerStreams({
        store,
        attachments,
        runtimeOf,
        exporter,
        readLog: createLogReader({ paths, waits }),
      }),
    },
    files: {
      ...createContainerFiles({ ...dependencies, store, views }),
      ...createCommitter({ ...dependencies, store, lock, views }),
    },
    prune: createPruner({ ...dependencies, store, remove: lifecycle.remove }),
    users: creator,
    forExecs: createExecContainers({ store, runtimeOf }),
    nameOf,
    counts: () => count(store.all()),
    async open() {
      await exporter.clear();
      mounts.adopt();
      await reconcile({ store, lock, network, cgroups, site, lifecycle, supervisor, restarts, paths, runtimeOf, log });
      await dependencies.volumes.settle();
      for (const record of store.all()) {
        health.look(record);
        if (!hasProcess(record.state)) logs.keep(record);
      }
      following = followResolvConf({ store, paths, log });
    },
    stopAll: (seconds) => stopAll({ store, restarts, end: lifecycle.shutDown, log }, seconds),
    async close() {
      following?.close();
      health.close();
      restarts.close();
      supervisor.close();
      await logs.close();
      waits.close(new EngineError('unavailable', 'the engine is shutting down'));
    },
  };
}

/** Where containers are brought up: with their mounts and logs. */
function makeSite(
  dependencies: ContainerServiceDependencies,
  known: Pick<Parameters<typeof createBringUp>[0], 'paths' | 'runtimeOf' | 'nameOf'> & { store: ContainerStore },
) {
  const logs = createLogKeeper({ paths: known.paths, log: dependencies.log });
  const mounts = createContainerMounts({ ...dependencies, ...known });
  const mountSources = createMountSources({ ...dependencies, paths: known.paths });
  return { logs, mounts, site: createBringUp({ ...dependencies, ...known, mountSources, logs }) };
}

/** Undefined where no container can run: then nothing can be said about limits. */
function lookAtHost({ cannotRun, cgroupSupport, specHost }: ContainerServiceDependencies) {
  return cannotRun ? undefined : { support: cgroupSupport(), spec: specHost() };
}

function makeCreator(
  dependencies: ContainerServiceDependencies,
  known: { store: ContainerStore; paths: ContainerPaths; mounts: ContainerMounts },
) {
  const { snapshots, images, usableRuntimes, network, logDefaults, log } = dependencies;
  return createCreator({
    ...known,
    ...{ snapshots, runtimes: usableRuntimes, logDefaults, log },
    images: { inspect: (name, options) => images().inspect(name, options) },
    bridgeProblem: network.bridgeProblem,
    adapt: {
      ...{ targets: { find: known.store.lookUp }, host: once(() => lookAtHost(dependencies)) },
      remapping: dependencies.remapping,
    },
  });
}

function chooseRuntime(
  { runtimes, cannotRun }: Pick<ContainerServiceDependencies, 'runtimes' | 'cannotRun'>,
  { fixed: { runtime: name } }: ContainerRecord,
): Runtime {
  const runtime = runtimes.get(name);
  if (runtime) return runtime;
  throw cannotRun ?? missingProgram(name);
}

const monitorsOf = (dependencies: ContainerServiceDependencies, store: () => ContainerStore) =>
  createHealthMonitors({ ...dependencies, store, runnerOf: (record) => runnerOf(dependencies, record) });

function runnerOf(
  { checkRunners }: Pick<ContainerServiceDependencies, 'checkRunners'>,
  { fixed: { runtime: name } }: ContainerRecord,
): CheckRunner {
  const runner = checkRunners.get(name);
  if (runner) return runner;
  throw missingProgram(name);
}

function count(records: readonly ContainerRecord[]) {
  const running = records.filter(({ state }) => state === 'running' || state === 'restarting').length;
  const paused = records.filter(({ state }) => state === 'paused').length;
  return { containers: records.length, running, paused, stopped: records.length - running - paused };
}
