/**
 * The log format of CRI, written by conmon's `k8s-file` driver: `TIME STREAM TAG TEXT\n`, e.g.
 * `2026-01-02T03:04:05.123456789+00:00 stdout F hello`. Tag F: the text ended a line; P: it did not.
 */
export interface CriRecord {
  /** Nanoseconds since the epoch. */
  timeNano: bigint;
  stream: 'stdout' | 'stderr';
  /** With its newline where the container wrote one. */
  data: Uint8Array;
}

/** Docker cuts lines into messages of this size. */
export const longestMessage = 16 * 1024;
/** conmon's pieces are of 8 KiB at most; anything much longer is no log of conmon's. */
const longestLine = 1024 * 1024;

const newline = 10;
const space = 32;
const partialTag = 'P'.charCodeAt(0);

/** RFC 3339 with up to nine digits of a second. NaN-proof: what is no time is 0. */
export function parseTime(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const milliseconds = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  if (!match || Number.isNaN(milliseconds)) return 0n;
  return BigInt(milliseconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

interface Line {
  time: string;
  stream: 'stdout' | 'stderr';
  partial: boolean;
  data: Buffer;
}

/** One line with its newline; undefined for what is no record. */
function parseLine(line: Buffer): Line | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second < 0 || third < 0) return undefined;
  const partial = line[second + 1] === partialTag;
  return {
    time: line.toString('latin1', 0, first),
    stream: line.toString('latin1', first + 1, second) === 'stderr' ? 'stderr' : 'stdout',
    partial,
    data: line.subarray(third + 1, partial ? line.length - 1 : line.length),
  };
}

interface Pending {
  time: string;
  pieces: Buffer[];
  length: number;
}

/** Turns the bytes of a log into records; pieces of one line are joined up to `longestMessage`, as Docker shows them. */
export interface CriParser {
  /** Records that these bytes complete. */
  push(bytes: Buffer): CriRecord[];
  /** At the end of the log: lines that never got their newline. */
  flush(): CriRecord[];
  /** Bytes at the end of what was given that no record has yet; undefined while a line of several pieces is not whole. */
  readonly pendingBytes: number | undefined;
}

export function createCriParser(): CriParser {
  let rest: Buffer = Buffer.alloc(0);
  const pending = { stdout: undefined, stderr: undefined } as Record<CriRecord['stream'], Pending | undefined>;

  const take = (stream: CriRecord['stream']): CriRecord[] => {
    const waiting = pending[stream];
    pending[stream] = undefined;
    if (!waiting || waiting.length === 0) return [];
    const [only] = waiting.pieces;
    const data = only && waiting.pieces.length === 1 ? only : Buffer.concat(waiting.pieces);
    return [{ timeNano: parseTime(waiting.time), stream, data }];
  };
  const add = ({ time, stream, partial, data }: Line): CriRecord[] => {
    const done: CriRecord[] = [];
    const before = pending[stream];
    if (before && before.length + data.length > longestMessage) done.push(...take(stream));
    const waiting = pending[stream] ?? { time, pieces: [], length: 0 };
    waiting.pieces.push(data);
    waiting.length += data.length;
    pending[stream] = waiting;
    return partial ? done : [...done, ...take(stream)];
  };
  return {
    push(bytes) {
      const text = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
      const records: CriRecord[] = [];
      let start = 0;
      for (let end = text.indexOf(newline); end >= 0; end = text.indexOf(newline, start)) {
        const line = parseLine(text.subarray(start, end + 1));
        if (line) records.push(...add(line));
        start = end + 1;
      }
      // copied, so that a small rest does not keep a large buffer
      rest = text.length - start > longestLine ? Buffer.alloc(0) : Buffer.from(text.subarray(start));
      return records;
    },
    flush: () => [...take('stdout'), ...take('stderr')],
    get pendingBytes() {
      return pending.stdout || pending.stderr ? undefined : rest.length;
    },
  };
}
