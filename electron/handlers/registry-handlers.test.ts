import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { json } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import type { RegistrySettings } from '../bridge/registries.ts';
import { createDockerodeHost } from '../hosts/dockerode-host.ts';
import { readChosen } from '../registries/chosen-file.ts';
import { dockerCliLogins } from '../registries/docker-config.ts';
import { openLoginFile } from '../registries/login-file.ts';
import { askedHosts } from '../registries/login-keeper.ts';
import { createLogins } from '../registries/logins.ts';
import { registryHandlers } from './registry-handlers.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

const cliAuth = Buffer.from('cli:from-the-cli').toString('base64');

/** The handlers on a host of which only the words on the wire matter; what it was asked. */
async function sceneOf(t: TestContext, answer: (seen: Seen) => { status: number; body?: unknown }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-registries-'));
  const socket = path.join(folder, 'docker.sock');
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const hasBody = Number(request.headers['content-length'] ?? 0) > 0;
    const asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      body: hasBody ? await json(request) : undefined,
    };
    seen.push(asked);
    const { status, body } = answer(asked);
    response.writeHead(status).end(body === undefined ? '' : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });
  const config = path.join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({ auths: { 'mirror.example': { auth: cliAuth }, 'unasked.example': { auth: cliAuth } } }),
  );
  const keychain = {
    protection: 'none' as const,
    allowWeak: () => undefined,
    encrypt: () => assert.fail('nothing may be written'),
    decrypt: () => assert.fail('nothing was written'),
  };
  const loginFile = openLoginFile(path.join(folder, 'logins.json'), keychain);
  const { system } = createDockerodeHost(socket);
  const logins = createLogins({ system, file: loginFile, cli: dockerCliLogins(config) });
  const handlers = registryHandlers({ host: { system }, logins, loginFile, chooseTextFile: async () => ({}) });
  return { handlers, logins, seen, folder };
}

const settings: RegistrySettings = {
  rules: [
    {
      prefix: 'docker.io',
      mirrors: [{ url: 'https://mirror.example' }, { url: 'https://off.example', off: true }],
      order: 'auto',
      mirrorOnly: false,
      upstream: 'http://127.0.0.1:5000',
    },
  ],
  insecure: [],
  hosts: { 'mirror.example': { proxy: { url: 'http://proxy.example:3128' } } },
  proxy: { http: 'http://proxy.example:3128', https: '', except: 'localhost' },
  limits: { connect: 500 },
};

test('a host without the extension is told from one that fails', async (t) => {
  const dockerd = await sceneOf(t, () => ({ status: 404, body: { message: 'page not found' } }));
  assert.deepEqual(await dockerd.handlers['registries.read'](undefined), {});
  await assert.rejects(
    async () => dockerd.handlers['registries.test']({ url: 'https://a.example', prefix: 'docker.io' }),
    {
      code: 'not-implemented',
    },
  );
  const broken = await sceneOf(t, () => ({ status: 500, body: { message: 'no' } }));
  await assert.rejects(async () => broken.handlers['registries.read'](undefined), { code: 'internal', message: 'no' });
});

test('settings go to the engine as they are, and what it says is set comes back', async (t) => {
  let now: unknown = settings;
  const { handlers, seen } = await sceneOf(t, ({ method, path: asked, body }) => {
    if (asked.startsWith('/beluga/logins/')) return { status: 204 };
    if (method === 'PUT') now = body;
    return { status: 200, body: { settings: now, fixed: { mirrors: [], insecure: [] }, health: [], logins: [] } };
  });
  const { registries } = await handlers['registries.read'](undefined);
  assert.deepEqual(registries?.settings, settings);
  const { limits, ...others } = settings;
  assert.deepEqual((await handlers['registries.apply'](others)).settings, others);
  assert.ok(limits);
  assert.deepEqual(
    seen.map(({ method, path: asked }) => `${method} ${asked}`),
    ['GET /beluga/registries', 'PUT /beluga/registries', 'PUT /beluga/logins/mirror.example'],
  );
});

