import { type Channel, createChannel } from '../../base/channel.ts';
import { followLog, type HeldLog, holdLog } from '../logs/follow-log.ts';
import {
  closeSegment,
  type LogSegment,
  openSegments,
  readPiece,
  readSegment,
  segmentSize,
} from '../logs/log-segments.ts';
import { type CriRecord, createCriParser } from './cri-records.ts';

export interface ReadLog {
  file: string;
  stdout: boolean;
  stderr: boolean;
  /** Number of last records; undefined = all. */
  tail?: number;
  /** Nanoseconds since the epoch, both inclusive. */
  since?: bigint;
  until?: bigint;
  /** Goes on with what is written until this resolves (the container's end) and everything is read. */
  followUntil?: Promise<unknown>;
  signal?: AbortSignal;
}

const block = 64 * 1024;
/** Further back than where the counted records begin, so that a line of pieces is whole. */
const margin = 256 * 1024;
const mostWaiting = 256;
const newline = 10;

type Take = (record: CriRecord) => Promise<boolean>;

function wanted(request: ReadLog, { stream, timeNano }: CriRecord): boolean {
  if (!request[stream]) return false;
  if (request.since !== undefined && timeNano < request.since) return false;
  return request.until === undefined || timeNano <= request.until;
}

/** Lines of two streams that came in pieces are in order of time only roughly. */
const disorderNano = 1_000_000_000n;

/** Whether nothing after this record can be wanted. */
function isPast(request: ReadLog, { timeNano }: CriRecord): boolean {
  return request.until !== undefined && timeNano > request.until + disorderNano;
}

/** Calls `stop` at the time `until`; returns how to forget it. */
function atTime(until: bigint | undefined, stop: () => void): () => void {
  if (until === undefined) return () => {};
  const milliseconds = Number(until / 1_000_000n) - Date.now();
  // longer than a timer can be is as good as never
  if (milliseconds >= 2 ** 31) return () => {};
  const timer = setTimeout(stop, Math.max(0, milliseconds)).unref();
  return () => clearTimeout(timer);
}

/** Start of the first line in the last `count` lines of `segment[0, size)`, and `margin` bytes further back. */
async function lastLines(segment: LogSegment, size: number, count: number): Promise<number> {
  const buffer = Buffer.alloc(block);
  let seen = 0;
  let from = size;
  while (from > 0 && seen <= count) {
    const length = Math.min(block, from);
    from -= length;
    const bytesRead = await readPiece(segment, buffer, length, from);
    for (
      let at = buffer.lastIndexOf(newline, bytesRead - 1);
      at >= 0 && seen <= count;
      at = at > 0 ? buffer.lastIndexOf(newline, at - 1) : -1
    ) {
      seen++;
      if (seen > count) from += at + 1;
    }
  }
  return lineStart(segment, Math.max(0, from - margin));
}

/** The first start of a line at or after `offset`. */
async function lineStart(segment: LogSegment, offset: number): Promise<number> {
  if (offset === 0) return 0;
  const buffer = Buffer.alloc(block);
  for (let from = offset - 1; ; ) {
    const bytesRead = await readPiece(segment, buffer, block, from);
    if (bytesRead === 0) return from;
    const at = buffer.subarray(0, bytesRead).indexOf(newline);
    if (at >= 0) return from + at + 1;
    from += bytesRead;
  }
}

/** Where in the chain to begin, and how many wanted records after that to leave out. */
interface Begin {
  index: number;
  from: number;
  skip: number;
}

/** Finds the last `count` wanted records of one segment: where to begin for them, and how many there are from there. */
async function findInSegment(
  segment: LogSegment,
  request: ReadLog,
  { count: wish, isLast }: { count: number; isLast: boolean },
): Promise<{ from: number; count: number }> {
  const size = segment.compressed ? Number.POSITIVE_INFINITY : segmentSize(segment);
  // a line may hold nothing wanted: look further and further back until there is enough, or all
  for (let lines = wish + 1; ; lines *= 8) {
    const from = segment.compressed ? 0 : await lastLines(segment, size, lines);
    const parser = createCriParser();
    let count = 0;
    const add = (records: readonly CriRecord[]) => {
      count += records.filter((record) => wanted(request, record)).length;
    };
    await readSegment(
      segment,
      from,
      async (bytes) => {
        add(parser.push(bytes));
        return true;
      },
      size,
    );
    // a line that is not finished yet is told when it is, unless nobody waits for that
    if (isLast && !request.followUntil) add(parser.flush());
    if (from === 0 || count >= wish) return { from, count };
  }
}

