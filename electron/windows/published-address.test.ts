import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../bridge/host.ts';
import { publishedAddress } from './published-address.ts';

const base = { imageId: '', image: 'web', command: '', createdAt: '', labels: {} };
const containers: Container[] = [
  {
    ...base,
    id: 'a',
    name: 'web',
    state: 'running',
    ports: [
      { containerPort: 80, protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080 },
      { containerPort: 53, protocol: 'udp', hostIp: '0.0.0.0', hostPort: 5353 },
    ],
  },
  { ...base, id: 'b', name: 'old', state: 'exited', ports: [{ containerPort: 80, protocol: 'tcp', hostPort: 9090 }] },
];
const own = ['192.168.1.10', '2001:db8::1'];

test('only published tcp ports of running containers, on this computer, are opened', () => {
  const opens = (url: string) => publishedAddress(url, containers, own) !== undefined;
  for (const url of [
    'http://localhost:8080',
    'https://127.0.0.1:8080/',
    'http://[::1]:8080',
    'http://192.168.1.10:8080',
  ])
    assert.ok(opens(url), url);
  assert.ok(opens('http://[2001:db8::1]:8080'));
  for (const url of [
    'http://localhost:8081',
    'http://localhost:5353',
    'http://localhost:9090',
    'http://localhost',
    'http://example.com:8080',
    'http://localhost.example.com:8080',
    'http://localhost:8080@example.com',
    'http://user@localhost:8080',
    'http://localhost:8080/path',
    'http://localhost:8080?a=b',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'ftp://localhost:8080',
    'nonsense',
  ])
    assert.ok(!opens(url), url);
});
