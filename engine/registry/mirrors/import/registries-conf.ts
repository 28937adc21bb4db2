import { isRepositoryPath } from '../../reference.ts';
import { type ImportDraft, importInvalid } from './import-draft.ts';
import { type ImportReason, type ImportTold, told } from './import-words.ts';
import { parseToml } from './toml.ts';
import { readTable, type Table } from './values.ts';

const file = 'registries.conf';
const unknownKey = told('import.unknown-key', { program: 'podman' });

/**
 * podman's, skopeo's and buildah's configuration, version 2 (containers-registries.conf(5)).
 *
 * @throws EngineError `registry.import-invalid`, also for version 1.
 */
export function readRegistriesConf(text: string, draft: ImportDraft): void {
  const document = parseToml(file, text);
  if (Object.hasOwn(document, 'registries')) {
    const line = text.split('\n').findIndex((one) => /^\s*\[\s*registries\b/.test(one)) + 1;
    const why = 'it is in version 1 ([registries.search]); write it in version 2 ([[registry]])';
    throw importInvalid(file, why, line || undefined);
  }
  const reader = readTable(document, '', draft);
  readSearch(reader.texts('unqualified-search-registries'), draft);
  for (const [index, table] of reader.tables('registry').entries()) readRegistry(table, `registry[${index}]`, draft);
  for (const name of Object.keys(reader.table('aliases') ?? {})) {
    draft.ignore(`aliases.${name}`, told('import.short-names'));
  }
  for (const key of reader.rest()) {
    const why = otherKeys[key];
    draft.ignore(key, why ? told(why) : unknownKey);
  }
}

const otherKeys: Readonly<Record<string, ImportReason | undefined>> = {
  'short-name-mode': 'import.short-names',
  'credential-helpers': 'import.logins',
  'additional-layer-store-auth-helper': 'import.layer-stores',
};

function readSearch(registries: readonly string[], draft: ImportDraft): void {
  for (const [index, registry] of registries.entries()) {
    if (registry === 'docker.io') draft.take(told('import.search'));
    else draft.ignore(`unqualified-search-registries[${index}]`, told('import.search-other', { registry }));
  }
}

function readRegistry(table: Table, at: string, draft: ImportDraft): void {
  const reader = readTable(table, `${at}.`, draft);
  const location = reader.text('location');
  const written = reader.text('prefix') ?? location;
  const mirrors = reader.tables('mirror');
  const digestOnly = reader.truth('mirror-by-digest-only');
  const insecure = reader.truth('insecure');
  const blocked = reader.truth('blocked');
  for (const key of reader.rest()) draft.ignore(`${at}.${key}`, unknownKey);
  const why = written === undefined ? told('import.no-prefix') : whyNoPrefix(written);
  if (written === undefined || why) {
    if (why) draft.ignore(at, why);
    return;
  }
  const prefix = written.replace(/\/+$/, '');
  if (blocked) draft.ignore(`${at}.blocked`, told('import.blocked', { prefix }));
  if (digestOnly) draft.ignore(`${at}.mirror-by-digest-only`, told('import.tag-at-registry'));
  const own = location?.replace(/\/+$/, '') || prefix;
  if (own !== prefix) readLocation({ prefix, location: own, key: `${at}.location` }, draft, 'upstream');
  if (insecure) draft.addInsecure(`${at}.insecure`, hostOf(own));
  for (const [index, mirror] of mirrors.entries()) readMirror(prefix, mirror, `${at}.mirror[${index}]`, draft);
}

const hostOf = (location: string) => location.split('/', 1)[0] ?? '';
const pathOf = (location: string) => location.slice(hostOf(location).length).replace(/^\//, '');

/** A rule belongs to a registry, or to a repository or a part of one. */
function whyNoPrefix(prefix: string): ImportTold | undefined {
  if (prefix.includes('*')) return told('import.many-registries', { prefix });
  const path = pathOf(prefix.replace(/\/+$/, ''));
  if (/[@:]/.test(path)) return told('import.single-image', { prefix });
  return path === '' || isRepositoryPath(path) ? undefined : told('import.no-name', { prefix });
}

interface Location {
  prefix: string;
  location: string;
  key: string;
}

/** podman puts the location in place of the prefix; here the whole path of the repository goes behind an endpoint. */
function readLocation({ prefix, location, key }: Location, draft: ImportDraft, as: 'mirror' | 'upstream') {
  const [names, path] = [pathOf(prefix), pathOf(location)];
  const isSame = names === '' || path === names || path.endsWith(`/${names}`);
  if (!isSame) {
    draft.ignore(key, told('import.other-path', { prefix, location, names }));
    return undefined;
  }
  const project = path.slice(0, path.length - names.length).replace(/\/$/, '');
  const address = hostOf(location) + (project && `/${project}`);
  return as === 'mirror' ? draft.addMirror(prefix, key, address) : draft.setUpstream(prefix, key, address);
}

function readMirror(prefix: string, table: Table, at: string, draft: ImportDraft): void {
  const reader = readTable(table, `${at}.`, draft);
  const location = reader.text('location');
  const insecure = reader.truth('insecure');
  const pulls = reader.text('pull-from-mirror') ?? 'all';
  for (const key of reader.rest()) draft.ignore(`${at}.${key}`, unknownKey);
  if (!location || pulls === 'tag-only') {
    draft.ignore(at, told(location ? 'import.tag-only' : 'import.no-location'));
    return;
  }
  const clean = location.replace(/\/+$/, '');
  if (!readLocation({ prefix, location: clean, key: at }, draft, 'mirror')) return;
  if (pulls === 'digest-only') draft.ignore(`${at}.pull-from-mirror`, told('import.tag-at-registry'));
  else if (pulls !== 'all') draft.ignore(`${at}.pull-from-mirror`, told('import.pulls-unknown', { value: pulls }));
  if (insecure) draft.addInsecure(`${at}.insecure`, hostOf(clean));
}
