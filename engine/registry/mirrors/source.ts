import { EngineError, type ErrorParams } from '../../base/errors.ts';
import { type Endpoint, endpointText } from '../endpoint.ts';
import type { RegistryFailure } from '../registry-failure.ts';

/** One that can be asked for a repository. */
export interface Source {
  endpoint: Endpoint;
  role: 'upstream' | 'mirror';
  /** As it is shown: `https://mirror.example/project`. */
  text: string;
}

export const sourceOf = (endpoint: Endpoint, role: Source['role']): Source => ({
  endpoint,
  role,
  text: endpointText(endpoint),
});

/** One decision about an endpoint. */
export interface SourceNote {
  /** `https://mirror.example/project`. */
  endpoint: string;
  /** The registry itself, or a mirror. */
  role: Source['role'];
  /** What for; of a blob `digest` tells which. */
  what: 'tag' | 'manifest' | 'config' | 'layer';
  digest?: string;
  /**
   * `served`: it gave what was asked for, or the rest of it. `failed`: it did not; the next one is asked. `slow`: below the
   * floor, and left. `hedged`: silent for so long that another one was asked beside it. `passed-over`: not asked while
   * others can be, for it is sick.
   */
  event: 'served' | 'failed' | 'slow' | 'hedged' | 'passed-over';
  /** From this byte on. */
  offset?: number;
  /** Bytes it gave. */
  bytes?: number;
  /** Milliseconds. */
  took?: number;
  status?: number;
  reason?: string;
  params?: ErrorParams;
  /** In English words. */
  message?: string;
}

export interface Attempt {
  source: Source;
  failure: RegistryFailure;
}

/** Everybody was asked, and nobody gave it. */
export class SourcesFailure extends EngineError {
  /** In their order; each endpoint once, with its last failure. */
  readonly attempts: readonly Attempt[];

  constructor(attempts: readonly Attempt[]) {
    const last = decisive(attempts);
    const { reason, params } = last.failure;
    super(last.failure.code, attemptsText(attempts), { ...(reason && { reason }), params, cause: last.failure });
    this.name = 'SourcesFailure';
    this.attempts = attempts;
  }
}

/** The one whose answer says most: the registry itself, or else the last. */
export function decisive(attempts: readonly Attempt[]): Attempt {
  const found = attempts.find(({ source }) => source.role === 'upstream') ?? attempts.at(-1);
  if (!found) throw new EngineError('internal', 'nobody was asked');
  return found;
}

/** Of one its words; of several all, so that nobody has to guess which one failed for what. */
function attemptsText(attempts: readonly Attempt[]): string {
  if (attempts.length === 1) return decisive(attempts).failure.message;
  return `${attempts.length} registries were asked, and none gave it: ${attemptList(attempts)}`;
}

export const attemptList = (attempts: readonly Attempt[]) =>
  attempts
    .map(({ source, failure }) => {
      const { status, detail } = failure.details;
      const words = [status, detail].filter(Boolean).join(' ') || failure.message;
      return `${source.text}: ${words}`;
    })
    .join('; ');
