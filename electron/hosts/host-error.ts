import type { HostFailure } from '../../engine/compose/docker-host.ts';
import type { Failure, FailureCode } from '../bridge/failure.ts';

interface HostErrorOptions {
  readonly reason?: string;
  readonly params?: HostFailure['params'];
  readonly cause?: unknown;
}

/** The one error of everything in the main process that has to do with a host. */
export class HostError extends Error implements HostFailure {
  readonly code: HostFailure['code'] & FailureCode;
  readonly reason: string | undefined;
  readonly params: HostFailure['params'];

  constructor(code: HostFailure['code'], message: string, options: HostErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'HostError';
    this.code = code;
    this.reason = options.reason;
    this.params = options.params ?? {};
  }
}

/** What a status means when the body gives no code of its own (dockerd, Podman). */
const codeOfStatus: Readonly<Record<number, HostFailure['code']>> = {
  304: 'not-modified',
  400: 'invalid',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  409: 'conflict',
  413: 'invalid',
  499: 'cancelled',
  501: 'not-implemented',
  503: 'unavailable',
};

const codes = [
  'not-found',
  'invalid',
  'conflict',
  'not-modified',
  'unauthorized',
  'forbidden',
  'unavailable',
  'not-implemented',
  'cancelled',
  'internal',
] as const satisfies readonly FailureCode[];

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function knownCode(value: unknown): FailureCode | undefined {
  return codes.find((code) => code === value);
}

function paramsOf(value: unknown): HostFailure['params'] {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).filter(
    (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
  );
  return Object.fromEntries(entries);
}

/** From the fields that a Beluga engine writes, in an error's body and in the last line of its log. */
export function errorFromFields(fields: unknown, fallback: { code: HostFailure['code']; message: string }): HostError {
  const body = isRecord(fields) ? fields : {};
  const message = typeof body.message === 'string' && body.message !== '' ? body.message : fallback.message;
  return new HostError(knownCode(body.code) ?? fallback.code, message, {
    ...(typeof body.reason === 'string' ? { reason: body.reason } : {}),
    params: paramsOf(body.params),
  });
}

/** From an answer: Beluga's body is `{message, code, reason, params}`, dockerd's `{message}`, a 304 has none. */
export function errorFromAnswer(status: number, body: string): HostError {
  const fallback = { code: codeOfStatus[status] ?? 'internal', message: body.trim() || `The host answered ${status}.` };
  try {
    return errorFromFields(JSON.parse(body), fallback);
  } catch {
    return new HostError(fallback.code, fallback.message);
  }
}

const isUnreachable = new Set(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'ETIMEDOUT']);

/** Any thrown thing as a `HostError`; a connection that failed or broke becomes `unavailable`. */
export function toHostError(error: unknown): HostError {
  if (error instanceof HostError) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && error.name === 'AbortError')
    return new HostError('cancelled', 'Cancelled.', { cause: error });
  const systemCode = isRecord(error) ? error.code : undefined;
  if (typeof systemCode === 'string' && isUnreachable.has(systemCode)) {
    return new HostError('unavailable', `The container engine does not answer: ${message}`, {
      reason: 'engine.not-answering',
      cause: error,
    });
  }
  return new HostError('internal', message, { cause: error });
}

/** As the bridge carries it. */
export function toFailure(error: unknown): Failure {
  const { code, message, reason, params } = toHostError(error);
  return { code, message, params, ...(reason === undefined ? {} : { reason }) };
}
