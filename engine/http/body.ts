import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { EngineError, messageOf } from '../base/errors.ts';

/** Bytes a JSON body may have. */
export const jsonLimit = 4 * 1024 * 1024;

const invalid = (message: string) =>
  new EngineError('invalid', `invalid JSON: ${message}`, { reason: 'request.invalid' });

/** @throws EngineError `invalid` (`request.too-large`). */
export function refuseTooLarge(): never {
  throw new EngineError('invalid', `request body is larger than ${jsonLimit} bytes`, {
    reason: 'request.too-large',
    params: { limit: jsonLimit },
  });
}

async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } catch (cause) {
    throw new EngineError('cancelled', 'the client closed the connection before the whole body came', { cause });
  }
}

/**
 * A body as a stream that may be destroyed without the connection: the answer can still be sent. Fails with
 * `cancelled` when the client leaves.
 */
export function bodyOf(request: IncomingMessage): Readable {
  return Readable.from(chunksOf(request), { objectMode: false });
}

/** What Go's decoder says where V8 says something else. */
function goWords(message: string, text: string): string {
  const at = /^Expected .* at position (\d+)/s.exec(message)?.[1];
  if (/end of JSON input|Unterminated/.test(message) || Number(at) >= text.trimEnd().length) return 'unexpected EOF';
  const token = /^Unexpected token '(.*?)',/s.exec(message)?.[1];
  return token === undefined ? message : `invalid character '${token}' looking for beginning of value`;
}

/**
 * Reads a JSON body whole; undefined when there is none.
 * @throws EngineError `invalid` with `request.invalid` (not JSON) or `request.too-large`.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers['content-length'] ?? 0) > jsonLimit) refuseTooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(request)) {
    size += chunk.length;
    if (size > jsonLimit) refuseTooLarge();
    chunks.push(chunk);
  }
  return parseJson(request, Buffer.concat(chunks));
}

/** A body that was read whole as JSON; undefined when there is none. @throws EngineError `invalid` (`request.invalid`). */
export function parseJson(request: IncomingMessage, body: Buffer): unknown {
  const text = body.toString('utf8');
  if (text.trim() === '') return undefined;
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/json\s*(;|$)/i.test(type)) {
    throw new EngineError('invalid', `unsupported Content-Type header (${type}): must be 'application/json'`, {
      reason: 'request.invalid',
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(goWords(messageOf(error), text));
  }
  refuseTooDeep(value);
  return value;
}

/** Far above what any body of Docker's API has, far below where walking it takes the whole stack. */
const deepest = 500;

/** Level by level, for a walk that calls itself is what this keeps from overflowing. */
function refuseTooDeep(value: unknown): void {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) throw invalid('exceeded max depth');
    level = level.flatMap((item) => (item !== null && typeof item === 'object' ? Object.values(item) : []));
  }
}
