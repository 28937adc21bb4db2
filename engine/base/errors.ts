import type { ErrorReason } from './error-reasons.ts';

/**
 * The one vocabulary of failure. Services and mechanisms throw `EngineError`; `http/status.ts` alone knows HTTP statuses.
 */
export const errorCodes = [
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
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export type ErrorParams = Readonly<Record<string, string | number>>;

export interface EngineErrorOptions {
  /**
   * What went wrong, finer than `code`, stable, e.g. `container.name-taken`: the app translates by it.
   * Every reason used is listed in `base/error-reasons.ts`, which ties it to both locales.
   */
  reason?: ErrorReason;
  /** Values for the translated sentence. */
  params?: ErrorParams;
  cause?: unknown;
}

/** A failure with a stable code. `message` is in Docker's English words: what is wrong and what to do. */
export class EngineError extends Error {
  readonly code: ErrorCode;
  readonly reason: ErrorReason | undefined;
  readonly params: ErrorParams;
  /** Of the text that it is about, from 1, both included: a Dockerfile's. Put in by whoever knows the place. */
  lines: { readonly first: number; readonly last: number } | undefined;

  constructor(code: ErrorCode, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.reason = options.reason;
    this.params = options.params ?? {};
  }
}

/** The words of any thrown thing. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What `look` resolves to; undefined when that does not exist (`not-found`). @throws any other failure of it */
export async function unlessMissing<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'not-found') return undefined;
    throw error;
  }
}

/** Any thrown thing as an `EngineError`; what is not one becomes `internal` with its message kept. */
export function toEngineError(error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  return new EngineError('internal', messageOf(error), { cause: error });
}
