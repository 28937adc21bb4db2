import { EngineError } from '../../../base/errors.ts';
import type { ContainerRecord } from '../container-record.ts';
import type { ContainerHostConfig } from '../container-service.ts';
import { checkMount, checkTarget, cleanPath, defaultPropagation, foreignOptions } from './check-mount.ts';
import { isMountMode, isNoCopyMode, isReadOnlyMode, propagationOf } from './mount-modes.ts';
import type { MountPoint, PlannedMount } from './mount-point.ts';
import { parseBind } from './parse-bind.ts';

export interface PlanContext {
  /** @throws EngineError `not-found`. */
  containerOf(name: string): ContainerRecord;
  dataRoot: string;
}

const byDepth = (a: MountPoint, b: MountPoint) =>
  a.target.split('/').length - b.target.split('/').length || (a.target < b.target ? -1 : 1);

/**
 * All mounts that a container is to have, outer ones first: of `--volumes-from`, over them `-v` and `--mount`, and a volume
 * for each path of VOLUME that none of them, and no `--tmpfs`, has (moby, `registerMountPoints`).
 * @throws EngineError `invalid` in Docker's words.
 */
export function planMounts(
  volumes: readonly string[],
  hostConfig: ContainerHostConfig,
  context: PlanContext,
): PlannedMount[] {
  const tmpfs = new Set(Object.keys(hostConfig.tmpfs).map(cleanPath));
  for (const target of Object.keys(hostConfig.tmpfs)) checkTarget(target);
  const inherited = (hostConfig.volumesFrom ?? []).flatMap((from) => mountsFrom(from, context));
  const asked = askedMounts(hostConfig, { tmpfs, mustExist: true })
    .map((mount) => nearDataRoot(mount, context))
    .map((mount) => {
      const shallow = hostConfig.shallowReadOnly && mount.type === 'bind' && mount.readOnly;
      return shallow ? { ...mount, readOnlyBelow: 'never' as const } : mount;
    });
  const found = new Map([...inherited, ...asked].map((mount) => [mount.target, mount]));
  for (const volume of volumes) {
    const target = cleanPath(volume);
    if (!found.has(target) && !tmpfs.has(target)) found.set(target, declaredVolume(target, hostConfig.volumeDriver));
  }
  return [...found.values()].sort(byDepth);
}

/** The mounts of a container, outer ones first; those of Beluga 0.1 were resolved at every start. */
export function mountPointsOf({
  fixed: { mounts, hostConfig },
}: Pick<ContainerRecord, 'fixed'>): readonly MountPoint[] {
  if (mounts) return mounts;
  return askedMounts(hostConfig, { tmpfs: new Set(), mustExist: false }).sort(byDepth);
}

/** Of `-v` and `--mount`. */
function askedMounts(
  { binds, mounts, volumeDriver }: ContainerHostConfig,
  { tmpfs, mustExist }: { tmpfs: ReadonlySet<string>; mustExist: boolean },
): PlannedMount[] {
  const seen = new Set<string>();
  const once = (mount: PlannedMount) => {
    if (seen.has(mount.target)) throw duplicate(mount.target);
    seen.add(mount.target);
    return mount;
  };
  const fromBinds = binds.map((bind) => {
    const mount = once(parseBind(bind, volumeDriver));
    if (tmpfs.has(mount.target)) throw duplicate(mount.target);
    return mount;
  });
  for (const mount of mounts) {
    const foreign = foreignOptions(mount);
    if (foreign) throw new EngineError('invalid', `${foreign} must not be specified on mount type "${mount.type}"`);
  }
  return [...fromBinds, ...mounts.map((mount) => once(checkMount(mount, { mustExist })))];
}

const duplicate = (target: string) => new EngineError('invalid', `Duplicate mount point: ${target}`);

const declaredVolume = (target: string, driver: string | undefined): PlannedMount => ({
  ...{ type: 'volume', source: '', target, mode: '', readOnly: false, propagation: '', copy: true },
  ...{ driver: driver || 'local', volume: { name: '' }, anonymous: true, declared: true },
});

/** `CONTAINER[:MODE]`: its mounts, with its volumes (moby, `ParseVolumesFrom`). */
function mountsFrom(from: string, { containerOf }: PlanContext): PlannedMount[] {
  if (from === '') throw new EngineError('invalid', 'volumes-from specification cannot be an empty string');
  const cut = from.indexOf(':');
  const name = cut < 0 ? from : from.slice(0, cut);
  const mode = cut < 0 ? 'rw' : from.slice(cut + 1);
  if (!isMountMode(mode) || propagationOf(mode) || isNoCopyMode(mode))
    throw new EngineError('invalid', `invalid mode: ${mode}`);
  return mountPointsOf(other(containerOf, name)).map((mount) => ({
    ...mount,
    mode: '',
    readOnly: mount.readOnly || isReadOnlyMode(mode),
    copy: false,
    inherited: true,
    ...(mount.name !== undefined && { volume: { name: mount.name } }),
  }));
}

/** Not `not-found`, which clients take for the image's, and pull. */
function other(containerOf: PlanContext['containerOf'], name: string): ContainerRecord {
  try {
    return containerOf(name);
  } catch (cause) {
    throw new EngineError('invalid', cause instanceof Error ? cause.message : String(cause), {
      reason: 'container.not-found',
      params: { name },
      cause,
    });
  }
}

const isBelow = (target: string, above: string) => above === '/' || target === above || target.startsWith(`${above}/`);

/** Whether a bind shows the engine's data, or is part of it. */
export const showsDataRoot = (source: string, dataRoot: string) =>
  isBelow(source, dataRoot) || isBelow(dataRoot, source);

/** A container that sees the data root must see what is unmounted there go (moby, `validateBindDaemonRoot`). */
function nearDataRoot(mount: PlannedMount, { dataRoot }: PlanContext): PlannedMount {
  const { type, source, propagation } = mount;
  if (type !== 'bind' || !showsDataRoot(source, dataRoot)) return mount;
  if (propagation === defaultPropagation) return { ...mount, propagation: 'rslave' };
  if (propagation === 'rslave' || propagation === 'rshared') return mount;
  throw new EngineError(
    'invalid',
    `invalid mount config: must use either propagation mode "rslave" or "rshared" when mount source is within the daemon root, daemon root: "${dataRoot}", bind mount source: "${source}", propagation: "${propagation}"`,
  );
}
