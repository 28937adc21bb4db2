import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseRange, createAddressPool, isTaken, macOf, parseBridgeAddress } from './address-pool.ts';
import { formatIpv4, formatRange, parseIpv4 } from './ip-address.ts';

const range = (text: string) => {
  const [address = '', prefix] = text.split('/');
  return { base: parseIpv4(address) ?? 0, prefix: Number(prefix) };
};

test('addresses as numbers', () => {
  assert.equal(parseIpv4('255.0.0.1'), 0xff000001);
  assert.equal(formatIpv4(0xff000001), '255.0.0.1');
  for (const bad of ['1.2.3', '1.2.3.256', '01.2.3.4', '::1', '1.2.3.4/8']) assert.equal(parseIpv4(bad), undefined);
});

test('bip: an address inside its network', () => {
  const found = parseBridgeAddress('10.9.8.7/24');
  assert.deepEqual([formatIpv4(found.gateway), formatRange(found)], ['10.9.8.7', '10.9.8.0/24']);
  for (const bad of ['10.9.8.0/24', '10.9.8.255/24', '10.9.8.7', '10.9.8.7/31', 'x/24', ''])
    assert.throws(() => parseBridgeAddress(bad), /bip/);
});

test('a range is chosen that no route of the host touches; default routes are none', () => {
  assert.equal(formatRange(chooseRange([])), '172.30.0.0/16');
  const taken = ['0.0.0.0/0', '0.0.0.0/1', '172.30.5.0/24', '172.28.0.0/14'].map(range);
  assert.equal(formatRange(chooseRange(taken)), '172.27.0.0/16');
  assert.equal(formatRange(chooseRange([range('172.16.0.0/12')])), '192.168.240.0/20');
  assert.equal(isTaken(parseBridgeAddress('172.30.0.1/16'), [range('172.30.9.9/32')]), true);
  assert.throws(() => chooseRange([range('172.16.0.0/12'), range('192.168.0.0/16')]), /bip/);
});

test('addresses: each once, one given back comes last', () => {
  const pool = createAddressPool(parseBridgeAddress('10.0.0.1/29'));
  const given = new Set<string>();
  for (const expected of ['10.0.0.2', '10.0.0.3', '10.0.0.4']) {
    assert.equal(pool.take(given), expected);
    given.add(expected);
  }
  given.delete('10.0.0.2');
  assert.equal(pool.take(given), '10.0.0.5');
  given.add('10.0.0.5').add('10.0.0.6');
  assert.equal(pool.take(given), '10.0.0.2');
  assert.throws(() => pool.take(given.add('10.0.0.2')), /no address is left/);
  assert.equal(macOf('172.30.0.2'), '02:42:ac:1e:00:02');
});