async function findTail(segments: readonly LogSegment[], request: ReadLog): Promise<Begin> {
  const { tail } = request;
  if (tail === undefined) return { index: 0, from: 0, skip: 0 };
  let missing = tail;
  for (let index = segments.length - 1; ; index--) {
    const segment = segments[index];
    if (!segment) return { index: 0, from: 0, skip: 0 };
    const { from, count } = await findInSegment(segment, request, {
      count: missing,
      isLast: index === segments.length - 1,
    });
    // the first line of a file may be the end of one that began in the file before
    if (count > missing || (count === missing && from > 0)) return { index, from, skip: count - missing };
    missing -= count;
  }
}

/** Without those in which everything is from before. */
function youngEnough(segments: readonly LogSegment[], { since }: ReadLog): LogSegment[] {
  if (since === undefined) return [...segments];
  const least = Number((since - disorderNano) / 1_000_000n);
  return segments.filter(({ modified }, index) => index === segments.length - 1 || modified >= least);
}

async function readAll(
  all: readonly LogSegment[],
  held: HeldLog | undefined,
  request: ReadLog,
  take: Take,
): Promise<void> {
  const segments = youngEnough(all, request);
  const { index: first, from, skip } = await findTail(segments, request);
  const parser = createCriParser();
  let toSkip = skip;
  const give = async (records: readonly CriRecord[]): Promise<boolean> => {
    for (const record of records) {
      if (request.signal?.aborted || isPast(request, record)) return false;
      if (!wanted(request, record)) continue;
      if (toSkip > 0) toSkip--;
      else if (!(await take(record))) return false;
    }
    return true;
  };
  const use = (bytes: Buffer) => give(parser.push(bytes));
  let offset = 0;
  for (const [index, segment] of segments.entries()) {
    if (index < first) continue;
    const read = await readSegment(segment, index === first ? from : 0, use);
    if (read.stopped) return;
    offset = read.offset;
  }
  if (held) await followFrom(held, offset, request, use);
  await give(parser.flush());
}

/** Goes on where the reading has ended. */
async function followFrom(
  chain: HeldLog,
  offset: number,
  { file, followUntil, until, signal }: ReadLog,
  use: (bytes: Buffer) => Promise<boolean>,
): Promise<void> {
  let forget = () => {};
  const inTime = new Promise<void>((resolve) => {
    forget = atTime(until, resolve);
  });
  const ended = Promise.race([Promise.resolve(followUntil).catch(() => {}), inTime]);
  // in the middle of a rotation the newest may be a compressed one: its successor comes
  const from = chain.present.compressed ? Number.POSITIVE_INFINITY : offset;
  try {
    await followLog({ file, chain, from, until: ended, signal, use });
  } finally {
    forget();
  }
}

/**
 * Reads a container's log with its rotated files, streaming: memory does not grow with them, and a reader that is slow
 * slows the reading.
 * A log that is not there is empty. Leaving the loop ends the work.
 */
export function readCriLog(request: ReadLog): Channel<CriRecord> {
  const stopping = new AbortController();
  const signal = request.signal ? AbortSignal.any([request.signal, stopping.signal]) : stopping.signal;
  let taken = () => {};
  const channel = createChannel<CriRecord>({
    onTake: (waiting) => {
      if (waiting < mostWaiting / 2) taken();
    },
    onClose: () => {
      stopping.abort();
      taken();
    },
  });
  const take: Take = async (record) => {
    if (channel.push(record) >= mostWaiting) {
      await new Promise<void>((resolve) => {
        taken = resolve;
      });
    }
    return !signal.aborted;
  };
  const work = async () => {
    const segments = openSegments(request.file);
    const last = segments.at(-1);
    if (!last) return;
    const held = request.followUntil ? holdLog(request.file, last) : undefined;
    try {
      await readAll(segments, held, { ...request, signal }, take);
    } finally {
      for (const segment of held ? segments.slice(0, -1) : segments) closeSegment(segment);
      held?.close();
    }
  };
  work().then(
    () => channel.end(),
    (error) => channel.fail(error),
  );
  return channel;
}
