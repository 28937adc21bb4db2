import assert from 'node:assert/strict';
import { test } from 'node:test';
import { looksSecret, mayBeSecret } from './secret-names.ts';

test('names that say that their value is a secret', () => {
  for (const name of ['PASSWORD', 'DB_PASSWORD', 'npm_token', 'KEY', 'AWS_SECRET_ACCESS_KEY', 'auth', 'API_KEY'])
    assert.ok(looksSecret(name), name);
  for (const name of ['KEYBOARD', 'MONKEY', 'PUBLIC_KEY', 'VERSION', 'TOKENS', 'AUTHOR'])
    assert.ok(!looksSecret(name), name);
});

test('what the check warns of is kept nowhere, and more than that', () => {
  for (const name of ['SIGNING_KEY', 'PWORD', 'MYSECRETVALUE', 'db_passphrase', 'ACCESSKEY'])
    assert.ok(mayBeSecret(name), name);
  for (const name of ['VERSION', 'KEYBOARD', 'NODE_ENV']) assert.ok(!mayBeSecret(name), name);
});
