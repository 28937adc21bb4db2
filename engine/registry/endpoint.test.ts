import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointOfDomain, endpointText, parseEndpoint } from './endpoint.ts';
import { createInsecureHosts } from './insecure-hosts.ts';

test('addresses as people write them', () => {
  const read = (text: string) => endpointText(parseEndpoint(text));
  assert.equal(read('mirror.example'), 'https://mirror.example');
  assert.equal(read('https://mirror.example/'), 'https://mirror.example');
  assert.equal(read('https://mirror.example/v2/'), 'https://mirror.example');
  assert.equal(read('http://127.0.0.1:5000'), 'http://127.0.0.1:5000');
  assert.equal(read('HTTPS://Mirror.Example:5000'), 'https://mirror.example:5000');
  assert.equal(read('harbor.example/v2/dockerhub-proxy/'), 'https://harbor.example/dockerhub-proxy');
  assert.equal(read('[::1]:5000/a/b'), 'https://[::1]:5000/a/b');
  assert.equal(read('docker.io'), 'https://registry-1.docker.io');
  assert.deepEqual(endpointOfDomain('docker.io').host, 'registry-1.docker.io');
  assert.deepEqual(endpointOfDomain('localhost:5000').host, 'localhost:5000');
});

test('what is no address is refused with the reason', () => {
  const wrong: readonly [string, string][] = [
    ['', 'none'],
    ['a b', 'none'],
    ['ftp://x', 'scheme'],
    ['https://u:p@x', 'login'],
    ['https://x?y=1', 'query'],
    ['https://x/UPPER', 'path'],
    ['https://x/a//b', 'path'],
  ];
  for (const [text, fault] of wrong) {
    assert.throws(() => parseEndpoint(text), { code: 'invalid', reason: `registry.address-${fault}` }, text);
  }
  assert.throws(
    () => parseEndpoint('https://u:secret@x'),
    (error: Error) => !/secret/.test(error.message),
  );
});

test('insecure hosts: names, networks, and this computer always', async () => {
  const hosts = createInsecureHosts(['registry.lan:5000', 'plain.lan', '10.0.0.0/8', 'fd00::/8']);
  const included = ['registry.lan:5000', 'plain.lan', '10.1.2.3', '10.1.2.3:5000', '[fd00::1]:5000'];
  const local = ['localhost', 'localhost:5000', '127.3.4.5:5000', '[::1]:5000', 'x.localhost'];
  for (const host of [...included, ...local]) assert.equal(await hosts.includes(host), true, host);
  for (const host of ['registry.lan', 'plain.lan:5000', '11.0.0.1', 'docker.io', 'no-such-name.invalid', '[fe80::1]'])
    assert.equal(await hosts.includes(host), false, host);
  for (const entry of ['10.0.0.0/33', 'x/8', '10.0.0.0/', '10.0.0.0/8/9']) {
    assert.throws(() => createInsecureHosts([entry]), { reason: 'registry.address-insecure' }, entry);
  }
});
