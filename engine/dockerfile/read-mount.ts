import type { RunMount } from './command.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { nearest } from './nearest.ts';

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const sharings = ['shared', 'private', 'locked'] as const;
const isOneOf = <T extends string>(list: readonly T[], word: string): word is T =>
  (list as readonly string[]).includes(word);

/** Keys that mean the same, and those that may stand without a value. */
const sames: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};
const keys = [
  ...['type', 'from', 'source', 'target', 'readonly', 'readwrite', 'id', 'sharing', 'required', 'size'],
  ...['mode', 'uid', 'gid', 'env'],
];
const switches = ['readonly', 'readwrite', 'required'];

/** Which types know a key that not all know. */
const onlyFor: Readonly<Record<string, readonly RunMount['type'][]>> = {
  sharing: ['cache'],
  required: ['secret', 'ssh'],
  size: ['tmpfs'],
  mode: ['cache', 'secret', 'ssh'],
  uid: ['cache', 'secret', 'ssh'],
  gid: ['cache', 'secret', 'ssh'],
  env: ['secret'],
};

/** The value of RUN --mount=…: keys with values, parted by commas. @throws DockerfileError */
export function readMount(text: string): RunMount {
  const fields = fieldsOf(text);
  const type = fields.get('type') ?? 'bind';
  if (!isOneOf(types, type)) throw new DockerfileError(`unsupported mount type ${JSON.stringify(type)}`);
  for (const key of fields.keys()) {
    const allowed = onlyFor[key];
    if (allowed && !allowed.includes(type))
      throw new DockerfileError(`unexpected key '${key}' for mount type '${type}'`);
  }
  const sharing = fields.get('sharing');
  if (sharing !== undefined && !isOneOf(sharings, sharing))
    throw new DockerfileError(`unsupported sharing value ${JSON.stringify(sharing)}`);
  const mount = {
    ...{ type, target: fields.get('target'), source: fields.get('source'), from: fields.get('from') },
    ...{ id: fields.get('id'), env: fields.get('env'), sharing },
    readOnly: readOnlyOf(fields),
    required: fields.has('required') ? fields.get('required') === 'true' : undefined,
    mode: numberOf(fields, 'mode', 8),
    ...{ uid: numberOf(fields, 'uid', 10), gid: numberOf(fields, 'gid', 10), size: sizeOf(fields) },
  };
  checkTarget(mount);
  return Object.fromEntries(Object.entries(mount).filter(([, value]) => value !== undefined)) as unknown as RunMount;
}

function checkTarget({ type, target }: { type: RunMount['type']; target: string | undefined }): void {
  if (target !== undefined && target !== '') return;
  if (type === 'secret' || type === 'ssh') return;
  throw new DockerfileError('mount target required');
}

function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const field of text.split(',')) {
    const [, written = '', , value] = /^([^=]*)(=([\s\S]*))?$/.exec(field) ?? [];
    const lower = written.toLowerCase();
    const key = Object.hasOwn(sames, lower) ? (sames[lower] ?? lower) : lower;
    if (!keys.includes(key)) {
      const meant = nearest(key, keys);
      throw new DockerfileError(`unexpected key '${written}' in '${field}'${meant ? ` (did you mean ${meant}?)` : ''}`);
    }
    if (value === undefined && !switches.includes(key))
      throw new DockerfileError(`invalid field '${field}' must be a key=value pair`);
    if (switches.includes(key) && value !== undefined && !['true', 'false', '1', '0'].includes(value.toLowerCase()))
      throw new DockerfileError(`invalid value for ${written}: ${value}`);
    const word = switches.includes(key)
      ? String(['true', '1', undefined].includes(value?.toLowerCase()))
      : (value ?? '');
    fields.set(key, word);
  }
  return fields;
}

function readOnlyOf(fields: Map<string, string>): boolean | undefined {
  const readOnly = fields.get('readonly');
  if (readOnly !== undefined) return readOnly === 'true';
  const writable = fields.get('readwrite');
  return writable === undefined ? undefined : writable !== 'true';
}

function numberOf(fields: Map<string, string>, key: string, base: 8 | 10): number | undefined {
  const text = fields.get(key);
  if (text === undefined) return undefined;
  if (!(base === 8 ? /^[0-7]+$/ : /^\d+$/).test(text)) throw new DockerfileError(`invalid value for ${key}: ${text}`);
  return Number.parseInt(text, base);
}

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

function sizeOf(fields: Map<string, string>): number | undefined {
  const text = fields.get('size');
  if (text === undefined) return undefined;
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmgt]?)(?:i?b)?$/i.exec(text) ?? [];
  if (count === undefined) throw new DockerfileError(`invalid value for size: ${text}`);
  return Math.floor(Number(count) * (units[unit.toLowerCase()] ?? 1));
}
