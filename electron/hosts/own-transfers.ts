import { randomUUID } from 'node:crypto';
import type { ProgressLine } from '../../engine/compose/docker-host.ts';
import type { Transfer } from '../bridge/transfers.ts';
import { bytesOf, createDockerProgress } from './docker-progress.ts';
import { HostError, toFailure } from './host-error.ts';
import type { Pulse } from './pulse.ts';

/** Ended ones that are remembered. */
const KEPT = 20;

export interface OwnTransfer {
  readonly kind: Transfer['kind'];
  readonly reference: string;
  readonly platform?: string;
  /** Docker's progress lines. */
  readonly run: (signal: AbortSignal) => AsyncIterable<ProgressLine>;
}

/** Transfers that hang on a connection of this process: pushes, and pulls of a host without the extension. */
export interface OwnTransfers {
  /** Newest first. */
  list(): readonly Transfer[];
  has(id: string): boolean;
  begin(transfer: OwnTransfer): string;
  /** One that has ended is forgotten. */
  cancel(id: string): void;
  close(): void;
}

interface Entry {
  transfer: Transfer;
  readonly work: AbortController;
}

/** Makes a place for them; `changed` is beaten whenever one of them changed. */
export function createOwnTransfers(changed: Pulse): OwnTransfers {
  const entries = new Map<string, Entry>();

  const change = (entry: Entry, news: Partial<Transfer>) => {
    entry.transfer = { ...entry.transfer, ...news };
    changed.beat();
  };
  const forgetOld = () => {
    const ended = [...entries.values()].filter(({ transfer }) => transfer.endedAt !== undefined);
    for (const { transfer } of ended.slice(0, Math.max(0, ended.length - KEPT))) entries.delete(transfer.id);
  };
  const follow = async (entry: Entry, run: OwnTransfer['run']) => {
    const { work } = entry;
    const progress = createDockerProgress();
    const figures = (): Partial<Transfer> => {
      const layers = progress.layers();
      const { digest } = progress;
      return { layers, ...bytesOf(layers), speed: progress.speed(), ...(digest && { digest }) };
    };
    const end = (state: Transfer['state'], error?: Transfer['error']) =>
      change(entry, { ...figures(), speed: 0, state, endedAt: Date.now(), ...(error && { error }) });
    try {
      for await (const line of run(work.signal)) {
        progress.add(line);
        change(entry, figures());
      }
      end(work.signal.aborted ? 'cancelled' : 'done');
    } catch (error) {
      if (work.signal.aborted) end('cancelled');
      else end('failed', toFailure(error));
    }
    forgetOld();
  };

  return {
    list: () => [...entries.values()].map(({ transfer }) => transfer).reverse(),
    has: (id) => entries.has(id),
    begin({ kind, reference, platform, run }) {
      const id = `app-${randomUUID()}`;
      const entry: Entry = {
        work: new AbortController(),
        transfer: {
          id,
          kind,
          detailed: false,
          reference,
          ...(platform && { platform }),
          owner: 'client',
          state: 'running',
          startedAt: Date.now(),
          layers: [],
          current: 0,
          total: 0,
          speed: 0,
          log: [],
        },
      };
      entries.set(id, entry);
      changed.beat();
      void follow(entry, run);
      return id;
    },
    cancel(id) {
      const entry = entries.get(id);
      if (!entry) throw new HostError('not-found', `There is no transfer ${id}.`, { reason: 'transfer.not-found' });
      if (entry.transfer.endedAt === undefined) entry.work.abort();
      else entries.delete(id);
      changed.beat();
    },
    close() {
      for (const { work } of entries.values()) work.abort();
    },
  };
}
