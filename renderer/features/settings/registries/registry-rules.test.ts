import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  EndpointHealth,
  MirrorTest,
  RegistryRule,
  RegistrySettings,
} from '../../../../electron/bridge/registries.ts';
import {
  addressProblem,
  changedRule,
  endpointOf,
  hostsOf,
  isInsecure,
  movedMirror,
  prefixProblem,
  registryEndpointOf,
  registryHostOf,
  shownRules,
  withHost,
  withInsecure,
  withMirror,
  withoutMirror,
} from './registry-rules.ts';
import { sourcesOf } from './rule-sources.ts';
import { medianOf, sourceState, verdictOf } from './source-state.ts';

const none: RegistrySettings = { rules: [], insecure: [], hosts: {} };
const ruleOf = (prefix: string, ...urls: string[]): RegistryRule => ({
  prefix,
  mirrors: urls.map((url) => ({ url })),
  order: 'auto',
  mirrorOnly: false,
});

test('an address is taken as https://host[:port][/project], or told what is wrong', () => {
  const good = [
    'https://mirror.example',
    'mirror.example:5000',
    'http://127.0.0.1:5000/',
    'https://harbor.example/hub-proxy/a',
  ];
  for (const address of [...good, 'https://[::1]:5000', 'https://mirror.example/v2/'])
    assert.equal(addressProblem(address), undefined, address);
  const bad = {
    '': 'address',
    'https://': 'address',
    'https://a b.example': 'address',
    'https://镜像/<id>': 'path',
    'ftp://mirror.example': 'scheme',
    'https://me:secret@mirror.example': 'credentials',
    'me@mirror.example': 'credentials',
    'https://mirror.example?ns=docker.io': 'query',
    'https://mirror.example/#x': 'query',
    'https://mirror.example/Upper': 'path',
    'https://mirror.example/a//b': 'path',
  };
  for (const [address, problem] of Object.entries(bad)) assert.equal(addressProblem(address), problem, address);
  assert.equal(addressProblem('https://Mirror.example/', ['mirror.example']), 'twice');
  assert.equal(addressProblem('http://mirror.example', ['https://mirror.example']), undefined);
});

test('a registry is a domain, with part of a repository behind it or not, and there once', () => {
  const settings = { ...none, rules: [ruleOf('ghcr.io/acme')] };
  for (const prefix of [
    'ghcr.io',
    'localhost:5000',
    'localhost',
    'registry:5000',
    'docker.io/library/node',
    '127.0.0.1:5000',
  ])
    assert.equal(prefixProblem(prefix, settings), undefined, prefix);
  for (const prefix of ['', 'node', 'library/node', 'https://ghcr.io', 'ghcr.io/', 'ghcr.io/UPPER', 'ghcr.io/a b'])
    assert.equal(prefixProblem(prefix, settings), 'prefix', prefix);
  for (const prefix of ['ghcr.io/acme', 'docker.io']) assert.equal(prefixProblem(prefix, settings), 'twice', prefix);
});

test('docker.io is shown first, also without a rule, which comes to be with its first change', () => {
  assert.deepEqual(
    shownRules({ ...none, rules: [ruleOf('ghcr.io'), ruleOf('docker.io', 'https://a.example')] }).map(
      ({ prefix }) => prefix,
    ),
    ['docker.io', 'ghcr.io'],
  );
  assert.deepEqual(shownRules(none)[0]?.mirrors, []);
  const changed = changedRule(none, 'docker.io', (rule) => withMirror(rule, { url: 'https://a.example' }));
  assert.deepEqual(changed.rules, [ruleOf('docker.io', 'https://a.example')]);
  assert.deepEqual(none.rules, []);
});

test('mirrors are put in, changed in place, moved and taken out', () => {
  const rule = ruleOf('docker.io', 'https://a', 'https://b', 'https://c');
  const urls = ({ mirrors }: RegistryRule) => mirrors.map(({ url }) => url.slice(8)).join('');
  assert.equal(urls(movedMirror(rule, 0, 2)), 'bca');
  assert.equal(urls(movedMirror(rule, 2, 0)), 'cab');
  assert.equal(urls(movedMirror(rule, 1, 2)), 'acb');
  for (const [from, to] of [
    [0, -1],
    [2, 3],
    [5, 0],
  ] as const)
    assert.equal(movedMirror(rule, from, to), rule);
  assert.equal(urls(withMirror(rule, { url: 'https://d' })), 'abcd');
  assert.equal(urls(withMirror(rule, { url: 'https://x', off: true }, 'https://b')), 'axc');
  assert.equal(urls(withoutMirror(rule, 'https://b')), 'ac');
});

