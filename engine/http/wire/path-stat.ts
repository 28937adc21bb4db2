import { EngineError } from '../../base/errors.ts';
import type { ContainerFiles, FileChange } from '../../services/containers/container-files-service.ts';

type PathStatus = Awaited<ReturnType<ContainerFiles['stat']>>;

/** Bits of Go's os.FileMode that are elsewhere in `st_mode`. */
const kinds = new Map([
  [0o140000, 2 ** 24],
  [0o120000, 2 ** 27],
  [0o060000, 2 ** 26],
  [0o040000, 2 ** 31],
  [0o020000, 2 ** 26 + 2 ** 21],
  [0o010000, 2 ** 25],
]);
const special = [
  [0o4000, 2 ** 23],
  [0o2000, 2 ** 22],
  [0o1000, 2 ** 20],
] as const;

/** Go's os.FileMode of a `st_mode`. */
export function goFileMode(mode: number): number {
  const kind = kinds.get(mode & 0o170000) ?? 0;
  return special.reduce((sum, [bit, value]) => sum + (mode & bit ? value : 0), (mode & 0o777) + kind);
}

/** RFC 3339 as Go prints it, to the nanosecond. */
function timeOf({ seconds, nanoseconds }: PathStatus['modified']): string {
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}${fraction}Z`;
}

/** The header X-Docker-Container-Path-Stat (Docker Engine API, "Get information about files in a container"). */
export function pathStatToWire({ name, size, mode, modified, linkTarget }: PathStatus): string {
  const stat = { name, size, mode: goFileMode(mode), mtime: timeOf(modified), linkTarget };
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}

/** Query `path`. @throws EngineError `invalid` (`request.invalid`) in Docker's words */
export function archivePath(query: URLSearchParams): string {
  const path = query.get('path');
  const refuse = (message: string) => new EngineError('invalid', message, { reason: 'request.invalid' });
  if (!path) throw refuse('bad parameter: path cannot be empty');
  if (path.includes('\0')) throw refuse('bad parameter: path has a null byte');
  return path;
}

const changeKinds = { modified: 0, added: 1, deleted: 2 } as const satisfies Record<FileChange['kind'], number>;

/** GET /containers/{id}/changes; null where nothing has changed, as Go writes an empty list. */
export const changesToWire = (changes: readonly FileChange[]) =>
  changes.length === 0 ? null : changes.map(({ path, kind }) => ({ Path: path, Kind: changeKinds[kind] }));
