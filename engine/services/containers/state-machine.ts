import { EngineError } from '../../base/errors.ts';
import type { ContainerState } from './container-service.ts';

/** What a client asks for, or what happens to a container. */
export type Happening =
  | 'start'
  | 'stop'
  | 'kill'
  | 'exit'
  /** By its restart policy. */
  | 'restart'
  | 'pause'
  | 'unpause'
  | 'remove'
  | 'force-remove';

interface Subject {
  id: string;
  name: string;
  state: ContainerState;
}

type Outcome = ContainerState | ((container: Subject) => EngineError);

const alreadyStarted = () => new EngineError('not-modified', 'Container is already started');
const alreadyStopped = () => new EngineError('not-modified', 'Container is already stopped');
const paused = () => new EngineError('conflict', 'cannot start a paused container, try unpause instead');
export const markedForRemoval = () =>
  new EngineError('conflict', 'container is marked for removal and cannot be started', {
    reason: 'container.not-running',
  });
const notRunning = ({ id, name }: Subject) =>
  new EngineError('conflict', `cannot kill container: ${name}: container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name },
  });
const nothingToPause = ({ id, name }: Subject) =>
  new EngineError('conflict', `container ${id} is not running`, {
    reason: 'container.not-running',
    params: { name },
  });
const alreadyPaused = ({ id }: Subject) => new EngineError('conflict', `Container ${id} is already paused`);
const notPaused = ({ id, name }: Subject) =>
  new EngineError('conflict', `Container ${id} is not paused`, { reason: 'container.not-paused', params: { name } });
const noRestart = ({ id, state }: Subject) =>
  new EngineError('internal', `container ${id} is restarted while ${state}`);
const nothingRan = ({ id, state }: Subject) => new EngineError('internal', `container ${id} ended while ${state}`);
const stillUp = ({ name, state }: Subject) =>
  new EngineError(
    'conflict',
    `cannot remove container "/${name}": container is ${state}: ${state === 'paused' ? 'unpause and then ' : ''}stop the container before removing or force remove`,
    { reason: 'container.running', params: { name } },
  );
export const alreadyRemoving = ({ name }: Subject) =>
  new EngineError('conflict', `removal of container ${name} is already in progress`);

/** Row = state, column = happening: where it leads, or why it is refused, in Docker's words. */
const table = {
  created: {
    start: 'running',
    stop: alreadyStopped,
    kill: notRunning,
    exit: nothingRan,
    restart: noRestart,
    pause: nothingToPause,
    unpause: notPaused,
    remove: 'removing',
    'force-remove': 'removing',
  },
  running: {
    start: alreadyStarted,
    stop: 'exited',
    kill: 'running',
    exit: 'exited',
    restart: noRestart,
    pause: 'paused',
    unpause: notPaused,
    remove: stillUp,
    'force-remove': 'removing',
  },
  paused: {
    start: paused,
    stop: 'exited',
    kill: 'paused',
    exit: 'exited',
    restart: noRestart,
    pause: alreadyPaused,
    unpause: 'running',
    remove: stillUp,
    'force-remove': 'removing',
  },
  restarting: {
    start: alreadyStarted,
    stop: 'exited',
    // no process to signal: it gives up waiting
    kill: 'exited',
    exit: 'exited',
    restart: 'running',
    pause: isRestarting,
    unpause: notPaused,
    remove: stillUp,
    'force-remove': 'removing',
  },
  exited: {
    start: 'running',
    stop: alreadyStopped,
    kill: notRunning,
    exit: nothingRan,
    restart: noRestart,
    pause: nothingToPause,
    unpause: notPaused,
    remove: 'removing',
    'force-remove': 'removing',
  },
  removing: {
    start: markedForRemoval,
    stop: alreadyStopped,
    kill: notRunning,
    exit: 'removing',
    restart: noRestart,
    pause: nothingToPause,
    unpause: notPaused,
    remove: alreadyRemoving,
    'force-remove': alreadyRemoving,
  },
  dead: {
    start: markedForRemoval,
    stop: alreadyStopped,
    kill: notRunning,
    exit: nothingRan,
    restart: noRestart,
    pause: nothingToPause,
    unpause: notPaused,
    remove: 'removing',
    'force-remove': 'removing',
  },
} satisfies Record<ContainerState, Record<Happening, Outcome>>;

/**
 * The state a container goes to when something happens to it.
 * @throws EngineError `not-modified` or `conflict` where the state does not allow it.
 */
export function nextState(container: Subject, happening: Happening): ContainerState {
  const outcome: Outcome = table[container.state][happening];
  if (typeof outcome === 'string') return outcome;
  throw outcome(container);
}

/**
 * The failure of a call that needs the container's processes, while it waits for its restart.
 */
export function isRestarting({ id, name }: Subject): EngineError {
  return new EngineError('conflict', `Container ${id} is restarting, wait until the container is running`, {
    reason: 'container.restarting',
    params: { name },
  });
}

/** @throws EngineError `conflict` where the container has no process now. */
export function requireProcess(container: Subject): void {
  if (container.state === 'restarting') throw isRestarting(container);
  if (!hasProcess(container.state)) throw nothingToPause(container);
}

/** Whether the container has a process now. */
export function hasProcess(state: ContainerState): boolean {
  return state === 'running' || state === 'paused';
}

/** Whether the container counts as running: it has a process, or will have one again by itself. */
export function isLive(state: ContainerState): boolean {
  return state === 'running' || state === 'paused' || state === 'restarting';
}
