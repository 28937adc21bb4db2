import { randomBytes } from 'node:crypto';
import type { Channel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { Records } from '../../storage/records/records.ts';
import type { PullMessage, PullRequest } from '../images/image-service.ts';
import { openTransferAccount } from './transfer-account.ts';
import { createTransferList, type Going, isOpen, type TransferList } from './transfer-list.ts';
import { openTransferRows, type TransferRows } from './transfer-rows.ts';
import type { TransferDesk, TransferRequest, TransferRun, TransferService } from './transfer-service.ts';

export interface TransfersOptions {
  records: Records;
  /** Begins a pull that is told to the desk. @throws EngineError for a name or platform that is none. */
  pull(request: PullRequest): Channel<PullMessage>;
}

const cancelled = () => new EngineError('cancelled', 'the pull was cancelled');
const newId = () => randomBytes(8).toString('hex');

export interface Transfers {
  desk: TransferDesk;
  service: TransferService;
  /** Ends what runs; what belongs to no client goes on with the next engine. */
  close(): Promise<void>;
}

/** What belongs to one engine. */
interface Office extends TransfersOptions {
  list: TransferList;
  rows: TransferRows;
  isClosing: boolean;
}

/** The pulls of this engine. Those without a client are kept in the records until they end. */
export function createTransfers(options: TransfersOptions): Transfers {
  const office: Office = {
    ...options,
    list: createTransferList(),
    rows: openTransferRows(options.records),
    isClosing: false,
  };
  return {
    desk: { run: (transfer, work) => run(office, transfer, work) },
    service: serviceOf(office),
    async close() {
      office.isClosing = true;
      for (const { cancelling } of office.list.all()) cancelling.abort(cancelled());
      await Promise.all(office.list.all().map(({ ended }) => ended));
    },
  };
}

async function run(office: Office, transfer: TransferRun, work: Parameters<TransferDesk['run']>[1]): Promise<void> {
  const { list, rows } = office;
  const id = transfer.id ?? newId();
  const account = openTransferAccount(id, transfer);
  const done = Promise.withResolvers<void>();
  const going: Going = {
    account,
    pausing: new AbortController(),
    cancelling: new AbortController(),
    ended: done.promise,
  };
  list.add(id, going);
  const tell = (message: PullMessage) => {
    account.tell(message);
    list.changed();
  };
  try {
    await runWithPauses(going, transfer, (signal) => work(signal, tell), list.changed);
    account.setState('done');
  } catch (error) {
    if (error instanceof EngineError && error.code === 'cancelled') account.setState('cancelled');
    else account.fail(error);
    throw error;
  } finally {
    if (!office.isClosing) rows.remove(id);
    done.resolve();
    list.changed();
  }
}

function serviceOf(office: Office): TransferService {
  const { list, rows } = office;
  const pause = (id: string) => {
    const going = list.unended(id);
    going.pausing.abort(new EngineError('cancelled', 'the pull is paused'));
    going.account.setState('paused');
    rows.setPaused(id, true);
    list.changed();
  };
  return {
    list: list.views,
    watch: list.watch,
    begin: (request) => begin(office, request),
    goOn() {
      for (const [id, { paused, ...request }] of rows.all()) {
        begin(office, { ...request, id });
        if (paused) pause(id);
      }
    },
    pause,
    resume(id) {
      const going = list.unended(id);
      going.pausing = new AbortController();
      going.account.setState('running');
      rows.setPaused(id, false);
      going.resume?.();
      list.changed();
    },
    async cancel(id) {
      const going = list.find(id);
      if (!isOpen(going.account.view())) return list.forget(id);
      going.cancelling.abort(cancelled());
      await going.ended;
    },
  };
}

function begin({ pull, rows }: Office, request: TransferRequest & { id?: string }): string {
  const { reference, platform, login, id = newId() } = request;
  const channel = pull({
    reference,
    ...(platform && { platform }),
    ...(login && { login }),
    owner: 'engine',
    transfer: id,
  });
  rows.put(id, { reference, ...(platform && { platform }), paused: false });
  // its end is in the books
  const drain = async () => {
    for await (const _ of channel);
  };
  drain().catch(() => {});
  return id;
}

/** Runs the work, and after a pause again: what has come is there. */
async function runWithPauses(
  going: Going,
  { signal }: TransferRun,
  work: (signal: AbortSignal) => Promise<void>,
  changed: () => void,
): Promise<void> {
  const ending = AbortSignal.any([signal, going.cancelling.signal]);
  for (;;) {
    ending.throwIfAborted();
    const { pausing } = going;
    try {
      if (!pausing.signal.aborted) return await work(AbortSignal.any([ending, pausing.signal]));
    } catch (error) {
      if (ending.aborted || !pausing.signal.aborted) throw error;
    }
    // it may have been resumed while the work came to its end
    if (going.pausing === pausing) await resumed(going, ending);
    changed();
  }
}

async function resumed(going: Going, ending: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const end = () => reject(cancelled());
  going.resume = resolve;
  ending.addEventListener('abort', end, { once: true });
  if (ending.aborted) end();
  try {
    await promise;
  } finally {
    ending.removeEventListener('abort', end);
    delete going.resume;
  }
}
