import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endpointText } from '../endpoint.ts';
import { parseReference } from '../reference.ts';
import { proxiesOf } from './proxies.ts';
import { emptyRegistrySettings, type RegistryRule } from './registry-settings.ts';
import { endpointsOf } from './rules.ts';

const rule = (prefix: string, mirrors: readonly string[], more: Partial<RegistryRule> = {}): RegistryRule => ({
  prefix,
  mirrors: mirrors.map((url) => ({ url })),
  order: 'fixed',
  mirrorOnly: false,
  ...more,
});
const noneFixed = { mirrors: [], insecure: [] };
function endpoints(
  rules: readonly RegistryRule[],
  name: string,
  fixed = noneFixed as { mirrors: readonly string[]; insecure: readonly string[] },
) {
  const found = endpointsOf({ ...emptyRegistrySettings, rules }, fixed, parseReference(name));
  return { ...found, upstream: endpointText(found.upstream), mirrors: found.mirrors.map(endpointText) };
}

test('the longest prefix counts, by whole parts of the name, and no other', () => {
  const rules = [
    rule('docker.io', ['https://all.test']),
    rule('docker.io/library', ['https://official.test']),
    rule('docker.io/library/node', []),
  ];
  assert.deepEqual(endpoints(rules, 'acme/app').mirrors, ['https://all.test']);
  assert.deepEqual(endpoints(rules, 'busybox').mirrors, ['https://official.test']);
  assert.deepEqual(endpoints(rules, 'node:22').mirrors, []);
  assert.deepEqual(endpoints(rules, 'nodejs').mirrors, ['https://official.test']);
  assert.deepEqual(endpoints(rules, 'ghcr.io/library/node').mirrors, []);
});

test('the registry itself: its own, or what stands for it, which is then no mirror', () => {
  assert.equal(endpoints([], 'busybox').upstream, 'https://registry-1.docker.io');
  const stands = [rule('docker.io', ['http://10.0.0.1:5000', 'https://m.test'], { upstream: 'http://10.0.0.1:5000' })];
  const found = endpoints(stands, 'busybox');
  assert.deepEqual([found.upstream, found.mirrors], ['http://10.0.0.1:5000', ['https://m.test']]);
});

test('mirrors of flags and daemon.json come behind those of docker.io’s rule; one that is off is left out', () => {
  const fixed = { mirrors: ['https://m.test', 'https://flag.test'], insecure: [] };
  const mirrors = [{ url: 'https://off.test', off: true }, { url: 'https://m.test' }];
  const rules = [{ ...rule('docker.io', []), mirrors }];
  assert.deepEqual(endpoints(rules, 'busybox', fixed).mirrors, ['https://m.test', 'https://flag.test']);
  assert.deepEqual(endpoints([], 'quay.io/a/b', fixed).mirrors, []);
});

test('mirror only without a mirror would be nobody: the registry itself is asked', () => {
  assert.equal(endpoints([rule('docker.io', ['https://m.test'], { mirrorOnly: true })], 'busybox').mirrorOnly, true);
  assert.equal(endpoints([rule('docker.io', [], { mirrorOnly: true })], 'busybox').mirrorOnly, false);
});

test('the proxy of a host, of all, or of the environment', () => {
  const environment = { HTTPS_PROXY: 'http://env.test:1' };
  const proxy = { http: '', https: 'http://all.test:1', except: 'a.test' };
  const hosts = { 'own.test': { proxy: { url: 'http://own.test:1' } }, 'none.test': { proxy: 'none' as const } };
  assert.deepEqual(proxiesOf(emptyRegistrySettings, environment, 'x.test'), environment);
  const set = { ...emptyRegistrySettings, proxy, hosts };
  assert.deepEqual(proxiesOf(set, environment, 'x.test'), { HTTPS_PROXY: 'http://all.test:1', NO_PROXY: 'a.test' });
  assert.deepEqual(proxiesOf(set, environment, 'own.test'), {
    HTTP_PROXY: 'http://own.test:1',
    HTTPS_PROXY: 'http://own.test:1',
  });
  assert.deepEqual(proxiesOf(set, environment, 'none.test'), {});
});
