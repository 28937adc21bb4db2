import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../base/log.ts';
import { type CriRecord, createCriParser } from '../oci/cri-records.ts';
import type { Collector, LogMessage } from './collectors/collector.ts';
import { followLog, holdLog } from './follow-log.ts';
import { closeSegment, type LogSegment, openSegments, readSegment, segmentSize } from './log-segments.ts';
import { createMessageQueue, type MessageQueue } from './message-queue.ts';

/** Up to where a log was handed over. Kept in a file of its own, `{inode, offset, time}`. */
export interface LogPosition {
  /** The file, and how much of it; 0 where it was a compressed one: then the time counts. */
  inode: number;
  offset: number;
  /** Of the last message, nanoseconds since the epoch. */
  time: string;
}

export interface ForwardLog {
  file: string;
  /** Where the position is kept. */
  positionFile: string;
  collector: Collector;
  /** It is connected already. */
  isOpen: boolean;
  /** Bytes that may wait in memory. Beyond them, what comes is left out, or with `blocking` waits in its file. */
  bufferBytes: number;
  blocking: boolean;
  /** Milliseconds before the first new attempt; doubled for each further one. */
  retryAfter: number;
  /** The container's end. */
  until: Promise<unknown>;
  log: Log;
}

export interface Forwarding {
  /** Resolves when everything is handed over, or it was given up. Never fails. */
  readonly done: Promise<void>;
  /** Nobody will need it after this: a collector that cannot be reached is not tried again. */
  finish(): void;
  /** Ends it and notes where. */
  close(): Promise<void>;
}

const longestRetry = 5000;
/** What is handed over and not noted yet is sent twice after a crash: at most so many bytes, or milliseconds. */
const unnotedBytes = 256 * 1024;
const unnotedMilliseconds = 250;

function readPosition(file: string): LogPosition | undefined {
  try {
    const { inode, offset, time } = JSON.parse(readFileSync(file, 'utf8')) as LogPosition;
    return Number.isInteger(inode) && Number.isInteger(offset) && /^\d+$/.test(time)
      ? { inode, offset, time }
      : undefined;
  } catch {
    return undefined;
  }
}

/** Notes the position now and then. */
function positionKeeper(file: string) {
  let noted: LogPosition | undefined;
  let newest: LogPosition | undefined;
  let bytes = 0;
  let timer: NodeJS.Timeout | undefined;
  const note = () => {
    clearTimeout(timer);
    timer = undefined;
    bytes = 0;
    if (!newest || newest === noted) return;
    noted = newest;
    try {
      // not flushed: after a power cut an older position counts
      writeFileSync(`${file}.new`, JSON.stringify(newest));
      renameSync(`${file}.new`, file);
    } catch {
      // the container is gone, or the disk is full: then a piece is sent twice one day
    }
  };
  return {
    reached(position: LogPosition | undefined, length: number) {
      newest = position ?? newest;
      bytes += length;
      if (bytes >= unnotedBytes) note();
      else timer ??= setTimeout(note, unnotedMilliseconds).unref();
    },
    note,
  };
}

const messageOf = ({ timeNano, stream, data }: CriRecord): LogMessage => {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8');
  const partial = !text.endsWith('\n');
  return { timeNano, stream, text: partial ? text : text.slice(0, -1), partial };
};

