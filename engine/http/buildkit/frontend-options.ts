import { EngineError } from '../../base/errors.ts';
import type { BuildGrant, BuildNetwork, BuildRequest } from '../../services/build/build-service.ts';
import { notThereYet } from '../not-there-yet.ts';

export type FrontendOptions = Readonly<Record<string, string>>;

/** What the options of a Dockerfile frontend say of the build itself. */
export type BuildOptions = Omit<BuildRequest, 'context' | 'logins' | 'references' | 'client'>;

const bad = (field: string, message: string) =>
  new EngineError('invalid', message, { reason: 'request.invalid', params: { field } });

/** Options whose names begin so, without the beginning. */
function withPrefix(options: FrontendOptions, prefix: string): Record<string, string> {
  const entries = Object.entries(options).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(prefix.length), value]));
}

/**
 * Options of BuildKit's Dockerfile frontend, `dockerfile.v0` (docker/buildx: build/opt; the client writes them).
 * @throws EngineError `invalid`, `not-implemented` for what is not done here
 */
export function buildOptionsOf(options: FrontendOptions): BuildOptions {
  refuseOthers(options);
  const texts = {
    dockerfile: options.filename || undefined,
    target: options.target || undefined,
    platforms: options.platform ? [...new Set(listOf(options.platform))] : undefined,
    cgroupParent: options['cgroup-parent'] || undefined,
    shmSizeBytes: Number(options['shm-size'] ?? 0) || undefined,
  };
  return {
    ...given(texts),
    buildArguments: withPrefix(options, 'build-arg:'),
    labels: withPrefix(options, 'label:'),
    noCache: options['no-cache'] === '',
    noCacheStages: listOf(options['no-cache']),
    pull: options['image-resolve-mode'] === 'pull',
    network: networkOf(options['force-network-mode']),
    extraHosts: listOf(options['add-hosts']).map((entry) => entry.replace('=', ':')),
    resources: {},
    ulimits: listOf(options.ulimit).map(ulimitOf),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

const listOf = (text: string | undefined) => (text ?? '').split(',').filter((entry) => entry !== '');

function networkOf(mode: string | undefined): BuildNetwork {
  if (mode === undefined || mode === '' || mode === 'default' || mode === 'sandbox') return 'default';
  if (mode === 'none' || mode === 'host') return mode;
  throw bad(
    'force-network-mode',
    `network mode ${JSON.stringify(mode)} is not supported for a build: say default, none or host`,
  );
}

/** `nofile=1024:2048` */
function ulimitOf(text: string): BuildRequest['ulimits'][number] {
  const [, name = '', soft, hard = soft] = /^([a-z]+)=(-?\d+)(?::(-?\d+))?$/.exec(text) ?? [];
  if (soft === undefined) throw bad('ulimit', `invalid ulimit: ${text}`);
  return { name, soft: Number(soft), hard: Number(hard) };
}

/** A context of a client's own: an image by its name, or a folder by the client's name for it. */
export type NamedFolder = { image: string } | { folder: string } | { address: string };

/** @throws EngineError `not-implemented` for where none can be taken from */
export function namedContextsOf(options: FrontendOptions): Record<string, NamedFolder> {
  const entries = Object.entries(withPrefix(options, 'context:')).map(([name, value]): [string, NamedFolder] => {
    const named = name.replace(/:latest$/, '');
    const [, kind, rest = ''] = /^(docker-image:\/\/|local:)(.+)$/.exec(value) ?? [];
    if (kind !== undefined) return [named, kind === 'local:' ? { folder: rest } : { image: rest }];
    if (/^(oci-layout|input|target):/.test(value))
      throw notThereYet(`a named context from there (--build-context ${name}=${value})`);
    return [named, { address: value }];
  });
  return Object.fromEntries(entries);
}

/** What the client grants to its build (`--allow`). @throws EngineError `invalid` for what nobody knows */
export function grantsOf(entitlements: readonly string[]): BuildGrant[] {
  return entitlements.map((name) => {
    if (name === 'network.host' || name === 'security.insecure') return name;
    throw bad('entitlements', `invalid entitlement: ${name}`);
  });
}

/** What would change the result, and is not done. */
function refuseOthers(options: FrontendOptions): void {
  // of its own accord a client asks for what goes into the image alone
  for (const [kind, value] of Object.entries(withPrefix(options, 'attest:')))
    if (value !== 'disabled=true' && !value.includes('inline-only=true'))
      throw notThereYet(`an attestation of a build (--attest type=${kind})`);
  const { source } = options;
  if (source) throw notThereYet(`a frontend of its own (${source})`);
}

const uploads = /^https?:\/\/buildkit-session\//;

/** Whether the client has the context as an archive, which it sends when it is asked at this address. */
export const isUpload = (context: string): boolean => uploads.test(context);
