import type { ErrorReason } from '../../../base/error-reasons.ts';
import { EngineError, type ErrorParams, messageOf } from '../../../base/errors.ts';

/** One sentence of a report: in English, and what the app translates it by. */
export interface ImportTold {
  message: string;
  reason?: ErrorReason;
  params?: ErrorParams;
}

/** `{x}` stands for a parameter. */
const sentences = {
  'import.upstream': '{prefix}: {address} in place of the registry itself',
  'import.itself': '{prefix}: its own registry, {address}',
  'import.mirror-only': '{prefix}: mirrors only',
  'import.insecure': 'insecure: {entry}',
  'import.search': 'names without a registry: docker.io',
  'import.unknown-key': '{program} has no such key either',
  'import.dockerd-only': 'it is about dockerd itself, not about registries',
  'import.wants-text': 'it has to be a string',
  'import.wants-truth': 'it has to be true or false',
  'import.wants-texts': 'it has to be a list of strings',
  'import.wants-tables': 'it has to be a list of tables',
  'import.wants-table': 'it has to be a table',
  'import.switched-off': '{address} is there already, and switched off',
  'import.proxy-scheme': 'only proxies that are reached by http:// can be used',
  'import.proxy-login':
    'its name and password are not kept: set HTTP_PROXY and HTTPS_PROXY in the environment of the engine',
  'import.no-proxy': 'it means nothing without a proxy',
  'import.every-registry':
    'it counts for every registry without a folder of its own; here a rule belongs to one registry',
  'import.no-pull': 'it has no capability to pull, and a push never goes to a mirror',
  'import.no-push': 'a push never goes to a mirror',
  'import.no-resolve':
    'without resolve its tags would never be used; here they are while the registry itself cannot be reached, and marked as not verified',
  'import.path-below-v2': 'its path is not below /v2/, where mirrors are asked here',
  'import.path-before-v2': 'containerd asks it at {path}/v2/; mirrors are asked at /v2{path}/ here',
  'import.authority-file':
    'it names a file, which is not read: put the certificate as ca.crt into /etc/docker/certs.d/HOST/, or its text into the settings of the host',
  'import.client-files':
    'it names files, which are not read: put them into /etc/docker/certs.d/HOST/ as client.cert and client.key',
  'import.headers': 'own headers are not sent; a login belongs to the host, by docker login or in the settings',
  'import.limits': 'the limits of time are the same for all mirrors',
  'import.server-not-taken': 'it belongs to a server that was not taken',
  'import.server-capabilities': 'the registry itself is asked for everything',
  'import.short-names': 'a name without a registry is one of docker.io here, as in Docker',
  'import.logins': 'logins come from the docker CLI and from the settings',
  'import.layer-stores': 'there are no additional layer stores',
  'import.search-other': '{registry}: names without a registry are docker.io’s here',
  'import.no-prefix': 'it has neither prefix nor location',
  'import.no-location': 'it has no location',
  'import.blocked': '{prefix} cannot be forbidden here',
  'import.tag-at-registry':
    'a tag is asked at the registry itself; a mirror is asked only while it cannot be reached, and its tag marked as not verified',
  'import.tag-only': 'it is for tags only; a mirror gives what is named by a digest here',
  'import.pulls-unknown': '{value} is none of all, digest-only, tag-only',
  'import.many-registries': '{prefix} stands for many registries; here a rule belongs to one',
  'import.single-image': '{prefix} is a single image; here a rule belongs to a repository or more',
  'import.no-name': '{prefix} is no name of a registry or repository',
  'import.other-path':
    'it replaces {prefix} by {location}; here the whole path of a repository follows the address of a mirror: {names}/…',
} as const satisfies Partial<Record<ErrorReason, string>>;

export type ImportReason = keyof typeof sentences;

/** The sentence of a reason with its values. */
export function told(reason: ImportReason, params: Readonly<Record<string, string>> = {}): ImportTold {
  const message = sentences[reason].replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  return { message, reason, params };
}

/** Why something cannot be taken, where the check of settings says it. */
export function toldBy(error: unknown): ImportTold {
  if (!(error instanceof EngineError) || !error.reason) return { message: messageOf(error) };
  const { message, reason, params } = error;
  return { message, reason, params };
}
