import i18next from 'i18next';
import { create } from 'zustand';
import type { Failure, Outcome } from '../../electron/bridge/failure.ts';
import type { Container } from '../../electron/bridge/host.ts';
import { call } from './bridge-client.ts';
import { isActive } from './container-state.ts';
import { noticeDone, noticeFailed, type Remedy } from './notices.ts';
import { request } from './requests.ts';

export type ContainerAction = 'start' | 'stop' | 'restart' | 'pause' | 'unpause' | 'kill' | 'remove';

/** Which action is under way on which container. Only its button shows it: the row waits for the engine's event. */
export const useBusy = create<Readonly<Record<string, ContainerAction>>>()(() => ({}));

const notDone = {
  start: 'containers.failed.start',
  stop: 'containers.failed.stop',
  restart: 'containers.failed.restart',
  pause: 'containers.failed.pause',
  unpause: 'containers.failed.unpause',
  kill: 'containers.failed.kill',
  remove: 'containers.failed.remove',
} as const satisfies Record<ContainerAction, string>;

function perform(action: ContainerAction, container: Container): Promise<Outcome<void>> {
  const { id } = container;
  switch (action) {
    case 'start':
      return call('containers.start', { id });
    case 'stop':
      return call('containers.stop', { id });
    case 'restart':
      return call('containers.restart', { id });
    case 'pause':
      return call('containers.pause', { id });
    case 'unpause':
      return call('containers.unpause', { id });
    case 'kill':
      return call('containers.kill', { id });
    case 'remove':
      return call('containers.remove', { id, force: isActive(container) });
  }
}

/** Runs an action; a failure is told by a notice. A second press while the first is under way does nothing. */
export async function act(action: ContainerAction, container: Container): Promise<void> {
  if (useBusy.getState()[container.id]) return;
  useBusy.setState({ [container.id]: action });
  try {
    const outcome = await perform(action, container);
    if (!outcome.ok && outcome.failure.code !== 'not-modified') failed(action, container, outcome.failure);
    else if (action === 'remove') noticeDone(i18next.t('containers.removed', { name: container.name }));
  } finally {
    useBusy.setState(({ [container.id]: _done, ...rest }) => rest, true);
  }
}

function failed(action: ContainerAction, container: Container, failure: Failure): void {
  const title = () => i18next.t(notDone[action], { name: container.name });
  noticeFailed(title, failure, () => remedyOf(container, failure));
}

/** What mends a refusal; without one the notice offers the usual. */
function remedyOf(container: Container, failure: Failure): Remedy | undefined {
  switch (failure.reason) {
    case 'container.running':
      return { label: i18next.t('containers.stop'), onPress: () => void act('stop', container) };
    case 'container.command-not-found':
    case 'container.command-not-executable':
    case 'container.no-command':
      return {
        label: i18next.t('containers.runAgain'),
        onPress: () => request({ kind: 'run', image: container.image }),
      };
    case 'container.port-taken':
    case 'container.port-taken-by-container':
    case 'container.port-taken-by-process':
      return portRemedy(container, failure);
    default:
      return undefined;
  }
}

/** The next free port, tried by a container that is the same but for it. */
function portRemedy(container: Container, { params }: Failure): Remedy | undefined {
  const { port, nextFree, protocol } = params;
  if (typeof port !== 'number' || typeof nextFree !== 'number') return undefined;
  const run = async () => {
    const arg = { id: container.id, protocol: protocol === 'udp' ? 'udp' : 'tcp', from: port, to: nextFree } as const;
    const outcome = await call('containers.runOnPort', arg);
    const title = () => i18next.t('ports.notMoved', { name: container.name, port: nextFree });
    if (!outcome.ok) noticeFailed(title, outcome.failure, () => remedyOf(container, outcome.failure));
  };
  return { label: i18next.t('ports.use', { port: nextFree }), onPress: () => void run() };
}

export function startOrStop(container: Container): Promise<void> {
  return act(isActive(container) ? 'stop' : 'start', container);
}
