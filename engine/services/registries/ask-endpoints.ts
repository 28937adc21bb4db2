import { EngineError } from '../../base/errors.ts';
import { endpointText } from '../../registry/endpoint.ts';
import type { RepositoryEndpoints } from '../../registry/mirrors/rules.ts';
import { type Attempt, type Source, SourcesFailure, sourceOf } from '../../registry/mirrors/source.ts';
import { answerFailure, RegistryFailure } from '../../registry/registry-failure.ts';

/** For what a registry says of itself: its own word first, that of its mirrors where it cannot be had. */
export function sourcesToAsk({ upstream, mirrors, mirrorOnly }: RepositoryEndpoints): readonly Source[] {
  const others = mirrors.map((mirror) => sourceOf(mirror, 'mirror'));
  return mirrorOnly ? others : [sourceOf(upstream, 'upstream'), ...others];
}

/**
 * Asks one after the other until one answers; each has `milliseconds`.
 *
 * @throws SourcesFailure with what each said; the signal's reason; what is no RegistryFailure as it is.
 */
export async function askEndpoints<T>(
  sources: readonly Source[],
  { milliseconds, signal }: { milliseconds: number; signal: AbortSignal },
  ask: (source: Source, signal: AbortSignal) => Promise<T>,
): Promise<{ value: T; endpoint: string }> {
  const attempts: Attempt[] = [];
  for (const source of sources) {
    try {
      const value = await within(source.endpoint.host, milliseconds, signal, (bounded) => ask(source, bounded));
      return { value, endpoint: endpointText(source.endpoint) };
    } catch (error) {
      if (!(error instanceof RegistryFailure)) throw error;
      attempts.push({ source, failure: error });
    }
  }
  throw new SourcesFailure(attempts);
}

/** `ask` with so much time, and not longer than its client stays. @throws RegistryFailure `stalled`; EngineError `cancelled`. */
export async function within<T>(
  host: string,
  milliseconds: number,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = AbortSignal.timeout(milliseconds);
  try {
    return await ask(AbortSignal.any([signal, limit]));
  } catch (error) {
    if (signal.aborted) throw new EngineError('cancelled', 'the client left', { cause: error });
    if (limit.aborted) throw answerFailure('stalled', host, `no answer within ${milliseconds / 1000} s`, error);
    throw error;
  }
}
