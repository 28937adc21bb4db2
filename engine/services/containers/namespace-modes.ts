import { EngineError } from '../../base/errors.ts';
import type { ContainerHostConfig } from './container-service.ts';

type Modes = Pick<
  ContainerHostConfig,
  'networkMode' | 'pidMode' | 'ipcMode' | 'utsMode' | 'usernsMode' | 'cgroupnsMode'
>;

const container = 'container:';

/** Name or id of the container whose namespace a mode asks for. */
export function joinedContainer(mode: string | undefined): string | undefined {
  return mode?.startsWith(container) ? mode.slice(container.length) : undefined;
}

const invalid = (message: string) => new EngineError('invalid', message);

/** @throws EngineError `invalid` in Docker's words for a mode that does not exist. */
export function checkNamespaceModes({ networkMode, pidMode, ipcMode, utsMode, usernsMode, cgroupnsMode }: Modes): void {
  if (networkMode === container) {
    throw invalid('Invalid network mode: invalid container format container:<name|id>');
  }
  const known = (mode: string | undefined, names: readonly string[]) =>
    mode === undefined || names.includes(mode) || (joinedContainer(mode) ?? '') !== '';
  if (!known(ipcMode, ['none', 'private', 'shareable', 'host'])) throw invalid(`invalid IPC mode: ${ipcMode}`);
  if (!known(pidMode, ['host'])) throw invalid(`invalid PID mode: ${pidMode}`);
  if (utsMode !== undefined && utsMode !== 'host') throw invalid(`invalid UTS mode: ${utsMode}`);
  if (usernsMode !== undefined && usernsMode !== 'host') throw invalid(`invalid user namespace mode: ${usernsMode}`);
  if (cgroupnsMode !== undefined && !['private', 'host'].includes(cgroupnsMode)) {
    throw invalid(`invalid cgroup namespace mode: ${cgroupnsMode}`);
  }
}

/**
 * The modes with ids in place of names, so that they hold when the other container is renamed (moby,
 * `adaptSharedNamespaceContainer`). A network is looked for again at the start; the others have to be there now.
 * @throws EngineError `invalid` with "No such container: X" (not `not-found`, which clients take for the image's).
 */
export function modesById<T extends Modes>(modes: T, idOf: (name: string) => string | undefined): T {
  const found = { ...modes };
  for (const field of ['networkMode', 'pidMode', 'ipcMode'] as const) {
    const name = joinedContainer(modes[field]);
    if (name === undefined) continue;
    const id = idOf(name);
    if (id !== undefined) found[field] = `${container}${id}`;
    else if (field !== 'networkMode') throw invalid(`No such container: ${name}`);
  }
  return found;
}
