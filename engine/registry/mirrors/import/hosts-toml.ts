import { type Endpoint, endpointOfDomain, endpointText } from '../../endpoint.ts';
import { type ImportDraft, importInvalid } from './import-draft.ts';
import { type ImportReason, type ImportTold, told } from './import-words.ts';
import { parseToml } from './toml.ts';
import { isTable, readTable, type Table, type TableReader } from './values.ts';

const file = 'hosts.toml';

/**
 * The file of a registry in `certs.d`, as containerd and Docker's containerd store read it (containerd: docs/hosts.md):
 * hosts in their order, then `server`.
 *
 * @param registry the name of its folder; absent: the registry that `server` names.
 * @throws EngineError `registry.import-invalid`.
 */
export function readHostsToml(text: string, registry: string | undefined, draft: ImportDraft): void {
  const reader = readTable(parseToml(file, text), '', draft);
  const server = reader.text('server');
  const hosts = reader.table('host') ?? {};
  const prefix = prefixOf(registry, server);
  if (prefix === undefined) {
    const why = told('import.every-registry');
    for (const key of Object.keys(hosts)) draft.ignore(`host."${key}"`, why);
    if (server !== undefined) draft.ignore('server', why);
    ignoreRest(reader, '', draft);
    return;
  }
  const mirrors = Object.entries(hosts).flatMap(([key, value]) => {
    const at = `host."${key}"`;
    if (isTable(value)) return readHost({ prefix, at, address: key, table: value }, draft) ?? [];
    draft.ignore(at, told('import.wants-table'));
    return [];
  });
  readServer({ prefix, server, mirrors, reader }, draft);
}

/** `docker.io`; undefined for `_default`. */
function prefixOf(registry: string | undefined, server: string | undefined): string | undefined {
  // a colon is no part of a file's name everywhere, so containerd takes `host_5000_` too
  const name = registry?.replace(/_(\d+)_$/, ':$1');
  if (name === '_default') return undefined;
  if (name) return name;
  const host = server && URL.parse(server.includes('://') ? server : `https://${server}`)?.host;
  if (!host) throw importInvalid(file, 'it does not say which registry it is for: give the name of its folder');
  return host === endpointOfDomain('docker.io').host ? 'docker.io' : host;
}

interface HostTable {
  prefix: string;
  at: string;
  address: string;
  table: Table;
}

function readHost({ prefix, at, address, table }: HostTable, draft: ImportDraft): Endpoint | undefined {
  const reader = readTable(table, `${at}.`, draft);
  const capabilities = table.capabilities === undefined ? undefined : reader.texts('capabilities');
  const path = addressOf(address, reader.truth('override_path'));
  if (path.why) draft.ignore(at, path.why);
  const mayPull = capabilities?.includes('pull') ?? true;
  if (!mayPull) draft.ignore(at, told('import.no-pull'));
  const isTaken = mayPull && path.address !== undefined;
  const endpoint = isTaken ? draft.addMirror(prefix, at, path.address) : undefined;
  if (!endpoint) return undefined;
  if (capabilities?.includes('push')) draft.ignore(`${at}.capabilities`, told('import.no-push'));
  if (capabilities && !capabilities.includes('resolve')) {
    draft.ignore(`${at}.capabilities`, told('import.no-resolve'));
  }
  readCommon(reader, { at: `${at}.`, host: endpoint.host }, draft);
  return endpoint;
}

/** What containerd makes of an address, as far as `host/project` can say it: `/v2/project/…` is what is asked for. */
function addressOf(
  address: string,
  overridden: boolean,
): { address: string; why?: never } | { address?: never; why: ImportTold } {
  const url = URL.parse(address.includes('://') ? address : `https://${address}`);
  if (!url) return { address };
  const path = url.pathname.replace(/\/+$/, '');
  if (overridden && !/^\/v2(\/|$)/.test(path)) {
    return { why: told('import.path-below-v2') };
  }
  if (!overridden && path !== '' && path !== '/v2') {
    return { why: told('import.path-before-v2', { path }) };
  }
  return { address };
}

interface Server {
  prefix: string;
  server: string | undefined;
  mirrors: readonly Endpoint[];
  reader: TableReader;
}

/** What comes last: the registry itself, something in place of it, or, as a way to forbid it, one of the mirrors again. */
function readServer({ prefix, server, mirrors, reader }: Server, draft: ImportDraft): void {
  const overridden = reader.truth('override_path');
  const itself = endpointOfDomain(prefix);
  if (server === undefined) {
    readCommon(reader, { at: '', host: itself.host }, draft);
    return;
  }
  const { address, why } = addressOf(server, overridden);
  if (why !== undefined) draft.ignore('server', why);
  const text = address === undefined ? undefined : address.replace(/\/+$/, '').replace(/\/v2$/, '');
  if (text === undefined) {
    ignoreRest(reader, '', draft);
    return;
  }
  const isItself = text === endpointText(itself) || text === `https://${prefix}` || text === prefix;
  if (isItself) {
    draft.take(told('import.itself', { prefix, address: server }));
    readCommon(reader, { at: '', host: itself.host }, draft);
    return;
  }
  const isMirror = mirrors.some(
    (mirror) => endpointText(mirror) === text || endpointText(mirror) === `https://${text}`,
  );
  if (isMirror) draft.setMirrorOnly(prefix);
  const upstream = isMirror ? undefined : draft.setUpstream(prefix, 'server', text);
  readCommon(reader, { at: '', ...(upstream && { host: upstream.host }) }, draft);
}

/** What a host and the server both may have. */
function readCommon(reader: TableReader, { at, host }: { at: string; host?: string }, draft: ImportDraft): void {
  if (reader.truth('skip_verify') && host) draft.addInsecure(`${at}skip_verify`, host);
  ignoreRest(reader, at, draft);
}

const whys: Readonly<Record<string, ImportReason>> = {
  ca: 'import.authority-file',
  client: 'import.client-files',
  header: 'import.headers',
  dial_timeout: 'import.limits',
  skip_verify: 'import.server-not-taken',
  override_path: 'import.server-not-taken',
  capabilities: 'import.server-capabilities',
};

function ignoreRest(reader: TableReader, at: string, draft: ImportDraft): void {
  for (const key of reader.rest()) {
    const why = Object.hasOwn(whys, key) ? whys[key] : undefined;
    draft.ignore(`${at}${key}`, why ? told(why) : told('import.unknown-key', { program: 'containerd' }));
  }
}
