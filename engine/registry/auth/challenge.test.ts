import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChallenges } from './challenge.ts';

test('challenges as registries send them', () => {
  assert.deepEqual(parseChallenges('Bearer realm="https://auth.docker.io/token",service="registry.docker.io"'), [
    { scheme: 'bearer', parameters: { realm: 'https://auth.docker.io/token', service: 'registry.docker.io' } },
  ]);
  assert.deepEqual(parseChallenges('Basic realm="a \\"b\\" c, d", charset=UTF-8, Negotiate, bearer Realm = x'), [
    { scheme: 'basic', parameters: { realm: 'a "b" c, d', charset: 'UTF-8' } },
    { scheme: 'negotiate', parameters: {} },
    { scheme: 'bearer', parameters: { realm: 'x' } },
  ]);
  assert.deepEqual(parseChallenges('Bearer scope="repository:a/b:pull,push"'), [
    { scheme: 'bearer', parameters: { scope: 'repository:a/b:pull,push' } },
  ]);
  for (const nothing of ['', '  , ', '"', '=x', '\u0000']) assert.deepEqual(parseChallenges(nothing), []);
});
