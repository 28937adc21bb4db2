import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fetchBlob, fetchManifest, headManifest } from '../../engine/registry/fetch.ts';
import { checkRegistry, listRepositories, listTags } from '../../engine/registry/lists.ts';
import { hasBlob, mountBlob, uploadBlob } from '../../engine/registry/push.ts';
import type { RegistryFailure } from '../../engine/registry/registry-failure.ts';
import { runToEnd } from '../docker-cli.ts';
import { makeAuthority, makeCertificate } from '../registry/certificates.ts';
import { blobOf, bytesOf, openClient, pushSmallImage } from '../registry/client-scene.ts';
import { startProxy } from '../registry/proxy.ts';
import { startRegistry } from '../registry/registry-process.ts';
import { startTokenServer } from '../registry/token-server.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-certs-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const authority = makeAuthority(folder);
const server = makeCertificate(folder, 'server', authority);
const client = makeCertificate(folder, 'client', authority);

/** A `certs.d` with these files for this host. */
function certificateFolder(name: string, host: string, files: Readonly<Record<string, string>>): string {
  const directory = path.join(folder, name, host);
  mkdirSync(directory, { recursive: true });
  for (const [target, file] of Object.entries(files)) copyFileSync(file, path.join(directory, target));
  return path.join(folder, name);
}

async function namesOf(pages: AsyncIterable<readonly string[]>): Promise<string[]> {
  const names: string[] = [];
  for await (const page of pages) names.push(...page);
  return names;
}

const failsWith = (kind: string, status?: number) => (error: RegistryFailure) => {
  assert.equal(error.details?.kind, kind, String(error));
  if (status !== undefined) assert.equal(error.details.status, status);
  return true;
};

test('what is pushed is there: manifest, blob, ranges, tags, catalogue, mount', async () => {
  await using registry = await startRegistry();
  using scene = openClient({ address: registry.host });
  const { work } = scene;
  const { manifest, digest, layer, mediaType } = await pushSmallImage(work, 'one');
  assert.deepEqual(await fetchManifest(work, 'one'), { digest, mediaType, bytes: manifest });
  assert.deepEqual(await fetchManifest(work, digest), { digest, mediaType, bytes: manifest });
  assert.deepEqual(await headManifest(work, 'one'), { digest, mediaType, size: manifest.length });

  const blob = blobOf(layer);
  const whole = await fetchBlob(work, blob.digest);
  assert.equal(whole.offset, 0);
  assert.ok((await bytesOf(whole.body)).equals(layer));
  const rest = await fetchBlob(work, blob.digest, 150_000);
  assert.equal(rest.offset, 150_000);
  assert.ok((await bytesOf(rest.body)).equals(layer.subarray(150_000)));

  await pushSmallImage(work, 'two', 10);
  const tags = await namesOf(listTags(work));
  assert.deepEqual(tags.sort(), ['one', 'two']);
  assert.deepEqual(await namesOf(listRepositories(work.session, work.signal)), ['team/app']);

  const other = scene.at('team/other');
  assert.equal(await hasBlob(other, blob.digest), false);
  assert.equal(await mountBlob(other, blob.digest, 'team/app'), true);
  assert.equal(await hasBlob(other, blob.digest), true);
  const absent = blobOf(Buffer.from('nobody has this'));
  assert.equal(await mountBlob(other, absent.digest, 'team/app'), false);
  await assert.rejects(fetchManifest(work, 'three'), (error: RegistryFailure) => {
    assert.equal(error.code, 'not-found');
    assert.equal(error.details.registryCode, 'MANIFEST_UNKNOWN');
    return failsWith('status', 404)(error);
  });
});

