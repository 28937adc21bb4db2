import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type HostFilesRequest, hostsText, resolvConfText, updateResolvConf, writeHostFiles } from './host-files.ts';

const request = (own: Partial<HostFilesRequest> = {}): HostFilesRequest => ({
  hostname: 'box',
  extraHosts: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  hostNetwork: false,
  ...own,
});
const hostResolv =
  '# made by x\nnameserver 127.0.0.53\nnameserver 10.0.0.2\nsearch a.example b.example\noptions edns0\n';

test('resolv.conf: the host servers that can be reached, or what is asked', () => {
  assert.equal(
    resolvConfText(request(), hostResolv),
    'nameserver 10.0.0.2\nsearch a.example b.example\noptions edns0\n',
  );
  assert.match(resolvConfText(request({ hostNetwork: true }), hostResolv), /^nameserver 127\.0\.0\.53\n/);
  assert.equal(
    resolvConfText(request({ dns: ['9.9.9.9'], dnsSearch: ['.'], dnsOptions: ['ndots:2'] }), hostResolv),
    'nameserver 9.9.9.9\noptions ndots:2\n',
  );
});

test('hosts: the own name and extra ones, IPv6 in brackets too', () => {
  const text = hostsText(
    request({ domainname: 'lan', extraHosts: ['db:10.1.1.1', 'six=[fd00::1]', 'v6:fd00::2'] }),
    'x',
  );
  assert.match(text, /^127\.0\.0\.1\tlocalhost\n/);
  assert.match(text, /\n127\.0\.1\.1\tbox\.lan box\n10\.1\.1\.1\tdb\nfd00::1\tsix\nfd00::2\tv6\n$/);
  assert.equal(hostsText(request({ hostNetwork: true }), '1.1.1.1 one\n'), '1.1.1.1 one\n');
});

test('on a bridge: the own address, host-gateway, host.docker.internal unless somebody gave it', () => {
  const endpoint = { address: '172.30.0.2', gateway: '172.30.0.1' };
  const text = hostsText(request({ endpoint, extraHosts: ['up:host-gateway'] }), '');
  assert.match(text, /\n172\.30\.0\.2\tbox\n172\.30\.0\.1\tup\n172\.30\.0\.1\thost\.docker\.internal\n$/);
  const own = hostsText(request({ endpoint, extraHosts: ['host.docker.internal:1.2.3.4'] }), '');
  assert.match(own, /\n1\.2\.3\.4\thost\.docker\.internal\n$/);
  assert.match(
    hostsText(request({ hostNetwork: true, extraHosts: ['up:host-gateway'] }), 'x'),
    /\n127\.0\.0\.1\tup\n$/,
  );
});

test('resolv.conf follows the host until the container writes there itself', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-hosts-'));
  try {
    const files = await writeHostFiles(folder, request({ dns: ['1.1.1.1'] }));
    assert.equal(await updateResolvConf(folder, request({ dns: ['1.1.1.1'] })), false);
    assert.equal(await updateResolvConf(folder, request({ dns: ['2.2.2.2'] })), true);
    assert.match(readFileSync(files.resolvConf, 'utf8'), /^nameserver 2\.2\.2\.2\n/);
    writeFileSync(files.resolvConf, 'nameserver 3.3.3.3\n');
    assert.equal(await updateResolvConf(folder, request({ dns: ['4.4.4.4'] })), false);
    assert.equal(readFileSync(files.resolvConf, 'utf8'), 'nameserver 3.3.3.3\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('resolv.conf: where the host names only servers of its own loopback or of IPv6, public ones', () => {
  assert.match(resolvConfText(request(), 'nameserver 127.0.0.1\nnameserver fd00::1\n'), /^nameserver 8\.8\.8\.8\n/);
});
