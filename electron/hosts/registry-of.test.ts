import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registryOf } from './registry-of.ts';

test('the registry of a reference, as the distribution rules find it', () => {
  const cases = {
    node: 'docker.io',
    'library/node:22': 'docker.io',
    'index.docker.io/a/b': 'docker.io',
    'ghcr.io/acme/app@sha256:00': 'ghcr.io',
    '127.0.0.1:5000/a': '127.0.0.1:5000',
    'localhost/a': 'localhost',
    'acme/app:1.2': 'docker.io',
    'node:5000': 'docker.io',
  };
  for (const [reference, host] of Object.entries(cases)) assert.equal(registryOf(reference), host, reference);
});
