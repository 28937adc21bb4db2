import { EngineError } from '../../../base/errors.ts';
import { attemptList, decisive, SourcesFailure } from '../../../registry/mirrors/source.ts';
import { familiarReference, type Reference } from '../../../registry/reference.ts';

/** Docker's words for what a registry most often refuses; where several were asked, what each said follows. */
export function inDockersWords(error: unknown, reference: Reference): unknown {
  if (!(error instanceof SourcesFailure)) return error;
  const { attempts } = error;
  const { failure } = decisive(attempts);
  const { status, registryCode, detail, kind } = failure.details;
  const name = familiarReference({ domain: reference.domain, path: reference.path });
  const all = attempts.length > 1 ? `; asked were ${attemptList(attempts)}` : '';
  const words = `${detail ? `: ${detail}` : ''}${all}`;
  if (status === 401 || (registryCode === 'NAME_UNKNOWN' && status !== 403)) {
    return new EngineError(
      'not-found',
      `pull access denied for ${name}, repository does not exist or may require 'docker login'${words}`,
      { reason: 'image.pull-denied', params: { image: name, detail: detail ?? '' }, cause: error },
    );
  }
  if (status === 404) {
    return new EngineError('not-found', `manifest for ${familiarReference(reference)} not found${words}`, {
      reason: 'image.manifest-unknown',
      params: { image: familiarReference(reference) },
      cause: error,
    });
  }
  const { reason, params } = failure;
  const told = { ...(reason && { reason }), params, cause: error };
  if (kind === 'connect') {
    const hint = 'check the network and the proxy, or bring the image in with `docker load`';
    const message = `cannot pull ${familiarReference(reference)}: ${failure.message}${all}; ${hint}`;
    return new EngineError(error.code, message, told);
  }
  return all ? new EngineError(error.code, `${failure.message}${all}`, told) : failure;
}