test('what belongs to a host is kept under the host that is asked, and goes when it is empty', () => {
  const set = withHost(none, 'docker.io', { ca: 'PEM' });
  assert.deepEqual(set.hosts, { 'registry-1.docker.io': { ca: 'PEM' } });
  const more = withHost(set, 'docker.io', { proxy: 'none' });
  assert.deepEqual(more.hosts['registry-1.docker.io'], { ca: 'PEM', proxy: 'none' });
  assert.deepEqual(withHost(set, 'docker.io', { ca: undefined }).hosts, {});
  const insecure = withInsecure(none, 'cache.example:5000', true);
  assert.ok(isInsecure(insecure.insecure, 'cache.example:5000') && !isInsecure(insecure.insecure, 'cache.example'));
  assert.deepEqual(withInsecure(insecure, 'cache.example:5000', false), none);
  const rule = { ...ruleOf('docker.io', 'https://a.example/x', 'https://a.example/y', 'b.example:5000') };
  assert.deepEqual(hostsOf(rule, ['https://c.example']), ['docker.io', 'a.example', 'b.example:5000', 'c.example']);
  assert.equal(registryEndpointOf(rule), 'https://registry-1.docker.io');
  assert.equal(registryHostOf({ ...rule, upstream: 'http://127.0.0.1:5000' }), '127.0.0.1:5000');
  assert.equal(endpointOf('Mirror.example:443/project/'), 'https://mirror.example/project');
});

test('a source is as it is remembered: sick for its time, failing, slow beside the others', () => {
  const health = (more: Partial<EndpointHealth> = {}): EndpointHealth => ({
    endpoint: 'https://a.example',
    failures: 0,
    asked: 1,
    served: 1,
    lastSuccess: 50,
    speed: 1e6,
    ...more,
  });
  const state = (more: Partial<EndpointHealth> | undefined, off = false, otherSpeeds: number[] = []) =>
    sourceState({ health: more && health(more), off, now: 100, otherSpeeds });
  assert.equal(state({}), 'fine');
  assert.equal(state({}, true), 'off');
  assert.equal(state(undefined), 'unknown');
  assert.equal(state({ failures: 3, sickUntil: 101 }), 'sick');
  assert.equal(state({ failures: 3, sickUntil: 100 }), 'failing');
  assert.equal(state({}, false, [38e6, 42e6]), 'slow');
  assert.equal(state({}, false, [2e6]), 'fine');
  assert.equal(medianOf([3, 1, 2]), 2);
  assert.equal(medianOf([4, 1, 2, 3]), 2.5);
  assert.equal(medianOf([]), undefined);
});

test('a test comes to the worst that it found', () => {
  const found = (more: Partial<MirrorTest>): MirrorTest => ({ url: 'x', took: 1, reach: { state: 'fine' }, ...more });
  const slow = { state: 'warning' } as const;
  const old = { state: 'warning', image: 'alpine:latest', tag: 'older' } as const;
  assert.equal(verdictOf(found({ reach: { state: 'failed' } })), 'unreachable');
  assert.equal(verdictOf(found({ access: { state: 'failed', login: 'missing' } })), 'refused');
  assert.equal(verdictOf(found({ speed: { state: 'failed' }, freshness: old })), 'noSpeed');
  assert.equal(verdictOf(found({ speed: slow, freshness: old })), 'slowAndOld');
  assert.equal(verdictOf(found({ speed: slow })), 'slow');
  assert.equal(verdictOf(found({ freshness: old })), 'old');
  assert.equal(verdictOf(found({ freshness: { ...old, tag: 'unknown' } })), 'warned');
  assert.equal(verdictOf(found({ access: { state: 'fine', login: 'sent' } })), 'works');
});

test('mirrors of the engine’s flags stand behind docker.io’s own, as such, and before the registry itself', () => {
  const health = [{ endpoint: 'https://registry-1.docker.io', failures: 0, asked: 2, served: 2, lastSuccess: 1 }];
  const registries = {
    settings: none,
    fixed: { mirrors: ['https://flag.example'], insecure: [] },
    health,
    logins: [],
    unreadable: [],
    helperProblems: [],
    keeping: 'session',
    weakPossible: false,
  } as const;
  const roles = (prefix: string) =>
    sourcesOf(registries, ruleOf(prefix, 'https://own.example'), 5).map(
      ({ role, host, state }) => `${role} ${host} ${state}`,
    );
  assert.deepEqual(roles('docker.io'), [
    'mirror own.example unknown',
    'fixed flag.example unknown',
    'registry docker.io fine',
  ]);
  assert.deepEqual(roles('ghcr.io'), ['mirror own.example unknown', 'registry ghcr.io unknown']);
});
