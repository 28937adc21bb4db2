import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptCommands, withdrawCommands } from './foreign-firewall.ts';

const chain = (family: string, table: string, name: string, more: object = {}) => ({
  chain: { family, table, name, ...more },
});
const rule = (family: string, table: string, name: string, expr: object[], more: object = {}) => ({
  rule: { family, table, chain: name, handle: 7, expr, ...more },
});
const forward = (policy: string) => ({ hook: 'forward', policy });
const ours = { bridge: 'br0', comment: 'beluga_abc' };
const accepting = (place: string) => [
  `insert rule ${place} oifname "br0" accept comment "beluga_abc"`,
  `insert rule ${place} iifname "br0" accept comment "beluga_abc"`,
];

test('a policy of drop, Docker: in its own place for it', () => {
  const ufw = [chain('ip', 'filter', 'FORWARD', forward('drop')), chain('ip6', 'filter', 'FORWARD', forward('drop'))];
  assert.deepEqual(acceptCommands(ufw, ours), accepting('ip filter FORWARD'));
  assert.deepEqual(
    acceptCommands([...ufw, chain('ip', 'filter', 'DOCKER-USER')], ours),
    accepting('ip filter DOCKER-USER'),
  );
});

test('firewalld: a chain that accepts by policy and rejects at its end', () => {
  const items = [
    chain('inet', 'firewalld', 'filter_FORWARD', forward('accept')),
    rule('inet', 'firewalld', 'filter_FORWARD', [{ reject: null }]),
    chain('inet', 'firewalld', 'filter_INPUT', { hook: 'input', policy: 'drop' }),
  ];
  assert.deepEqual(acceptCommands(items, ours), accepting('inet firewalld filter_FORWARD'));
});

test('nothing where nothing drops, where it was done, and in the tables of Belugas', () => {
  const open = chain('ip', 'filter', 'FORWARD', forward('accept'));
  assert.deepEqual(acceptCommands([open], ours), []);
  const drops = chain('ip', 'filter', 'FORWARD', forward('drop'));
  const done = rule('ip', 'filter', 'FORWARD', [{ accept: null }], { comment: 'beluga_abc' });
  assert.deepEqual(acceptCommands([drops, done], ours), []);
  assert.deepEqual(acceptCommands([chain('ip', 'beluga_other', 'forward', forward('drop'))], ours), []);
  assert.deepEqual(withdrawCommands([drops, done], 'beluga_abc'), ['delete rule ip filter FORWARD handle 7']);
});
