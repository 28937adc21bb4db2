import { existsSync } from 'node:fs';
import path from 'node:path';
import { EngineError } from '../../../base/errors.ts';
import { isPropagation } from './mount-modes.ts';
import type { BindWishes, PlannedMount, RequestedMount, TmpfsWishes } from './mount-point.ts';

export const defaultPropagation = 'rprivate';

const invalid = (message: string) => new EngineError('invalid', message);

export function checkAbsolute(name: string): void {
  if (!name.startsWith('/')) throw invalid(`invalid mount path: '${name}' mount path must be absolute`);
}

/** @throws EngineError `invalid` in Docker's words. */
export function checkTarget(target: string): void {
  if (target.includes('\0')) throw invalid('invalid mount path: it has a null byte');
  if (path.posix.normalize(target) === '/') throw invalid("invalid specification: destination can't be '/'");
  checkAbsolute(target);
}

/** Without a slash at the end, doubled ones, and `..`. */
export const cleanPath = (name: string) => path.posix.resolve('/', name);

const fields = { bind: 'BindOptions', volume: 'VolumeOptions', tmpfs: 'TmpfsOptions', image: 'ImageOptions' } as const;
type Kind = keyof typeof fields;
const isKind = (type: string): type is Kind => Object.hasOwn(fields, type);

/** Docker's field of options of another kind of mount than its own. */
export function foreignOptions(mount: RequestedMount): string | undefined {
  const foreign = (Object.keys(fields) as Kind[]).find((kind) => kind !== mount.type && mount[kind] !== undefined);
  return foreign && fields[foreign];
}

function belowOf({ readOnlyNonRecursive, readOnlyForceRecursive }: BindWishes): Pick<PlannedMount, 'readOnlyBelow'> {
  if (readOnlyNonRecursive) return { readOnlyBelow: readOnlyForceRecursive ? 'conflict' : 'never' };
  return readOnlyForceRecursive ? { readOnlyBelow: 'must' } : {};
}

function checkBind(mount: RequestedMount): PlannedMount {
  const { source = '', bind = {} } = mount;
  if (source === '') throw invalid('field Source must not be empty');
  if (source.includes('\0')) throw invalid('invalid mount path: it has a null byte');
  const propagation = bind.propagation || mount.options || defaultPropagation;
  if (!isPropagation(propagation)) throw invalid(`invalid propagation mode: ${propagation}`);
  checkAbsolute(source);
  return {
    ...common(mount),
    type: 'bind',
    source: cleanPath(source),
    propagation,
    ...(bind.createMountpoint && { makeSource: true }),
    ...(bind.nonRecursive && { nonRecursive: true }),
    ...belowOf(bind),
  };
}

/** As Go's filepath.IsLocal: relative, and not out of the directory by its words alone. */
function isLocalPath(name: string): boolean {
  return name !== '' && !name.startsWith('/') && !path.posix.normalize(name).split('/').includes('..');
}

function checkVolume(mount: RequestedMount): PlannedMount {
  const { source: name = '', volume = {}, readOnly } = mount;
  const { subpath, labels, driver = {} } = volume;
  if (subpath) {
    if (name === '') throw invalid('must not set Subpath when using anonymous volumes');
    if (!isLocalPath(subpath)) throw invalid('subpath must be a relative path within the volume');
  }
  if (readOnly && name === '') throw invalid('must not set ReadOnly mode when using anonymous volumes');
  return {
    ...common(mount),
    type: 'volume',
    driver: driver.name || 'local',
    volume: { name, ...(labels && { labels }), ...(driver.options && { options: driver.options }) },
    copy: !volume.noCopy,
    ...(name === '' && { anonymous: true }),
    ...(subpath && { subpath: path.posix.normalize(subpath) }),
  };
}

function tmpfsWords({ sizeBytes, mode, options = [] }: TmpfsWishes): string[] {
  const units = [
    [2 ** 30, 'g'],
    [2 ** 20, 'm'],
    [2 ** 10, 'k'],
  ] as const;
  const size = sizeBytes ?? 0;
  const unit = units.find(([bytes]) => size % bytes === 0);
  return [
    ...(mode ? [`mode=${mode.toString(8)}`] : []),
    ...(size !== 0 ? [`size=${unit ? `${size / unit[0]}${unit[1]}` : size}`] : []),
    ...options.map((pair) => pair.join('=')),
  ];
}

function checkTmpfs(mount: RequestedMount): PlannedMount {
  if (mount.source) throw invalid('field Source must not be specified');
  const options = [...(mount.options ?? '').split(',').filter(Boolean), ...tmpfsWords(mount.tmpfs ?? {})];
  return { ...common(mount), type: 'tmpfs', options };
}

function checkImage(mount: RequestedMount): PlannedMount {
  const { source = '', image = {} } = mount;
  if (source === '') throw invalid('field Source must not be empty');
  if (image.subpath && !isLocalPath(image.subpath)) {
    throw invalid('subpath must be a relative path within the image');
  }
  const subpath = image.subpath && path.posix.normalize(image.subpath);
  return { ...common(mount), type: 'image', source, readOnly: true, ...(subpath && { subpath }) };
}

const common = ({ target, readOnly }: RequestedMount) => ({
  source: '',
  target: cleanPath(target),
  mode: '',
  readOnly,
  propagation: '',
  copy: false,
});

const checks = { bind: checkBind, volume: checkVolume, tmpfs: checkTmpfs, image: checkImage } satisfies Record<
  Kind,
  (mount: RequestedMount) => PlannedMount
>;

/**
 * A mount of `--mount`, or of `-v` once that is taken apart.
 * @throws EngineError `invalid` in Docker's words for what the mount's kind cannot have, or a bind whose source is missing.
 */
export function checkMount(mount: RequestedMount, { mustExist }: { mustExist: boolean }): PlannedMount {
  try {
    if (mount.target === '') throw invalid('field Target must not be empty');
    checkTarget(mount.target);
    if (!isKind(mount.type)) throw invalid('mount type unknown');
    const foreign = foreignOptions(mount);
    if (foreign) throw invalid(`field ${foreign} must not be specified`);
    const planned = checks[mount.type](mount);
    if (mustExist && planned.type === 'bind' && !planned.makeSource && !existsSync(planned.source)) {
      throw invalid(`bind source path does not exist: ${planned.source}`);
    }
    return planned;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError('invalid', `invalid mount config for type "${mount.type}": ${error.message}`, {
      reason: 'request.invalid',
      params: { field: 'HostConfig.Mounts' },
      cause: error,
    });
  }
}
