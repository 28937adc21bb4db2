import { StringDecoder } from 'node:string_decoder';
import { EngineError } from '../../base/errors.ts';
import type {
  BuildMessage,
  BuildNetwork,
  BuildRequest,
  CacheFilter,
  CacheRecord,
} from '../../services/build/build-service.ts';
import { longestSecret } from '../build-secrets.ts';
import { loginOf, pullMessageToWire } from './pull.ts';
import { flag, parseFilters, whole } from './query.ts';

const bad = (field: string, message: string) =>
  new EngineError('invalid', message, { reason: 'request.invalid', params: { field } });

function jsonOf(query: URLSearchParams, name: string): unknown {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    throw bad(name, `error reading ${name}: it is not JSON`);
  }
}

function textsOf(query: URLSearchParams, name: string): Record<string, string | undefined> {
  const value = jsonOf(query, name) ?? {};
  if (typeof value !== 'object' || Array.isArray(value) || value === null)
    throw bad(name, `error reading ${name}: it is not an object`);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => {
      if (each !== null && typeof each !== 'string') throw bad(name, `error reading ${name}: ${key} is not a string`);
      return [key, each ?? undefined];
    }),
  );
}

function networkOf(query: URLSearchParams): BuildNetwork {
  const mode = query.get('networkmode') || 'default';
  if (mode === 'default' || mode === 'bridge') return 'default';
  if (mode === 'none' || mode === 'host') return mode;
  throw bad(
    'networkmode',
    `network mode ${JSON.stringify(mode)} is not supported for a build: say default, none or host`,
  );
}

function ulimitsOf(query: URLSearchParams): BuildRequest['ulimits'] {
  const value = jsonOf(query, 'ulimits') ?? [];
  if (!Array.isArray(value)) throw bad('ulimits', 'error reading ulimits: it is not a list');
  return value.map((each: { Name?: unknown; Soft?: unknown; Hard?: unknown } | null) => {
    if (typeof each?.Name !== 'string') throw bad('ulimits', 'error reading ulimits: one has no name');
    return { name: each.Name, soft: Number(each.Soft ?? 0), hard: Number(each.Hard ?? 0) };
  });
}

/** The header X-Registry-Config: logins by the registry's address, JSON in base64. */
export function loginsFromWire(header: string | string[] | undefined): BuildRequest['logins'] {
  if (typeof header !== 'string' || header === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
  } catch {
    throw bad('X-Registry-Config', 'invalid X-Registry-Config header: it is not JSON in base64');
  }
  const logins = Object.entries((value ?? {}) as Record<string, unknown>).map(
    ([host, one]) => [host, loginOf(one)] as const,
  );
  return Object.fromEntries(logins.flatMap(([host, login]) => (login ? [[host, login]] : [])));
}

/** Of a client with a session: caches that it names, and whether the image is to have its own (docker/cli of 18.09 to 22). */
export function sessionCacheFromWire(query: URLSearchParams): Pick<BuildRequest, 'cacheFrom' | 'inlineCache'> {
  const names = jsonOf(query, 'cachefrom');
  const { BUILDKIT_INLINE_CACHE: inline } = textsOf(query, 'buildargs');
  return {
    cacheFrom: Array.isArray(names)
      ? names.filter((name) => typeof name === 'string').map((reference) => ({ reference }))
      : [],
    inlineCache: inline === '1' || inline === 'true',
  };
}

/** Query of POST /build. @throws EngineError `invalid`, `not-implemented` */
export function buildFromWire(query: URLSearchParams): Omit<BuildRequest, 'context' | 'logins'> {
  if (flag(query, 'squash')) throw bad('squash', 'squash is only supported with experimental mode');
  const memory = whole(query, 'memory');
  const limits = {
    memoryBytes: memory,
    memorySwapBytes: whole(query, 'memswap'),
    cpuShares: whole(query, 'cpushares'),
    cpuPeriodMicroseconds: whole(query, 'cpuperiod'),
    cpuQuotaMicroseconds: whole(query, 'cpuquota'),
    cpusetCpus: query.get('cpusetcpus') || undefined,
    cpusetMems: query.get('cpusetmems') || undefined,
  };
  const platform = query.get('platform');
  const texts = {
    dockerfile: query.get('dockerfile') || undefined,
    target: query.get('target') || undefined,
    platforms: platform ? [platform] : undefined,
    cgroupParent: query.get('cgroupparent') || undefined,
    shmSizeBytes: whole(query, 'shmsize') || undefined,
  };
  const labels = textsOf(query, 'labels');
  return {
    ...given(texts),
    references: query.getAll('t').filter((name) => name !== ''),
    buildArguments: textsOf(query, 'buildargs'),
    labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, value ?? ''])),
    noCache: flag(query, 'nocache'),
    pull: flag(query, 'pull'),
    network: networkOf(query),
    extraHosts: query.getAll('extrahosts').filter((entry) => entry !== ''),
    resources: given(limits),
    ulimits: ulimitsOf(query),
  };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

const line = (value: unknown) => JSON.stringify(value);
const stream = (words: string) => line({ stream: words });
const short = (id: string) => id.replace('sha256:', '').slice(0, 12);

/** Puts what happens in a build into the lines of the classic builder, step by step, whatever runs at once. */
export function buildPrinter(): (message: BuildMessage) => string[] {
  const waiting = new Map<number, BuildMessage[]>();
  const decoders = new Map<string, StringDecoder>();
  let current = 1;
  const print = (message: BuildMessage): string[] => {
    if ('source' in message || 'planned' in message || 'push' in message || 'aside' in message) return [];
    if ('built' in message) {
      const { imageId, references } = message.built;
      return [
        line({ aux: { ID: imageId } }),
        stream(`Successfully built ${short(imageId)}\n`),
        ...references.map((name) => stream(`Successfully tagged ${tagged(name)}\n`)),
      ];
    }
    if ('warning' in message) return [stream(`[Warning] ${message.warning}\n`)];
    if ('started' in message)
      return [stream(`Step ${message.step}/${message.total} : ${message.started.words}`), stream('\n')];
    if ('pull' in message) return [pullMessageToWire(message.pull)].filter((each) => each !== undefined);
    if ('log' in message) {
      const key = `${message.step} ${message.log.stream}`;
      const decoder = decoders.get(key) ?? new StringDecoder('utf8');
      decoders.set(key, decoder);
      const words = decoder.write(Buffer.from(message.log.data));
      return words === '' ? [] : [stream(words)];
    }
    // the classic builder has no words for it
    if ('missed' in message) return [];
    const { cached, key } = message.done;
    return [...(cached ? [stream(' ---> Using cache\n')] : []), stream(` ---> ${short(key)}\n`)];
  };
  return (message) => {
    if (!('step' in message)) return print(message);
    waiting.set(message.step, [...(waiting.get(message.step) ?? []), message]);
    const lines: string[] = [];
    for (;;) {
      const ready = waiting.get(current) ?? [];
      waiting.delete(current);
      lines.push(...ready.flatMap(print));
      if (!ready.some((each) => 'done' in each)) return lines;
      current += 1;
    }
  };
}

const tagged = (name: string) => (/:[^/]+$/.test(name) ? name : `${name}:latest`);

/** What a build that is to be quiet says at its end. */
export const quietLine = (imageId: string): string => stream(`${imageId}\n`);

/** moby `builder-next`, of what a prune of the build cache takes. */
const cacheFilters = [
  'until',
  'id',
  'parent',
  'type',
  'description',
  'inuse',
  'shared',
  'private',
  'unused-for',
  'label',
];

/** Query of POST /build/prune. @throws EngineError `invalid` */
export function pruneFromWire(query: URLSearchParams): CacheFilter {
  const filters = parseFilters(query, cacheFilters);
  const until = (filters.until ?? filters['unused-for'])?.[0];
  const isShared = presence(filters.shared);
  const isPrivate = presence(filters.private);
  const shared = isShared ?? (isPrivate === undefined ? undefined : !isPrivate);
  return given({
    all: flag(query, 'all'),
    unusedSince: until === undefined ? undefined : unusedSince(until),
    ...{ ids: filters.id, parents: filters.parent, types: filters.type, descriptions: filters.description },
    ...{ inUse: presence(filters.inuse), shared },
    reservedBytes: whole(query, 'reserved-space') || whole(query, 'keep-storage') || undefined,
    maximumBytes: whole(query, 'max-used-space') || undefined,
    minimumFreeBytes: whole(query, 'min-free-space') || undefined,
  });
}

/** Filters that say what they mean by being there. */
const presence = (values: readonly string[] | undefined) =>
  values === undefined ? undefined : !values.some((value) => value === 'false' || value === '0');

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

function unusedSince(text: string): Date {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw bad('filters', `time: invalid duration ${JSON.stringify(text)}`);
  const sum = parts.reduce((all, [, count, unit = '']) => all + Number(count) * (seconds[unit] ?? 0), 0);
  return new Date(Date.now() - sum * 1000);
}

/** An entry of BuildCache in GET /system/df. */
export function cacheRecordToWire(record: CacheRecord) {
  const { id, parent, type, description, size, created, lastUsed, uses, inUse, shared } = record;
  return {
    ID: id,
    ...(parent !== undefined && { Parents: [parent] }),
    Type: type,
    Description: description,
    InUse: inUse,
    Shared: shared,
    Size: size,
    CreatedAt: created.toISOString(),
    LastUsedAt: lastUsed.toISOString(),
    UsageCount: uses,
  };
}

const secretId = /^[\w.-]{1,128}$/;

/** Body of PUT /beluga/builds/ID/secrets. @throws EngineError `invalid`, which names no value */
export function buildSecretsFromWire(value: unknown): Map<string, Uint8Array> {
  const { secrets } = (value ?? {}) as { secrets?: unknown };
  if (typeof secrets !== 'object' || secrets === null) throw bad('secrets', 'secrets is an object: ID to base64');
  return new Map(
    Object.entries(secrets).map(([id, content]) => {
      if (!secretId.test(id)) throw bad('secrets', `not an id of a secret: ${id}`);
      if (typeof content !== 'string') throw bad('secrets', `the secret ${id} is not base64`);
      const bytes = Buffer.from(content, 'base64');
      if (bytes.length > longestSecret) throw bad('secrets', `the secret ${id} is longer than ${longestSecret} bytes`);
      return [id, bytes];
    }),
  );
}
