import { EngineError } from '../../base/errors.ts';
import type { LayerProgress, PullMessage, PushMessage, PushProgress } from '../../services/images/image-service.ts';
import type { RegistryLogin } from '../../services/registries/registry-service.ts';

const words = {
  waiting: 'Pulling fs layer',
  there: 'Already exists',
  downloading: 'Downloading',
  downloaded: 'Download complete',
  done: 'Pull complete',
} as const satisfies Record<LayerProgress['state'], string>;

/**
 * A line of a pull as Docker's clients draw it: bars by `id` and `progressDetail` (moby: pkg/jsonmessage). Undefined for what
 * they have no words for.
 */
export function pullMessageToWire(message: PullMessage): string | undefined {
  if ('status' in message) return JSON.stringify(message);
  if (!('layer' in message)) return undefined;
  const { layer, progress } = message;
  const progressDetail = progress.state === 'downloading' ? { current: progress.current, total: progress.total } : {};
  return JSON.stringify({
    status: words[progress.state],
    progressDetail,
    id: layer.replace('sha256:', '').slice(0, 12),
  });
}

const pushWords = {
  preparing: 'Preparing',
  there: 'Layer already exists',
  mounted: 'Mounted from',
  pushing: 'Pushing',
  done: 'Pushed',
} as const satisfies Record<PushProgress['state'], string>;

/** Lines of a push: two for what is there now, as Docker sends them, of which clients read the second. */
export function pushMessageToWire(message: PushMessage): string {
  if ('pushed' in message) {
    const { tag, digest, size } = message.pushed;
    const status = JSON.stringify({ status: `${tag}: digest: ${digest} size: ${size}` });
    return `${status}\r\n${JSON.stringify({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: size } })}`;
  }
  if (!('layer' in message)) return JSON.stringify(message);
  const { layer, progress } = message;
  const progressDetail = progress.state === 'pushing' ? { current: progress.current, total: progress.total } : {};
  const status = progress.state === 'mounted' ? `Mounted from ${progress.from}` : pushWords[progress.state];
  return JSON.stringify({ status, progressDetail, id: layer });
}

/**
 * The login of the header X-Registry-Auth: JSON in base64url, with or without padding; of old clients plain base64.
 *
 * @throws EngineError `invalid` (`request.invalid`); nothing of the header is told.
 */
export function loginFromWire(header: string | string[] | undefined): RegistryLogin | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    throw new EngineError('invalid', 'invalid X-Registry-Auth header: it is not JSON in base64', {
      reason: 'request.invalid',
      params: { detail: 'X-Registry-Auth' },
    });
  }
  return loginOf(value);
}

/** Docker's AuthConfig; undefined for an empty one. */
export function loginOf(value: unknown): RegistryLogin | undefined {
  const { username, password, auth, identitytoken, registrytoken } = (value ?? {}) as Record<string, unknown>;
  const text = (one: unknown) => (typeof one === 'string' ? one : '');
  const [authName = '', ...authRest] = Buffer.from(text(auth), 'base64').toString('utf8').split(':');
  const login = {
    username: text(username) || authName,
    password: text(password) || authRest.join(':'),
    ...(text(identitytoken) && { identityToken: text(identitytoken) }),
    ...(text(registrytoken) && { registryToken: text(registrytoken) }),
  };
  const isEmpty = !login.username && !login.identityToken && !login.registryToken;
  return isEmpty ? undefined : login;
}
