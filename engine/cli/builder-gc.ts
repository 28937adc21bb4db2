/** What of the build cache is collected after builds: `builder.gc` of dockerd's configuration file. */
export interface BuilderGcOptions {
  enabled: boolean;
  /** Bytes that stay in any case; the engine's own choice when absent. */
  reservedBytes?: number;
  /** The engine's own when absent. */
  policy?: readonly BuilderGcRule[];
}

export interface BuilderGcRule {
  /** Also what images share. */
  all: boolean;
  reservedBytes?: number;
  maximumBytes?: number;
  minimumFreeBytes?: number;
  /** Milliseconds. */
  unusedFor?: number;
  types?: readonly string[];
  ids?: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

const isTable = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The key `builder` of the configuration file. @throws Error */
export function builderGcOf(builder: unknown): BuilderGcOptions {
  const { gc = {}, ...others } = tableOf('builder', builder ?? {});
  const wrong = Object.keys(others).find((key) => key !== 'entitlements' && key !== 'maxParallelism');
  if (wrong !== undefined) throw new Error(`the key builder.${wrong} of the configuration file is not known`);
  const { enabled = true, defaultKeepStorage, defaultReservedSpace, policy } = tableOf('builder.gc', gc);
  if (typeof enabled !== 'boolean') throw new Error('the key builder.gc.enabled has to be true or false');
  const reserved = bytesOf('builder.gc.defaultKeepStorage', defaultReservedSpace ?? defaultKeepStorage);
  return {
    enabled,
    ...(reserved !== undefined && { reservedBytes: reserved }),
    ...(policy !== undefined && policy !== null && { policy: listOf(policy).map(ruleOf) }),
  };
}

/** `builder.maxParallelism`: steps of all builds that may run at once; undefined: the engine's own choice. @throws Error */
export function buildParallelismOf(builder: unknown): number | undefined {
  const { maxParallelism: count } = tableOf('builder', builder ?? {});
  if (count === undefined || count === null) return undefined;
  if (typeof count === 'number' && Number.isInteger(count) && count > 0) return count;
  throw new Error(`the key builder.maxParallelism takes a whole number from 1 on, not ${JSON.stringify(count)}`);
}

/** What builds may be granted (BuildKit: "entitlements"). */
const grants = { 'network-host': 'network.host', 'security-insecure': 'security.insecure' } as const;
export type BuildGrantOption = (typeof grants)[keyof typeof grants];

/** `builder.entitlements`: what a client may grant to its build; the host's network unless it is said otherwise. @throws Error */
export function buildGrantsOf(builder: unknown): readonly BuildGrantOption[] {
  const { entitlements } = tableOf('builder', builder ?? {});
  const said = tableOf('builder.entitlements', entitlements ?? {});
  for (const [key, value] of Object.entries(said)) {
    if (!Object.hasOwn(grants, key)) throw new Error(`the key builder.entitlements.${key} is not known`);
    if (typeof value !== 'boolean') throw new Error(`the key builder.entitlements.${key} has to be true or false`);
  }
  const all = { 'network-host': true, 'security-insecure': false, ...said };
  return (Object.keys(grants) as (keyof typeof grants)[]).filter((key) => all[key]).map((key) => grants[key]);
}

function tableOf(key: string, value: unknown): Json {
  if (isTable(value)) return value;
  throw new Error(`the key ${key} of the configuration file has to be an object`);
}

function listOf(policy: unknown): readonly unknown[] {
  if (Array.isArray(policy)) return policy;
  throw new Error('the key builder.gc.policy of the configuration file has to be a list');
}

function ruleOf(value: unknown): BuilderGcRule {
  const rule = tableOf('builder.gc.policy', value);
  const { all = false, filter, keepStorage, reservedSpace, maxUsedSpace, minFreeSpace, keepDuration } = rule;
  if (typeof all !== 'boolean') throw new Error('the key all of a rule of builder.gc.policy has to be true or false');
  const numbers = {
    reservedBytes: bytesOf('keepStorage', reservedSpace ?? keepStorage),
    maximumBytes: bytesOf('maxUsedSpace', maxUsedSpace),
    minimumFreeBytes: bytesOf('minFreeSpace', minFreeSpace),
    unusedFor: keepDuration === undefined ? undefined : durationOf(String(keepDuration)),
  };
  return { all, ...given(numbers), ...filtersOf(filter) };
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;

/** `["unused-for=48h", "type=exec.cachemount"]`, also with two equal signs, or an object of lists. */
function filtersOf(filter: unknown): Partial<BuilderGcRule> {
  const pairs = pairsOf(filter ?? []);
  const of = (...names: string[]) => pairs.filter(([name]) => names.includes(name)).map(([, value]) => value);
  const wrong = pairs.find(([name]) => !['unused-for', 'until', 'type', 'id'].includes(name));
  if (wrong) throw new Error(`the filter ${wrong[0]} of a rule of builder.gc.policy is not known`);
  const [unused] = of('unused-for', 'until');
  const types = of('type');
  const ids = of('id');
  return {
    ...(unused !== undefined && { unusedFor: durationOf(unused) }),
    ...(types.length > 0 && { types }),
    ...(ids.length > 0 && { ids }),
  };
}

function pairsOf(filter: unknown): (readonly [string, string])[] {
  if (isTable(filter))
    return Object.entries(filter).flatMap(([name, values]) => {
      if (!Array.isArray(values)) throw new Error(`the filter ${name} of builder.gc.policy has to be a list`);
      return values.map((value) => [name, String(value)] as const);
    });
  if (!Array.isArray(filter)) throw new Error('the key filter of a rule of builder.gc.policy has to be a list');
  return filter.map((each) => {
    const [, name, value] = /^([a-z-]+)==?(.+)$/.exec(String(each)) ?? [];
    if (name === undefined || value === undefined) throw new Error(`bad filter of builder.gc.policy: ${String(each)}`);
    return [name, value] as const;
  });
}

const units: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

/** `10GB`, `512m`, or a number; binary units, as dockerd reads them. @throws Error */
function bytesOf(key: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(?:i?b)?$/i.exec(String(value)) ?? [];
  if (count === undefined) throw new Error(`the key ${key} of builder.gc takes a size, as 10GB, not ${String(value)}`);
  return Math.floor(Number(count) * (units[unit.toLowerCase()] ?? 1));
}

const lengths: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Go's words, `2h30m`. Milliseconds. @throws Error */
function durationOf(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text)
    throw new Error(`a duration in builder.gc.policy is written as 48h, not ${text}`);
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (lengths[unit] ?? 0), 0);
}
