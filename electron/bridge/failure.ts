/** The engine's vocabulary of failure as it crosses the bridge; `electron/hosts/host-error.ts` ties it to the engine's. */
export type FailureCode =
  | 'not-found'
  | 'invalid'
  | 'conflict'
  | 'not-modified'
  | 'unauthorized'
  | 'forbidden'
  | 'unavailable'
  | 'not-implemented'
  | 'cancelled'
  | 'internal';

/** What went wrong, as plain data: an Error would lose all but its message on the way to the renderer. */
export interface Failure {
  readonly code: FailureCode;
  /** Docker's English words: what is wrong and what to do. Shown when `reason` has no translation. */
  readonly message: string;
  /** Finer than `code` and stable, e.g. `container.name-taken`: the renderer translates by it. */
  readonly reason?: string;
  /** Values for the translated sentence. */
  readonly params: Readonly<Record<string, string | number>>;
}

/** What was granted otherwise than asked; `message` as with a failure. */
export interface Warning {
  readonly message: string;
  readonly reason?: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

/** The answer of a call: exceptions cannot cross contextBridge with their fields, so failure is a value. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure };
