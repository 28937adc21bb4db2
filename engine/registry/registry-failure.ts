import { EngineError, type EngineErrorOptions, type ErrorCode } from '../base/errors.ts';

/** In which way a registry failed: what decides whether another one is asked. */
export type FailureKind =
  /** No connection, or none in time: DNS, refused, unreachable, limit of time to connect. */
  | 'connect'
  /** A certificate that is not trusted, or no TLS at all. */
  | 'tls'
  /** It was silent for longer than allowed. */
  | 'stalled'
  /** It gave less than the least that is taken, while another one could be asked. */
  | 'slow'
  /** The answer ended before its end. */
  | 'cut'
  /** A status that is no success. */
  | 'status'
  /** An answer that breaks the protocol, or other bytes than their digest says. */
  | 'wrong';

export interface FailureDetails {
  kind: FailureKind;
  /** The endpoint's host. */
  host: string;
  status?: number;
  /** `code` of the registry's first error (OCI distribution spec, "Error Codes"): `MANIFEST_UNKNOWN`, `DENIED`. */
  registryCode?: string;
  /** What the registry says, in its words. */
  detail?: string;
  /** Milliseconds that the registry asks to wait for (Retry-After). */
  retryAfter?: number;
}

/** A registry did not do what it was asked for; `kind` and `status` decide what comes next. */
export class RegistryFailure extends EngineError {
  readonly details: FailureDetails;

  constructor(code: ErrorCode, message: string, details: FailureDetails, options: EngineErrorOptions) {
    super(code, message, options);
    this.name = 'RegistryFailure';
    this.details = details;
  }
}

const codeOfStatus = (status: number): ErrorCode => {
  if (status === 404) return 'not-found';
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  return status === 400 || status === 412 || status === 416 ? 'invalid' : 'unavailable';
};

/** The failure of an answer with this status. */
export function statusFailure(details: FailureDetails & { status: number }, what: string): RegistryFailure {
  const { host, status, detail } = details;
  const words = detail ? `: ${detail}` : '';
  const message = `${host} answered ${status} for ${what}${words}`;
  return new RegistryFailure(codeOfStatus(status), message, details, {
    reason: 'registry.refused',
    params: { host, status, detail: detail ?? '', what },
  });
}

const certificateCodes =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT.*|CERT_.*|ERR_TLS_.*|ERR_SSL_.*|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|CRL_.*)$/;

const codeOf = (error: unknown) => {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
};

/** The failure of a connection: of Node's errors those of TLS are told apart. */
export function connectionFailure(host: string, cause: unknown): RegistryFailure {
  const code = codeOf(cause);
  const words = cause instanceof Error && cause.message ? cause.message : code || 'no answer';
  if (certificateCodes.test(code)) {
    return new RegistryFailure(
      'unavailable',
      `${host}: TLS failed: ${words}`,
      { kind: 'tls', host, detail: words },
      {
        reason: 'registry.tls',
        params: { host, detail: words },
        cause,
      },
    );
  }
  return new RegistryFailure(
    'unavailable',
    `${host} cannot be reached: ${words}`,
    { kind: 'connect', host, detail: words },
    { reason: 'registry.unreachable', params: { host, detail: words }, cause },
  );
}

/** It was silent for `milliseconds`, or its answer ended too early, or it is not what was asked for. */
export function answerFailure(
  kind: 'stalled' | 'slow' | 'cut' | 'wrong',
  host: string,
  detail: string,
  cause?: unknown,
): RegistryFailure {
  return new RegistryFailure(
    'unavailable',
    `${host}: ${detail}`,
    { kind, host, detail },
    {
      reason: 'registry.broken-answer',
      params: { host, detail },
      cause,
    },
  );
}

/** It wants a login, and nobody gave us one for exactly this host. */
export function loginMissing({ details, params }: RegistryFailure): RegistryFailure {
  const { host } = details;
  const message = `${host} wants a login, and there is none for it: log in to ${host} in Beluga`;
  return new RegistryFailure(
    'unauthorized',
    message,
    { ...details, detail: 'it wants a login, and there is none' },
    {
      reason: 'registry.login-missing',
      params: { ...params, host },
    },
  );
}
