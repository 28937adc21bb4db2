import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRegistrySettings } from './parse-settings.ts';
import type { RegistryRule, RegistrySettings } from './registry-settings.ts';

const rule = (more: Partial<RegistryRule> = {}): RegistryRule => ({
  prefix: 'docker.io',
  mirrors: [{ url: 'https://mirror.test:5000/hub', name: 'Ours' }],
  order: 'fixed',
  mirrorOnly: false,
  ...more,
});
const settings = (more: Partial<RegistrySettings> = {}): RegistrySettings => ({
  rules: [rule()],
  insecure: ['10.0.0.0/8'],
  hosts: {},
  ...more,
});

test('what is right is taken as it is', async () => {
  for (const prefix of [
    'docker.io',
    'docker.io/acme',
    'docker.io/library/node',
    'ghcr.io/acme/team',
    'localhost:5000',
  ]) {
    const wanted = settings({ rules: [rule({ prefix })], limits: { connect: 5 } });
    assert.deepEqual(await parseRegistrySettings(wanted), wanted);
  }
});

test('what is wrong is named, with its place', async () => {
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ rules: [] }, /insecure|hosts/],
    [settings({ rules: [rule({ order: 'random' as never })] }), /rules\.0\.order/],
    [{ ...settings(), further: 1 }, /further/],
    [settings({ rules: [rule({ prefix: 'No Name' })] }), /"No Name" is no registry/],
    [settings({ rules: [rule({ prefix: 'acme' })] }), /"acme" is no registry/],
    [settings({ rules: [rule(), rule()] }), /two rules for docker\.io/],
    [settings({ rules: [rule({ mirrors: [{ url: 'https://name:secret@mirror.test' }] })] }), /log in instead/],
    [settings({ rules: [rule({ upstream: 'ftp://x' })] }), /https:\/\/ or http:\/\//],
    [settings({ insecure: ['10.0.0.0/99'] }), /10\.0\.0\.0\/99/],
    [settings({ hosts: { 'a.test': { ca: 'no certificate' } } }), /a\.test is not in PEM form/],
    [settings({ hosts: { 'a.test': { proxy: { url: 'socks://x' } } } }), /http:\/\/HOST:PORT/],
    [settings({ proxy: { http: 'http://name:secret@p.test:1', https: '', except: '' } }), /do not belong here/],
  ];
  for (const [value, words] of wrong) {
    await assert.rejects(parseRegistrySettings(value), (error: Error) => {
      assert.match(error.message, words);
      assert.ok(!error.message.includes('secret'), error.message);
      return true;
    });
  }
});
