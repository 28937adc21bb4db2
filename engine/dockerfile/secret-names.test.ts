import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksSecret } from './secret-names.ts';

test('names that say that their value is a secret', () => {
  for (const name of ['PASSWORD', 'DB_PASSWORD', 'npm_token', 'KEY', 'AWS_SECRET_ACCESS_KEY', 'auth', 'API_KEY'])
    assert.ok(looksSecret(name), name);
  for (const name of ['KEYBOARD', 'MONKEY', 'PUBLIC_KEY', 'VERSION', 'TOKENS', 'AUTHOR'])
    assert.ok(!looksSecret(name), name);
});
