import type { ErrorCode } from '../base/errors.ts';

/** HTTP status of every kind of failure: the only place that knows one (Docker: `errdefs` to status). */
export const statusOf = {
  'not-found': 404,
  invalid: 400,
  conflict: 409,
  'not-modified': 304,
  unauthorized: 401,
  forbidden: 403,
  unavailable: 503,
  'not-implemented': 501,
  cancelled: 499,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

/** A failure of the request itself that has a status finer than its code. */
export const tooLarge = 413;
