import type { Channel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import { watchView } from '../../base/watched-view.ts';
import type { TransferAccount } from './transfer-account.ts';
import type { Transfer } from './transfer-service.ts';

/** A transfer with what ends and holds it. */
export interface Going {
  account: TransferAccount;
  /** Ends the work, not the transfer: it waits until it is to go on. */
  pausing: AbortController;
  cancelling: AbortController;
  resume?: () => void;
  ended: Promise<void>;
}

/** All transfers, and who watches them. */
export interface TransferList {
  add(id: string, going: Going): void;
  forget(id: string): void;
  all(): readonly Going[];
  /** @throws EngineError `not-found` (`transfer.not-found`). */
  find(id: string): Going;
  /** @throws EngineError `not-found`, `conflict` (`transfer.ended`). */
  unended(id: string): Going;
  views(): readonly Transfer[];
  watch(): Channel<readonly Transfer[]>;
  changed(): void;
}

/** Those that have ended, and can still be looked at. */
const mostEnded = 50;
/** Milliseconds between two tellings. */
const tellPause = 200;

export const isOpen = ({ state }: Transfer) => state === 'running' || state === 'paused';

export function createTransferList(): TransferList {
  const all = new Map<string, Going>();
  const watchers = new Set<() => void>();
  const views = () => [...all.values()].map(({ account }) => account.view()).reverse();
  const changed = () => {
    for (const tell of watchers) tell();
  };
  const find = (id: string) => {
    const going = all.get(id);
    if (going) return going;
    throw new EngineError('not-found', `no such transfer: ${id}`, { reason: 'transfer.not-found', params: { id } });
  };
  return {
    add(id, going) {
      all.set(id, going);
      const ended = [...all].filter(([, { account }]) => !isOpen(account.view()));
      for (const [old] of ended.slice(0, -mostEnded)) all.delete(old);
      changed();
    },
    forget(id) {
      all.delete(id);
      changed();
    },
    all: () => [...all.values()],
    find,
    unended(id) {
      const going = find(id);
      if (isOpen(going.account.view())) return going;
      throw new EngineError('conflict', `the transfer ${id} has ended`, { reason: 'transfer.ended', params: { id } });
    },
    views,
    changed,
    watch: () => watchView(views, watchers, { pause: tellPause }),
  };
}