test("the engine is handed the app's logins, and of the docker CLI's those of the hosts it asks by itself", async (t) => {
  const { handlers, logins, seen } = await sceneOf(t, ({ path: asked }) => {
    if (asked === '/auth') return { status: 200, body: { Status: 'Login Succeeded', IdentityToken: '' } };
    return { status: 204 };
  });
  assert.deepEqual(askedHosts(settings), ['mirror.example', '127.0.0.1:5000']);
  const facts = await handlers['registries.signIn']({ host: 'docker.io', username: 'robot$p+ci', password: 's3cret' });
  assert.ok(!JSON.stringify(facts).includes('s3cret') && !JSON.stringify(facts).includes('from-the-cli'));
  assert.deepEqual(seen, [
    { method: 'POST', path: '/auth', body: { serveraddress: 'docker.io', username: 'robot$p+ci', password: 's3cret' } },
    {
      method: 'PUT',
      path: '/beluga/logins/registry-1.docker.io',
      body: { username: 'robot$p+ci', password: 's3cret' },
    },
  ]);
  assert.deepEqual(facts.logins, [
    { host: 'docker.io', username: 'robot$p+ci', from: 'beluga' },
    { host: 'mirror.example', username: 'cli', from: 'docker-cli' },
    { host: 'unasked.example', username: 'cli', from: 'docker-cli' },
  ]);
  seen.length = 0;
  await logins.handOver(askedHosts(settings));
  assert.deepEqual(
    seen.map(({ method, path: asked }) => `${method} ${asked}`),
    ['PUT /beluga/logins/registry-1.docker.io', 'PUT /beluga/logins/mirror.example'],
  );
  assert.deepEqual(await logins.loginFor('unasked.example'), { username: 'cli', password: 'from-the-cli' });
  assert.equal(await logins.loginFor('mirror.example:5000'), undefined);
  seen.length = 0;
  await logins.handOver([]);
  assert.ok(seen.some(({ method, path: asked }) => method === 'DELETE' && asked === '/beluga/logins/mirror.example'));
  seen.length = 0;
  await handlers['registries.signOut']({ host: 'docker.io' });
  assert.deepEqual(seen[0], { method: 'DELETE', path: '/beluga/logins/registry-1.docker.io', body: undefined });
  assert.equal(await logins.loginFor('docker.io'), undefined);
});

test('a login that the registry refuses is neither kept nor handed over', async (t) => {
  const { handlers, logins, seen } = await sceneOf(t, () => ({
    status: 401,
    body: { message: 'unauthorized', code: 'unauthorized', reason: 'registry.refused', params: { host: 'ghcr.io' } },
  }));
  await assert.rejects(
    async () => handlers['registries.signIn']({ host: 'ghcr.io', username: 'me', password: 'wr0ng' }),
    (error: Error & { reason?: string }) => error.reason === 'registry.refused' && !error.message.includes('wr0ng'),
  );
  assert.equal(await logins.loginFor('ghcr.io'), undefined);
  assert.deepEqual(
    seen.map(({ path: asked }) => asked),
    ['/auth'],
  );
});

test('of a file of certificates the page gets the certificates, never a key', async (t) => {
  const { folder } = await sceneOf(t, () => ({ status: 204 }));
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
  const key = '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----';
  assert.deepEqual(readChosen(file('both.pem', `${key}\n${certificate}\n`), 'certificates'), {
    name: 'both.pem',
    text: `${certificate}\n`,
  });
  assert.deepEqual(readChosen(file('key.pem', key), 'certificates'), { name: 'key.pem', problem: 'no-certificate' });
  assert.deepEqual(readChosen(file('big.json', Buffer.alloc(1_000_001)), 'configuration'), {
    name: 'big.json',
    problem: 'too-large',
  });
  assert.deepEqual(readChosen(path.join(folder, 'none.json'), 'configuration'), {
    name: 'none.json',
    problem: 'unreadable',
  });
  assert.deepEqual(readChosen(file('daemon.json', '{}'), 'configuration'), { name: 'daemon.json', text: '{}' });
});
