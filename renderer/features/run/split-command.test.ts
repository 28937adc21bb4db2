import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quoteArgument, splitCommand } from './split-command.ts';

const args = (line: string) => {
  const split = splitCommand(line);
  return split.ok ? split.args : split.problem;
};

test('blanks part arguments, quotes keep them together', () => {
  assert.deepEqual(args('  sh -c  "echo hello; sleep 1" '), ['sh', '-c', 'echo hello; sleep 1']);
  assert.deepEqual(args("a'b c'd"), ['ab cd']);
  assert.deepEqual(args(`'' ""`), ['', '']);
  assert.deepEqual(args(''), []);
});

test('backslashes follow the shell: alone they keep the next character, in double quotes only four', () => {
  assert.deepEqual(args('a\\ b'), ['a b']);
  assert.deepEqual(args('"a\\"b\\n\\$c\\\\"'), ['a"b\\n$c\\']);
  assert.deepEqual(args("'a\\'"), ['a\\']);
});

test('nothing is expanded', () => {
  assert.deepEqual(args('echo $HOME *.txt && ls'), ['echo', '$HOME', '*.txt', '&&', 'ls']);
});

test('an open quote or a backslash at the end is told', () => {
  assert.equal(args('echo "a'), 'quote');
  assert.equal(args("echo 'a"), 'quote');
  assert.equal(args('echo \\'), 'backslash');
});

test('quoting an argument and splitting it again gives the argument', () => {
  for (const text of ['plain', 'a b', "it's", '', '$x', '"', '\\', 'line\nbreak']) {
    assert.deepEqual(args(quoteArgument(text)), [text]);
  }
});