/** Reads the log from where it was left, into the queue, until the container ends. */
async function readInto(queue: MessageQueue, { file, positionFile, until }: ForwardLog, signal: AbortSignal) {
  const segments = openSegments(file);
  const newest = segments.at(-1);
  if (!newest) return;
  const held = holdLog(file, newest);
  const parser = createCriParser();
  const left = readPosition(positionFile);
  const found = left ? segments.findIndex((segment) => isPlace(segment, left)) : -1;
  // its file is not there any more, or compressed
  const after = left && found < 0 ? BigInt(left.time) : undefined;
  const give = async (records: readonly CriRecord[], position: Omit<LogPosition, 'time'> | undefined) => {
    const wanted = after === undefined ? records : records.filter(({ timeNano }) => timeNano > after);
    for (const [index, record] of wanted.entries()) {
      const isLast = index === wanted.length - 1;
      const place = isLast && position ? { ...position, time: String(record.timeNano) } : undefined;
      await queue.add(messageOf(record), place);
      if (signal.aborted) return false;
    }
    return true;
  };
  const use = (bytes: Buffer, offset: number, segment: LogSegment) => {
    const records = parser.push(bytes);
    const pending = parser.pendingBytes;
    const place = pending === undefined ? undefined : { inode: segment.inode, offset: offset - pending };
    return give(records, segment.compressed ? undefined : place);
  };
  try {
    let offset = 0;
    for (const [index, segment] of segments.entries()) {
      if (index < found) continue;
      const from = index === found && left ? left.offset : 0;
      const read = await readSegment(segment, from, (bytes, at) => use(bytes, at, segment));
      if (read.stopped) return;
      offset = read.offset;
    }
    const from = newest.compressed ? Number.POSITIVE_INFINITY : offset;
    await followLog({ file, chain: held, from, until, signal, use });
    const end = { inode: held.present.inode, offset: segmentSize(held.present) };
    await give(parser.flush(), signal.aborted ? undefined : end);
  } finally {
    for (const segment of segments.slice(0, -1)) closeSegment(segment);
    held.close();
  }
}

const isPlace = (segment: LogSegment, { inode, offset }: LogPosition) =>
  !segment.compressed && segment.inode === inode && offset <= segmentSize(segment);

interface Sending extends ForwardLog {
  signal: AbortSignal;
  /** Whether to go on after a failure. */
  isNeeded(): boolean;
}

/** Connects, again and again. @returns false when it is given up */
async function reconnect({ collector, retryAfter, signal, isNeeded, log, file }: Sending, failure: unknown) {
  log.warn('a log cannot be forwarded: it waits', { file, error: failure });
  for (let wait = retryAfter; isNeeded() && !signal.aborted; wait = Math.min(longestRetry, wait * 2)) {
    await sleep(Math.min(wait, longestRetry), undefined, { signal, ref: false }).catch(() => {});
    if (signal.aborted) return false;
    try {
      await collector.open();
      log.info('a log is forwarded again', { file });
      return true;
    } catch {
      collector.close();
    }
  }
  return false;
}

async function sendFrom(queue: MessageQueue, sending: Sending, keeper: ReturnType<typeof positionKeeper>) {
  const { collector, signal } = sending;
  let isOpen = sending.isOpen;
  for (;;) {
    const batch = await queue.take();
    if (!batch) return;
    for (;;) {
      try {
        if (!isOpen) await collector.open();
        isOpen = true;
        await collector.send(batch.messages);
        break;
      } catch (error) {
        isOpen = false;
        collector.close();
        if (signal.aborted) return;
        isOpen = await reconnect(sending, error);
        if (!isOpen) return;
      }
    }
    keeper.reached(batch.position, batch.bytes);
    if (batch.dropped > 0) {
      sending.log.warn('messages were left out, for the buffer was full', {
        file: sending.file,
        messages: batch.dropped,
      });
    }
  }
}

/** Hands a container's log over to a collector, from where it was left the last time. */
export function forwardLog(request: ForwardLog): Forwarding {
  const stopping = new AbortController();
  const { signal } = stopping;
  const queue = createMessageQueue({ bytes: request.bufferBytes, blocking: request.blocking, signal });
  const keeper = positionKeeper(request.positionFile);
  let needed = true;
  const reading = readInto(queue, request, signal)
    .catch((error) => request.log.error('a log cannot be read for forwarding', { file: request.file, error }))
    .finally(() => queue.end());
  const sending = sendFrom(queue, { ...request, signal, isNeeded: () => needed }, keeper).catch((error) =>
    request.log.error('a log cannot be forwarded', { file: request.file, error }),
  );
  const done = sending.then(async () => {
    stopping.abort();
    await reading;
    keeper.note();
    request.collector.close();
  });
  return {
    done,
    finish() {
      needed = false;
    },
    close() {
      stopping.abort();
      return done;
    },
  };
}
