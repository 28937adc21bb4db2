import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portQuestions } from './port-question.ts';

const ask = (...texts: string[]) =>
  portQuestions(new URLSearchParams(texts.map((text): [string, string] => ['port', text])));

test('a port with and without address and protocol', () => {
  assert.deepEqual(ask('8080', '53/udp', '127.0.0.1:80/tcp', '[::1]:443'), [
    { address: '', port: 8080, protocol: 'tcp' },
    { address: '', port: 53, protocol: 'udp' },
    { address: '127.0.0.1', port: 80, protocol: 'tcp' },
    { address: '::1', port: 443, protocol: 'tcp' },
  ]);
  assert.deepEqual(ask(), []);
});

test('anything else is refused', () => {
  for (const text of ['', '0', '65536', '80/sctp', 'host:80', '[127:80', '::1:80', '-1', '80-90', '1e3'])
    assert.throws(() => ask(text), { code: 'invalid', reason: 'request.invalid' }, text);
  assert.throws(() => ask(...Array.from({ length: 257 }, () => '80')), { code: 'invalid' });
});
