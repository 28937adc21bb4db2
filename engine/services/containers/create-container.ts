import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import os from 'node:os';
import { architecture } from '../../base/architecture.ts';
import type { Digest } from '../../base/digest.ts';
import type { Log } from '../../base/log.ts';
import { containerSnapshot } from '../../storage/collect/collector.ts';
import type { Snapshotter } from '../../storage/snapshots/snapshotter.ts';
import type { ImageDetails, ImageService, ImageUsers } from '../images/image-service.ts';
import { type AdaptDependencies, adaptOptions } from './adapt-options.ts';
import { checkName, generateName, nameTaken } from './container-names.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerConfig, ContainerWarning, CreateContainer } from './container-service.ts';
import type { ContainerStore } from './container-store.ts';
import { checkOptions, networkOf } from './host-options.ts';
import { type LogDefaults, resolveLogging } from './log-config.ts';
import { mergeConfig, noCommand } from './merge-config.ts';
import type { ContainerMounts } from './mounts/container-mounts.ts';
import type { PlannedMount } from './mounts/mount-point.ts';
import { mountPointsOf } from './mounts/plan-mounts.ts';
import { joinedContainer } from './namespace-modes.ts';
import { checkAppArmor, securityOf } from './security-options.ts';
import { isLive } from './state-machine.ts';

export interface CreateDependencies {
  store: ContainerStore;
  snapshots: Snapshotter;
  images: Pick<ImageService, 'inspect'>;
  paths: ContainerPaths;
  mounts: ContainerMounts;
  /** Names of those that there are, the default first. */
  runtimes(): readonly string[];
  bridgeProblem(): string | undefined;
  adapt: AdaptDependencies;
  logDefaults: LogDefaults;
  log: Log;
}

export interface Creator extends ImageUsers {
  create(request: CreateContainer): Promise<{ id: string; warnings: readonly ContainerWarning[] }>;
}

/** Makes containers up to their record: name, root filesystem, configuration; nothing runs yet. */
export function createCreator(dependencies: CreateDependencies): Creator {
  const { store, images } = dependencies;
  const pending = new Map<string, { name: string; imageId: Digest }>();
  const ownerOf = (name: string) =>
    store.byName(name)?.id ?? [...pending].find(([, creation]) => creation.name === name)?.[0];

  return {
    async create(asking) {
      const { warnings: adapted, ...adaptedOptions } = adaptOptions(asking, dependencies.adapt);
      const request = { ...asking, ...adaptedOptions };
      const runtimes = dependencies.runtimes();
      const warnings = [...checkOptions(request, { ...dependencies, runtimes }), ...adapted];
      const logging = resolveLogging(request.hostConfig, dependencies.logDefaults);
      checkAppArmor(securityOf(request.hostConfig.securityOptions), dependencies.adapt.host()?.spec.appArmor ?? false);
      const asked = request.name ? checkName(request.name) : undefined;
      const { platform } = request;
      if (request.config.image === '' && !request.config.command && !request.config.entrypoint) throw noCommand();
      const image = await images.inspect(request.config.image, platform ? { platform } : {});
      if (!platform) warnings.push(...platformWarnings(image));
      const { config, path, args } = mergeConfig(request.config, image.config);
      const planned = dependencies.mounts.plan(config, request.hostConfig);
      const name = asked ?? generateName((candidate) => ownerOf(candidate) !== undefined);
      const owner = ownerOf(name);
      if (owner !== undefined) throw nameTaken(name, owner);
      const id = newId();
      pending.set(id, { name, imageId: image.id });
      try {
        const below = { parent: image.topSnapshot, planned };
        await makeContainer(dependencies, below, {
          id,
          name,
          state: 'created',
          createdNano: nextCreation(store),
          fixed: {
            imageId: image.id,
            path,
            args,
            config: { ...config, ...hostnameOf(request, id, dependencies.adapt) },
            hostConfig: { ...request.hostConfig, ...logging },
            runtime: request.hostConfig.runtime || (runtimes[0] ?? 'crun'),
            snapshotter: dependencies.snapshots.name,
            platform: image.os,
            imagePlatform: platformOf(image),
          },
          status: { pid: 0, exitCode: 0, error: '', oomKilled: false },
        });
      } catch (error) {
        // an image that was removed by force meanwhile has taken its layers along: that is what has to be told
        await images.inspect(request.config.image);
        throw error;
      } finally {
        pending.delete(id);
      }
      return { id, warnings };
    },
    usersOf(imageId) {
      const users = store.all().filter((record) => {
        return record.fixed.imageId === imageId || mountPointsOf(record).some(({ image }) => image?.id === imageId);
      });
      const coming = [...pending].filter(([, creation]) => creation.imageId === imageId);
      return [
        ...users.map(({ id, state }) => ({ id, running: isLive(state) })),
        ...coming.map(([id]) => ({ id, running: false })),
      ];
    },
  };
}

const platformOf = ({ os, architecture, variant }: ImageDetails) =>
  [os, architecture, variant].filter(Boolean).join('/');

/** dockerd's, for an image that this machine may not be able to run. */
function platformWarnings(image: ImageDetails): ContainerWarning[] {
  if (image.os === 'linux' && image.architecture === architecture) return [];
  const params = { image: platformOf(image), host: `linux/${architecture}` };
  return [
    {
      message: `The requested image's platform (${params.image}) does not match the detected host platform (${params.host}) and no specific platform was requested`,
      reason: 'image.other-platform',
      params,
    },
  ];
}

/** 64 hex digits; the short form is never all digits, for it becomes a host name. */
function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    if (/[a-f]/.test(id.slice(0, 12))) return id;
  }
}

/** Who shares a network has the name that goes with it. */
function hostnameOf(
  { config, hostConfig }: CreateContainer,
  id: string,
  { targets }: AdaptDependencies,
): Pick<ContainerConfig, 'hostname' | 'domainname'> {
  if (config.hostname) return { hostname: config.hostname };
  const donor = joinedContainer(hostConfig.networkMode);
  const { hostname, domainname } = (donor === undefined ? undefined : targets.find(donor))?.fixed.config ?? {};
  if (hostname !== undefined) return { hostname, ...(domainname !== undefined && { domainname }) };
  const ofHost = networkOf(hostConfig.networkMode) === 'host' || hostConfig.utsMode === 'host';
  return { hostname: ofHost ? os.hostname() : id.slice(0, 12) };
}

/** Now, but later than every container before: the order of creation is the order of these times. */
function nextCreation(store: ContainerStore): bigint {
  const now = BigInt(Date.now()) * 1_000_000n;
  const last = store.all().at(-1)?.createdNano ?? 0n;
  return now > last ? now : last + 1n;
}

async function makeContainer(
  { store, snapshots, paths, mounts, log }: CreateDependencies,
  { parent, planned }: { parent: string | undefined; planned: readonly PlannedMount[] },
  record: ContainerRecord,
): Promise<void> {
  const { id } = record;
  const directory = paths.directory(id);
  try {
    await snapshots.prepare(containerSnapshot(id), parent);
    await mkdir(directory, { recursive: true, mode: 0o710 });
    const made = await mounts.make(id, planned);
    store.add({ ...record, fixed: { ...record.fixed, mounts: made } }, { action: 'create' });
  } catch (error) {
    const undone = await Promise.allSettled([
      mounts.giveUp(id, planned),
      snapshots.remove(containerSnapshot(id)),
      rm(directory, { recursive: true, force: true }),
    ]);
    for (const step of undone) {
      if (step.status === 'rejected') log.debug('nothing to undo of a failed create', { id, error: step.reason });
    }
    throw error;
  }
  mounts.keep(id);
}
