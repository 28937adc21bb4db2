import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familiarName, foundName, isReference, registryOf, repositoryOf, sortTags, tagOf } from './references.ts';

test('the parts of a reference', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.deepEqual(['node', 'ghcr.io/a/b:1', 'localhost:5000/a', 'a/b'].map(registryOf), [
    'docker.io',
    'ghcr.io',
    'localhost:5000',
    'docker.io',
  ]);
  assert.deepEqual(['node:22', `a/b:1@${digest}`, 'localhost:5000/a', `a@${digest}`].map(repositoryOf), [
    'node',
    'a/b',
    'localhost:5000/a',
    'a',
  ]);
  assert.deepEqual(['node:22', 'localhost:5000/a', `a@${digest}`].map(tagOf), ['22', 'latest', digest]);
});

test('names are written as the engine writes them', () => {
  assert.equal(familiarName(' docker.io/library/node:22 '), 'node:22');
  assert.equal(familiarName('docker.io/acme/app'), 'acme/app');
  assert.equal(foundName({ registry: 'docker.io', name: 'library/postgres' }), 'postgres');
  assert.equal(foundName({ registry: '127.0.0.1:5000', name: 'team/web' }), '127.0.0.1:5000/team/web');
});

test('what can be a name', () => {
  for (const good of ['node', 'node:22', 'a/b/c:1.2_x', '127.0.0.1:5000/a', `a:1@sha256:${'0'.repeat(64)}`])
    assert.equal(isReference(good), true, good);
  for (const bad of ['', 'Node', 'a b', 'a:', 'a//b', '-a', 'a@sha256:00', 'a:tag:tag'])
    assert.equal(isReference(bad), false, bad);
});

test('tags: latest, versions from the newest down, then words', () => {
  assert.deepEqual(sortTags(['alpine', '9.6', '17.2', 'v18.1', '17.10', 'latest', 'bookworm']), [
    'latest',
    'v18.1',
    '17.10',
    '17.2',
    '9.6',
    'alpine',
    'bookworm',
  ]);
});
