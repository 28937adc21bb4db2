import i18next from 'i18next';
import { create } from 'zustand';
import type { Failure } from '../../../electron/bridge/failure.ts';
import type { Transfer } from '../../../electron/bridge/transfers.ts';
import { call, openStream } from '../bridge-client.ts';
import { noticeDone, noticeFailed } from '../notices.ts';
import { request } from '../requests.ts';

export interface TransfersState {
  /** Newest first. */
  readonly transfers: readonly Transfer[];
  /** Whom a dialog shows: nothing is said of them elsewhere. */
  readonly shown: ReadonlySet<string>;
}

/** Pulls and pushes of the host, of whichever client. */
export const useTransfers = create<TransfersState>()(() => ({ transfers: [], shown: new Set() }));

export const isUnderWay = ({ state }: Transfer): boolean => state === 'running' || state === 'paused';

/** Why it failed, as everything else that fails. */
export function failureOf({ error }: Transfer): Failure | undefined {
  if (!error) return undefined;
  const { message, reason, params = {} } = error;
  return { code: 'internal', message, params, ...(reason && { reason }) };
}

/** What has ended since the list before, and nobody looks at. */
function tellEnds(before: readonly Transfer[], now: readonly Transfer[]): void {
  const wasUnderWay = new Set(before.filter(isUnderWay).map(({ id }) => id));
  const { shown } = useTransfers.getState();
  for (const transfer of now) {
    if (!wasUnderWay.has(transfer.id) || shown.has(transfer.id)) continue;
    if (transfer.owner === 'client' && transfer.detailed) continue;
    tellEnd(transfer);
  }
}

function tellEnd(transfer: Transfer): void {
  const { kind, state, reference: name } = transfer;
  const failure = failureOf(transfer);
  if (state === 'done') noticeDone(i18next.t(kind === 'pull' ? 'transfers.pulled' : 'transfers.pushed', { name }));
  if (state !== 'failed' || !failure) return;
  const title = () => i18next.t(kind === 'pull' ? 'transfers.notPulled' : 'transfers.notPushed', { name });
  const show = { label: i18next.t('transfers.details'), onPress: () => request({ kind: 'transfer', id: transfer.id }) };
  noticeFailed(title, failure, () => show);
}

/** Feeds the store, for as long as the page is there. A broken watch is opened again after a second. */
export function watchTransfers(): void {
  openStream('transfers.watch', undefined, {
    onItems: (items) => {
      const { transfers: before } = useTransfers.getState();
      const now = items.at(-1);
      if (!now) return;
      useTransfers.setState({ transfers: now });
      tellEnds(before, now);
    },
    onEnd: () => void setTimeout(watchTransfers, 1000),
  });
}

/** While a dialog shows it, its end is told there alone. */
export function showTransfer(id: string): () => void {
  useTransfers.setState(({ shown }) => ({ shown: new Set([...shown, id]) }));
  return () => useTransfers.setState(({ shown }) => ({ shown: new Set([...shown].filter((each) => each !== id)) }));
}

/** Resolves when it has ended: with how it stands then, or with nothing when it was forgotten. */
export function endOfTransfer(id: string): Promise<Transfer | undefined> {
  return new Promise((resolve) => {
    let seen = false;
    const look = ({ transfers }: TransfersState) => {
      const transfer = transfers.find((each) => each.id === id);
      if (transfer ? isUnderWay(transfer) : !seen) {
        seen ||= transfer !== undefined;
        return;
      }
      leave();
      resolve(transfer);
    };
    const leave = useTransfers.subscribe(look);
    look(useTransfers.getState());
  });
}

async function command(name: 'transfers.pause' | 'transfers.resume' | 'transfers.cancel', id: string): Promise<void> {
  const outcome = await call(name, { id });
  // it may have ended by itself just now
  if (outcome.ok || outcome.failure.code === 'not-found' || outcome.failure.code === 'conflict') return;
  noticeFailed(() => i18next.t('transfers.notChanged'), outcome.failure);
}

export const pauseTransfer = (id: string) => command('transfers.pause', id);
export const resumeTransfer = (id: string) => command('transfers.resume', id);
/** Ends it; one that has ended is forgotten. */
export const cancelTransfer = (id: string) => command('transfers.cancel', id);
