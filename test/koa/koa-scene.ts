import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RegistryProcess, startRegistry } from '../registry/registry-process.ts';
import { fillNodeRoot } from './node-image.ts';
import { type NpmRegistry, startNpmRegistry } from './npm-registry.ts';

type Docker = (...args: string[]) => Promise<string>;

/** What the server answers. */
export const page = 'Hello Koa';

const files: Readonly<Record<string, string>> = {
  'app.js': [
    "const Koa = require('koa');",
    'const app = new Koa();',
    `app.use((context) => { context.body = '${page}'; });`,
    "app.listen(3000, () => console.log('listening on 3000'));",
    '',
  ].join('\n'),
  'package.json': JSON.stringify({ name: 'koa-server', private: true, dependencies: { koa: '*' } }),
  Dockerfile: ['FROM node', 'COPY . /app', 'WORKDIR /app', 'RUN npm i', 'EXPOSE 3000', ''].join('\n'),
  '.dockerignore': 'node_modules\n',
  // what would hide the image's own
  'node_modules/koa/index.js': "throw new Error('this is not what npm has installed');\n",
};

/** A small server in Node, the base of its image in a registry that stands for docker.io, and a registry of npm's. */
export interface KoaScene extends AsyncDisposable {
  /** The project. */
  readonly folder: string;
  readonly registry: RegistryProcess;
  readonly npm: NpmRegistry;
}

/** On the engine itself nothing stays. The registry of npm's is at the address by which containers call their host. */
export async function openKoaScene(docker: Docker): Promise<KoaScene> {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-koa-'));
  const open: AsyncDisposable[] = [];
  const close = async () => {
    for (const each of open) await each[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  };
  try {
    const registry = await startRegistry();
    open.push(registry);
    await pushNode(docker, registry, folder);
    const gateway = await docker('network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}');
    const npm = await startNpmRegistry('koa', gateway.trim());
    open.push(npm);
    const project = path.join(folder, 'koa-server');
    writeProject(project, { ...files, '.npmrc': `registry=http://host.docker.internal:${npm.port}/\n` });
    return { folder: project, registry, npm, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

function writeProject(folder: string, all: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

async function pushNode(docker: Docker, { host }: RegistryProcess, folder: string): Promise<void> {
  const root = path.join(folder, 'root');
  mkdirSync(root);
  fillNodeRoot(root);
  const archive = path.join(folder, 'node.tar');
  execFileSync('tar', ['-cf', archive, '--numeric-owner', '--owner=0', '--group=0', '-C', root, '.']);
  rmSync(root, { recursive: true });
  const name = `${host}/library/node:latest`;
  await docker('import', '-c', 'CMD ["node"]', '-c', 'ENV HOME=/root', archive, name);
  await docker('push', '-q', name);
  // the bridge comes to be with the first container on it
  assert.match(await docker('run', '--rm', name, 'node', '--version'), /^v\d+/);
  await docker('rmi', name);
  rmSync(archive);
}
