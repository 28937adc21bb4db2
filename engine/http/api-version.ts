import { EngineError } from '../base/errors.ts';

/** Version of the Docker Engine API, `[major, minor]`. */
export type ApiVersion = readonly [number, number];

export const maximumApiVersion: ApiVersion = [1, 51];
export const minimumApiVersion: ApiVersion = [1, 24];

export const formatVersion = (version: ApiVersion): string => version.join('.');

/** Whether `version` is `other` or later. */
export function isAtLeast(version: ApiVersion, other: ApiVersion): boolean {
  return version[0] === other[0] ? version[1] >= other[1] : version[0] > other[0];
}

/**
 * Takes the version prefix off a path; without one the request speaks the newest version (Docker's rule).
 * @throws EngineError `invalid` (`request.version`) in Docker's words for one that is too old or too new.
 */
export function splitVersion(path: string): { version: ApiVersion; path: string } {
  const match = /^\/v(\d+)\.(\d+)(?=\/|$)/.exec(path);
  if (!match) return { version: maximumApiVersion, path };
  const version: ApiVersion = [Number(match[1]), Number(match[2])];
  const asked = formatVersion(version);
  if (!isAtLeast(maximumApiVersion, version)) {
    const maximum = formatVersion(maximumApiVersion);
    throw new EngineError(
      'invalid',
      `client version ${asked} is too new. Maximum supported API version is ${maximum}`,
      { reason: 'request.version', params: { version: asked, maximum } },
    );
  }
  if (!isAtLeast(version, minimumApiVersion)) {
    const minimum = formatVersion(minimumApiVersion);
    throw new EngineError(
      'invalid',
      `client version ${asked} is too old. Minimum supported API version is ${minimum}, please upgrade your client to a newer version`,
      { reason: 'request.version', params: { version: asked, minimum } },
    );
  }
  return { version, path: path.slice(match[0].length) || '/' };
}
