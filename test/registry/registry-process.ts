import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waitUntil } from '../wait-until.ts';
import type { KeyPair } from './certificates.ts';

export interface RegistryOptions {
  tls?: KeyPair;
  /** Also asks for a certificate of the client, signed by this authority. */
  clientAuthority?: string;
  /** Docker's token authentication by this service. */
  token?: { realm: string; service: string; issuer: string; certificate: string };
  /** Basic authentication: lines of htpasswd (bcrypt). */
  htpasswd?: string;
  /** Mirror of this registry (a pull-through cache). */
  proxy?: string;
}

/** Debian's docker-registry on 127.0.0.1, with data of its own. */
export interface RegistryProcess extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What it wrote. */
  log(): string;
}

/** Where `npm test` unpacked the package. */
function program(): string {
  const folder = process.env.BELUGA_REGISTRY_PROGRAM;
  if (!folder) throw new Error('BELUGA_REGISTRY_PROGRAM is not set: run the test by npm test -- host');
  return path.join(folder, 'usr/bin/docker-registry');
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function configuration(folder: string, port: number, options: RegistryOptions): string {
  const { tls, clientAuthority, token, htpasswd, proxy } = options;
  if (htpasswd) writeFileSync(path.join(folder, 'htpasswd'), htpasswd);
  // JSON is YAML
  return JSON.stringify({
    version: 0.1,
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: path.join(folder, 'data') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: `127.0.0.1:${port}`,
      ...(tls && {
        tls: {
          certificate: tls.cert,
          key: tls.key,
          ...(clientAuthority && { clientcas: [clientAuthority] }),
        },
      }),
    },
    ...(token && {
      auth: {
        token: { realm: token.realm, service: token.service, issuer: token.issuer, rootcertbundle: token.certificate },
      },
    }),
    ...(htpasswd && { auth: { htpasswd: { realm: 'test', path: path.join(folder, 'htpasswd') } } }),
    ...(proxy && { proxy: { remoteurl: proxy } }),
  });
}

/** Starts one and waits until it listens. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryProcess> {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-registry-'));
  mkdirSync(path.join(folder, 'data'));
  const port = await freePort();
  const config = path.join(folder, 'config.yml');
  writeFileSync(config, configuration(folder, port, options));
  const child: ChildProcess = spawn(program(), ['serve', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none' },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  const close = async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitUntil('the registry listens', () => /listening on/.test(said) || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`docker-registry ended: ${said}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { host: `127.0.0.1:${port}`, log: () => said, [Symbol.asyncDispose]: close };
}

export const readPem = (file: string) => readFileSync(file, 'utf8');