test('an upload that is cancelled leaves nothing at the registry', async () => {
  await using registry = await startRegistry();
  const cancelling = new AbortController();
  using scene = openClient({ address: registry.host, signal: cancelling.signal });
  const bytes = Buffer.alloc(1_000_000, 7);
  const onProgress = (sent: number) => sent > 400_000 && cancelling.abort();
  await assert.rejects(uploadBlob(scene.work, blobOf(bytes), { chunk: 200_000, onProgress }), { name: 'AbortError' });
  assert.match(registry.log(), /DELETE \/v2\/team\/app\/blobs\/uploads\/[^ ]+ HTTP\/1.1" 204/);
});

test('TLS by an authority of certs.d; without it the certificate is refused, unless the host is insecure', async () => {
  await using registry = await startRegistry({ tls: server });
  const host = registry.host;
  const { signal } = new AbortController();
  // 127.0.0.1 is insecure by itself, as in Docker: the strict case needs another name
  await using proxy = await startProxy({ 'registry.test': host });
  const proxies = { HTTPS_PROXY: proxy.url };
  const address = `registry.test:${host.split(':')[1]}`;
  {
    using scene = openClient({ address, proxies });
    await assert.rejects(checkRegistry(scene.work.session, signal), failsWith('tls'));
  }
  {
    using scene = openClient({ address, proxies, insecure: [address] });
    await checkRegistry(scene.work.session, signal);
  }
  const certificateFolders = [certificateFolder('ca', address, { 'ca.crt': authority.cert })];
  using scene = openClient({ address, proxies, certificateFolders });
  const { manifest } = await pushSmallImage(scene.work, 'one');
  assert.ok((await fetchManifest(scene.work, 'one')).bytes.equals(manifest));
  assert.ok(proxy.targets.length > 0 && proxy.targets.every((target) => target === address));
});

test('TLS by an authority that the system trusts', async () => {
  await using registry = await startRegistry({ tls: server });
  await using proxy = await startProxy({ 'registry.test': registry.host });
  const host = `registry.test:${registry.host.split(':')[1]}`;
  const asks = fileURLToPath(new URL('../registry/check-registry.ts', import.meta.url));
  // where OpenSSL looks for the system's authorities; read once a process, so each has one of its own
  const checked = (env: NodeJS.ProcessEnv) =>
    runToEnd(process.execPath, [asks, host], { env: { ...process.env, HTTPS_PROXY: proxy.url, ...env } });
  const refused = await checked({});
  assert.match(refused.stderr, /certificate/);
  assert.equal(refused.code, 1);
  const { code, stderr } = await checked({ SSL_CERT_FILE: authority.cert });
  assert.equal(code, 0, stderr);
});

test('a registry that wants a certificate gets the one of certs.d', async () => {
  await using registry = await startRegistry({ tls: server, clientAuthority: authority.cert });
  await using proxy = await startProxy({ 'registry.test': registry.host });
  const address = `registry.test:${registry.host.split(':')[1]}`;
  const proxies = { HTTPS_PROXY: proxy.url };
  const { signal } = new AbortController();
  const trust = { 'ca.crt': authority.cert };
  {
    using scene = openClient({ address, proxies, certificateFolders: [certificateFolder('half', address, trust)] });
    await assert.rejects(checkRegistry(scene.work.session, signal), failsWith('tls'));
  }
  const files = { ...trust, 'client.cert': client.cert, 'client.key': client.key };
  using scene = openClient({ address, proxies, certificateFolders: [certificateFolder('whole', address, files)] });
  await checkRegistry(scene.work.session, signal);
});

test('tokens: one for many, the scopes that the work needs, the login only where it belongs', async () => {
  const service = 'registry.test';
  const users = { alice: 'secret' };
  const options = { keys: server, service, users, refreshToken: 'lasting', anonymousPull: true };
  await using tokens = await startTokenServer(options);
  const { realm } = tokens;
  const token = { realm, service, issuer: 'issuer.test', certificate: authority.cert };
  await using registry = await startRegistry({ token });
  const { host } = registry;
  const alice = { username: 'alice', password: 'secret' };
  {
    using scene = openClient({ address: host, logins: { [host]: alice, 'elsewhere.test': alice } });
    const { layer } = await pushSmallImage(scene.work, 'one');
    const asked = tokens.requests.at(-1);
    assert.deepEqual(asked?.scopes, ['repository:team/app:pull,push']);
    assert.equal(asked.service, service);
    assert.match(String(asked.authorization), /^Basic /);
    const before = tokens.requests.length;
    await Promise.all(
      Array.from({ length: 8 }, async () => bytesOf((await fetchBlob(scene.work, blobOf(layer).digest)).body)),
    );
    assert.equal(tokens.requests.length, before + 1);
  }
  {
    using scene = openClient({ address: host, logins: { 'elsewhere.test': alice } });
    await fetchManifest(scene.work, 'one');
    assert.equal(tokens.requests.at(-1)?.authorization, undefined);
    await assert.rejects(pushSmallImage(scene.work, 'two'), failsWith('status', 401));
  }
  {
    using scene = openClient({ address: host, logins: { [host]: { username: 'alice', password: 'wrong' } } });
    await assert.rejects(fetchManifest(scene.work, 'one'), (error: RegistryFailure) => {
      assert.match(error.message, /incorrect username or password/);
      return failsWith('status', 401)(error);
    });
  }
  const identity = { username: 'alice', password: '', identityToken: 'lasting' };
  using scene = openClient({ address: host, logins: { [host]: identity } });
  await pushSmallImage(scene.work, 'three');
  assert.equal(tokens.requests.at(-1)?.method, 'POST');
  assert.equal(tokens.requests.at(-1)?.refreshToken, 'lasting');
});

test('name and password by Basic, as robot accounts have them', async () => {
  const htpasswd = 'robot$ci:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
  await using registry = await startRegistry({ htpasswd });
  const { host } = registry;
  {
    using scene = openClient({ address: host });
    await assert.rejects(fetchManifest(scene.work, 'one'), failsWith('status', 401));
  }
  using scene = openClient({ address: host, logins: { [host]: { username: 'robot$ci', password: 'secret' } } });
  const { digest } = await pushSmallImage(scene.work, 'one');
  assert.equal((await fetchManifest(scene.work, 'one')).digest, digest);
});

test('hosts of NO_PROXY are asked directly', async () => {
  await using registry = await startRegistry();
  await using proxy = await startProxy({});
  const { signal } = new AbortController();
  {
    using scene = openClient({ address: registry.host, proxies: { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url } });
    await assert.rejects(checkRegistry(scene.work.session, signal));
    assert.notEqual(proxy.targets.length, 0);
  }
  const seen = proxy.targets.length;
  const proxies = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };
  using scene = openClient({ address: registry.host, proxies });
  await checkRegistry(scene.work.session, signal);
  assert.equal(proxy.targets.length, seen);
});
