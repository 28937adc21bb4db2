import { type Channel, createChannel } from '../../base/channel.ts';
import type { ContainerExit, WaitCondition } from './container-service.ts';

/** Who waits for containers to end or to go. */
export interface ExitWaits {
  /** A reader that is subscribed when this returns. */
  wait(id: string, until: Exclude<WaitCondition, 'not-running'>): Channel<ContainerExit>;
  exited(id: string, exit: ContainerExit): void;
  /** The container is gone; whoever waited for anything gets its last exit. */
  removed(id: string, exit: ContainerExit): void;
  /** Ends every wait with an error; the engine goes. */
  close(error: unknown): void;
}

export function createExitWaits(): ExitWaits {
  const waits = new Map<string, Set<{ removal: boolean; channel: Channel<ContainerExit> }>>();
  const settle = (id: string, exit: ContainerExit, alsoRemoval: boolean) => {
    for (const { removal, channel } of waits.get(id) ?? []) {
      if (removal && !alsoRemoval) continue;
      channel.push(exit);
      channel.end();
    }
  };
  return {
    wait(id, until) {
      const ofContainer = waits.get(id) ?? new Set();
      waits.set(id, ofContainer);
      const wait = {
        removal: until === 'removed',
        channel: createChannel<ContainerExit>({
          onClose: () => {
            ofContainer.delete(wait);
            if (ofContainer.size === 0 && waits.get(id) === ofContainer) waits.delete(id);
          },
        }),
      };
      ofContainer.add(wait);
      return wait.channel;
    },
    exited: (id, exit) => settle(id, exit, false),
    removed: (id, exit) => settle(id, exit, true),
    close(error) {
      for (const ofContainer of waits.values()) for (const { channel } of ofContainer) channel.fail(error);
    },
  };
}
