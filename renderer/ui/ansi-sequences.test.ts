import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText, withColoursOnly } from './ansi-sequences.ts';

test('colours are no part of the text', () => {
  assert.equal(plainText('\u001b[1;31mred\u001b[0m and \u001b]8;;http://x\u0007link\u001b]8;;\u0007'), 'red and link');
  assert.equal(plainText('[31m stays'), '[31m stays');
});

test('of the sequences of a terminal those that colour stay', () => {
  const text = '\u001b]0;title\u0007a\u001b[2Kb\u001b(Bc \u001b[1;31mred\u001b[0m \u001b[38;5;9mnine';
  assert.equal(withColoursOnly(text), 'abc \u001b[1;31mred\u001b[0m \u001b[38;5;9mnine');
  assert.equal(plainText(text), 'abc red nine');
});
