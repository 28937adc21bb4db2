import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { EngineError } from '../../base/errors.ts';
import { errnoCode } from '../../base/libc.ts';
import type { Log } from '../../base/log.ts';
import { once } from '../../base/once.ts';
import { bootId } from '../../base/process-identity.ts';
import type { Mounter } from '../../drivers/mounts/mounter.ts';
import { readMonitor } from '../../drivers/mounts/namespace-record.ts';
import type { NetworkEndpoint, NetworkProvider } from '../../drivers/network/network-provider.ts';
import { ensureProfile } from '../../drivers/oci/app-armor.ts';
import type { ProcessIdentity, Runtime } from '../../drivers/oci/runtime.ts';
import { defaultShmBytes } from '../../drivers/oci/spec-builder.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerHostConfig } from './container-service.ts';
import { specOf } from './container-spec.ts';
import type { ContainerStore } from './container-store.ts';
import { joinNamespaces } from './join-namespaces.ts';
import { linkEnvironment } from './link-environment.ts';
import { linkedContainers } from './links.ts';
import type { LogKeeper } from './log-keeper.ts';
import { prepareMountPoints } from './mount-points.ts';
import type { MountSources } from './mounts/mount-sources.ts';
import { createNetworkPlug } from './network-plug.ts';
import { type Remapping, rootOf } from './remapping.ts';
import { admitRoot, enterUserNamespace } from './user-namespace.ts';
import { allowRemount } from './volatile-layer.ts';

export interface BringUpDependencies {
  store: Pick<ContainerStore, 'all' | 'lookUp' | 'resolve' | 'tell'>;
  snapshots: Snapshotter;
  network: NetworkProvider;
  mounter: Mounter;
  remapping: Remapping | undefined;
  paths: ContainerPaths;
  mountSources: MountSources;
  runtimes: ReadonlyMap<string, Runtime>;
  runtimeOf(record: ContainerRecord): Runtime;
  nameOf(id: string): string | undefined;
  /** Why nothing can run here. */
  cannotRun: EngineError | undefined;
  instance: string;
  /** Read at the first start: where containers cannot run there may be nothing to read. */
  specHost(): SpecHost;
  logs: Pick<LogKeeper, 'prepare'>;
  log: Log;
}

export interface BroughtUp {
  process: ProcessIdentity;
  /** Of AppArmor, where the host has it. */
  appArmorProfile?: string | undefined;
  /** On the bridge only. */
  endpoint?: NetworkEndpoint;
}

/** Everything a container needs on the host while it lives: root filesystem, network namespace, bundle, process. */
export interface BringUp {
  /** Up to the point before its command runs. After a failure the caller takes down what is there. */
  bringUp(record: ContainerRecord): Promise<BroughtUp>;
  /** Whether it came to its network, and was told to, since it was last taken down. */
  isPluggedIn(id: string): boolean;
  /** Whether what is there of an auto-remove container, whose start was cut off, was mounted in this boot. */
  isOfThisBoot(id: string): boolean;
  /** Takes down whatever is there, also after half a start; a second call is not an error. */
  takeDown(id: string): Promise<void>;
}

