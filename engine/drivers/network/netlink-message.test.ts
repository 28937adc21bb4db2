import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  attribute,
  attributesIn,
  endOf,
  flags,
  messageOf,
  messagesIn,
  nested,
  numberAttribute,
  textAttribute,
  textOf,
} from './netlink-message.ts';

test('attributes: length without padding, padded to four bytes', () => {
  assert.equal(attribute(3, Buffer.of(1)).toString('hex'), '0500030001000000');
  assert.equal(textAttribute(3, 'eth0').toString('hex'), '0900030065746830' + '00000000');
  assert.equal(numberAttribute(10, 7).toString('hex'), '08000a0007000000');
  assert.equal(nested(18, numberAttribute(1, 2)).toString('hex'), '0c001280' + '0800010002000000');
});

test('a message: header of sixteen bytes, flags with REQUEST', () => {
  const message = messageOf(16, flags.acknowledge, 5, Buffer.alloc(16));
  assert.equal(message.toString('hex'), `2000000010000500${'0500000000000000'}${'00'.repeat(16)}`);
});

test('what was written is read back, nested too', () => {
  const body = Buffer.concat([textAttribute(3, 'veth1'), nested(18, textAttribute(1, 'bridge'))]);
  const first = messageOf(16, 0, 1, body);
  const [one, two, ...more] = messagesIn(Buffer.concat([first, messageOf(3, 0, 2)]));
  assert.equal(more.length, 0);
  assert.equal(one?.sequence, 1);
  const found = attributesIn(one?.body ?? Buffer.alloc(0));
  assert.equal(textOf(found.get(3)), 'veth1');
  assert.equal(textOf(attributesIn(found.get(18) ?? Buffer.alloc(0)).get(1)), 'bridge');
  assert.equal(two && endOf(two), 'end');
});

test('an answer is more, the end, or an error number', () => {
  const error = Buffer.alloc(20);
  error.writeInt32LE(-17, 0);
  assert.equal(endOf({ type: 2, sequence: 1, body: error }), 17);
  assert.equal(endOf({ type: 2, sequence: 1, body: Buffer.alloc(20) }), 'end');
  assert.equal(endOf({ type: 16, sequence: 1, body: Buffer.alloc(16) }), 'more');
});

test('bytes cut short end the list instead of running on', () => {
  assert.deepEqual(messagesIn(Buffer.alloc(16)), []);
  assert.equal(attributesIn(Buffer.alloc(8)).size, 0);
});
