import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, realpathSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

interface Package {
  name: string;
  version: string;
  folder: string;
  json: Record<string, unknown> & { dependencies?: Record<string, string> };
}

/** A package and all that it needs, as `npm ci` has put them here. */
function withDependencies(name: string, from: string, found = new Map<string, Package>()): Map<string, Package> {
  const folder = folderOf(name, from);
  const json = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const key = `${name}@${json.version}`;
  if (found.has(key)) return found;
  found.set(key, { name, version: json.version, folder, json });
  for (const each of Object.keys(json.dependencies ?? {})) withDependencies(each, folder, found);
  return found;
}

/** Not by its exports, of which package.json need be none. */
function folderOf(name: string, from: string): string {
  const places = createRequire(path.join(from, 'package.json')).resolve.paths(name) ?? [];
  for (const place of places) {
    try {
      return realpathSync(path.join(place, name));
    } catch {}
  }
  throw new Error(`${name} is not installed: npm ci`);
}

const archiveOf = ({ folder }: Package) =>
  execFileSync('tar', ['-czf', '-', '-C', folder, '--exclude=./node_modules', '--transform=s,^\\.,package,', '.'], {
    maxBuffer: 64 << 20,
  });

/** A registry of npm's on this machine with a package that is installed here, and what that needs. */
export interface NpmRegistry extends AsyncDisposable {
  readonly port: number;
  /** Names that were asked for. */
  readonly asked: readonly string[];
}

/** @param address to listen on */
export async function startNpmRegistry(name: string, address: string): Promise<NpmRegistry> {
  const packages = [...withDependencies(name, import.meta.dirname).values()];
  const archives = new Map(packages.map((each) => [`/${each.name}/-/${each.version}.tgz`, archiveOf(each)]));
  const asked: string[] = [];
  const documentOf = (wanted: string, host: string) => {
    const versions = packages.filter((each) => each.name === wanted);
    const described = versions.map(({ version, json }) => {
      const file = `/${wanted}/-/${version}.tgz`;
      const integrity = `sha512-${createHash('sha512')
        .update(archives.get(file) ?? '')
        .digest('base64')}`;
      return [version, { ...json, dist: { tarball: `http://${host}${file}`, integrity } }];
    });
    const latest = versions.at(-1)?.version;
    return latest === undefined
      ? undefined
      : { name: wanted, 'dist-tags': { latest }, versions: Object.fromEntries(described) };
  };
  const server = http.createServer(({ url = '/', headers }, response) => {
    const wanted = decodeURIComponent(url);
    const archive = archives.get(wanted);
    if (archive) return void response.end(archive);
    asked.push(wanted.slice(1));
    const found = documentOf(wanted.slice(1), headers.host ?? '');
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? { error: 'not found' }));
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