export function createBringUp(dependencies: BringUpDependencies): BringUp {
  const { store, mountSources, mounter, paths, runtimes, runtimeOf, cannotRun, instance, specHost, log, logs } =
    dependencies;
  const plug = createNetworkPlug(dependencies);
  const readHost = once(specHost);
  return {
    async bringUp(record) {
      if (cannotRun) throw cannotRun;
      const { id, fixed } = record;
      const { config, hostConfig } = fixed;
      const joined = joinNamespaces(record, { resolve: store.resolve, paths });
      const linked = linkedContainers(record, store.lookUp);
      const runtime = runtimeOf(record);
      const rootfs = paths.rootfs(id);
      runtime.prepare();
      // Closed to others: conmon makes its files with our umask of 0.
      await mkdir(paths.allBundles, { recursive: true, mode: 0o711 });
      await mkdir(paths.bundle(id), { recursive: true, mode: 0o700 });
      await mkdir(rootfs, { recursive: true, mode: 0o755 });
      const users = await enterUserNamespace(record, { ...dependencies, resolve: store.resolve });
      if (users) await admitRoot(paths.bundle(id), users);
      await mountRoot(dependencies, record, users && dependencies.remapping?.snapshots);
      const owner = users && rootOf(users.map);
      const { namespacePath, endpoint, files } = await plug.plugIn(record, { joined, linked, users });
      const volumes = await prepareMountPoints(rootfs, fixed.mounts ? [] : config.volumes, owner);
      const mounted = await mountSources.bringUp(record, users !== undefined);
      if (hostConfig.ipcMode === 'shareable') await shareMemory(mounter, paths.sharedMemory(id), hostConfig, owner);
      const { namespaces, sharedMemory } = joined;
      const { spec, warnings } = specOf(record, {
        ...{ rootfs, volumes, mounted, files, namespacePath, instance },
        shared: { namespaces, ...(sharedMemory && { sharedMemory }), ...(users && { userNamespace: users }) },
        linkEnvironment: linked.flatMap((link) => linkEnvironment(record.name, link)),
        host: readHost(),
      });
      for (const warning of warnings) log.warn(warning, { id });
      const { apparmorProfile: appArmorProfile } = spec.process;
      await ensureProfile(appArmorProfile);
      await logs.prepare(record);
      const process = await runtime.create({
        id,
        name: record.name,
        directory: paths.bundle(id),
        spec,
        openStdin: config.openStdin,
        stdinOnce: config.stdinOnce,
        logPath: hostConfig.logDriver === 'none' ? undefined : paths.log(id),
      });
      return { process, appArmorProfile, ...(endpoint && { endpoint }) };
    },
    isPluggedIn: plug.isPluggedIn,
    isOfThisBoot(id) {
      try {
        return readFileSync(bootFile(paths, id), 'utf8') === bootId();
      } catch {
        return false;
      }
    },
    async takeDown(id) {
      if (existsSync(paths.bundle(id))) {
        const made = runtimes.get(readMonitor(paths.bundle(id))?.runtime ?? '');
        // Of a container whose making was interrupted nothing tells which one made it; the others find nothing.
        for (const runtime of made ? [made] : runtimes.values()) await runtime.delete(id);
      }
      await plug.unplug(id);
      await mounter.unmount(paths.sharedMemory(id));
      await mounter.unmount(paths.userNamespace(id));
      await mounter.unmount(paths.rootfs(id));
      await removeMountPoint(paths.rootfs(id));
      await mountSources.takeDown(id);
      await rm(paths.bundle(id), { recursive: true, force: true });
    },
  };
}

/** @param through where the layers are taken from, where their owners are mapped */
async function mountRoot(
  { snapshots, mounter, paths }: BringUpDependencies,
  record: ContainerRecord,
  through: string | undefined,
): Promise<void> {
  const { id, fixed } = record;
  const { autoRemove } = fixed.hostConfig;
  // What ends with the container need not survive a power cut; anything else must.
  const options = { volatile: autoRemove, ...(through !== undefined && { through }) };
  const mounts = await snapshots.mounts(containerSnapshot(id), options);
  await allowRemount(record, mounts);
  if (autoRemove) await writeFile(bootFile(paths, id), bootId());
  await mounter.mount(mounts, paths.rootfs(id));
}

/** A /dev/shm that others can join; lazily unmounted while one of them has it. */
async function shareMemory(
  mounter: Mounter,
  directory: string,
  { shmSizeBytes }: ContainerHostConfig,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const size = `size=${shmSizeBytes ?? defaultShmBytes}`;
  const options = ['nosuid', 'noexec', 'nodev', 'mode=1777', size, `uid=${owner.uid}`, `gid=${owner.gid}`];
  await mounter.mount([{ type: 'tmpfs', source: 'shm', options }], directory);
}

const bootFile = (paths: ContainerPaths, id: string) => path.join(paths.bundle(id), 'boot');

/** By rmdir(2), which refuses what is still mounted: never may a recursive removal go down into a root filesystem. */
async function removeMountPoint(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (errnoCode(error) !== 'ENOENT') throw error;
  }
}
