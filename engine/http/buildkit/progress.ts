import { createHash } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampNow } from '@bufbuild/protobuf/wkt';
import { messageOf } from '../../base/errors.ts';
import type { StatusResponseSchema } from './generated/control_pb.ts';

export type ProgressEvent = MessageInitShape<typeof StatusResponseSchema>;

/** A line of a build's progress, with what is below it. */
export interface Vertex {
  log(stream: 'stdout' | 'stderr', data: Uint8Array): void;
  /** How far something is, in bytes; `total` 0: nobody knows. The same `id` again moves it on. */
  status(id: string, state: { current: number; total?: number; isDone?: boolean }): void;
  warn(words: string): void;
  done(how?: { cached?: boolean; error?: unknown }): void;
}

/** What happens in one build, kept for whoever comes late. */
export interface Progress {
  begin(name: string): Vertex;
  warn(words: string): void;
  /** Lines that still go on have failed with it: one by this error, that whose name fits, or the last. */
  fail(error: unknown, isAt: (name: string) => boolean): void;
  /** Nothing more comes. */
  end(): void;
  /** From the beginning to the end. */
  events(signal: AbortSignal): AsyncGenerator<ProgressEvent>;
}

const streams = { stdout: 1n, stderr: 2n } as const;

/** @param ref of the build, which no other build has */
export function createProgress(ref: string): Progress {
  const told: ProgressEvent[] = [];
  const open = new Map<string, { name: string; vertex: Vertex }>();
  let hasEnded = false;
  let moved = Promise.withResolvers<void>();
  let count = 0;
  const tell = (event: ProgressEvent) => {
    told.push(event);
    moved.resolve();
    moved = Promise.withResolvers();
  };
  return {
    begin(name) {
      const key = String(++count);
      const vertex = createVertex({ name, digest: digestOf(ref, key), tell, onDone: () => open.delete(key) });
      open.set(key, { name, vertex });
      return vertex;
    },
    warn(words) {
      const digest = digestOf(ref, 'warnings');
      tell({ warnings: [{ vertex: digest, level: 1n, short: Buffer.from(words) }] });
    },
    fail(error, isAt) {
      const all = [...open.values()];
      const at = all.find(({ name }) => isAt(name)) ?? all.at(-1);
      for (const each of all) each.vertex.done({ error: each === at ? error : 'context canceled' });
    },
    end() {
      hasEnded = true;
      moved.resolve();
    },
    async *events(signal) {
      for (let at = 0; !signal.aborted; ) {
        const event = told[at];
        if (event) {
          at++;
          yield event;
        } else if (hasEnded) return;
        else await Promise.race([moved.promise, aborted(signal)]);
      }
    },
  };
}

const digestOf = (...parts: string[]) => `sha256:${createHash('sha256').update(parts.join('\0')).digest('hex')}`;

interface VertexParts {
  name: string;
  digest: string;
  tell(event: ProgressEvent): void;
  onDone(): void;
}

function createVertex({ name, digest, tell, onDone }: VertexParts): Vertex {
  const started = timestampNow();
  const begun = new Map<string, ReturnType<typeof timestampNow>>();
  tell({ vertexes: [{ digest, name, started }] });
  return {
    log: (stream, msg) =>
      tell({ logs: [{ vertex: digest, timestamp: timestampNow(), stream: streams[stream], msg: Buffer.from(msg) }] }),
    status(id, { current, total = 0, isDone = false }) {
      const timestamp = timestampNow();
      const since = begun.get(id) ?? timestamp;
      begun.set(id, since);
      const numbers = { current: BigInt(current), total: BigInt(total) };
      const times = { timestamp, started: since, ...(isDone && { completed: timestamp }) };
      tell({ statuses: [{ ID: id, vertex: digest, name: id, ...numbers, ...times }] });
    },
    warn: (words) => tell({ warnings: [{ vertex: digest, level: 1n, short: Buffer.from(words) }] }),
    done({ cached = false, error } = {}) {
      onDone();
      const failed = error === undefined ? {} : { error: messageOf(error) };
      tell({ vertexes: [{ digest, name, started, completed: timestampNow(), cached, ...failed }] });
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
