import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from './dockerfile-error.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

/** Name, flags and rest of each, on the lines where it stands. */
const read = (text: string) =>
  parseDockerfile(text).instructions.map(({ name, flags, rest, lines }) => [
    `${lines.first}-${lines.last}`,
    name,
    ...flags.map((flag) => (flag.value === undefined ? `--${flag.name}` : `--${flag.name}=${flag.value}`)),
    rest,
  ]);

const faultOf = (text: string) => {
  try {
    parseDockerfile(text);
  } catch (error) {
    if (error instanceof DockerfileError) return error.message;
    throw error;
  }
  return 'no fault';
};

test('instructions, comments, and lines that go on', () => {
  assert.deepEqual(
    read(
      [
        '# a comment',
        'FROM a AS b',
        '',
        '  run one \\',
        '  # within',
        '',
        '   && two \\  ',
        '&& three',
        'RUN a \\\\',
        'CMD x \\',
      ].join('\n'),
    ),
    [
      ['2-2', 'FROM', 'a AS b'],
      ['4-8', 'RUN', 'one    && two && three'],
      ['9-9', 'RUN', 'a \\\\'],
      ['10-10', 'CMD', 'x'],
    ],
  );
});

test('a byte order mark and carriage returns are no part of it', () => {
  assert.deepEqual(read('\uFEFFFROM a\r\nRUN b \\\r\n c\r\n'), [
    ['1-1', 'FROM', 'a'],
    ['2-3', 'RUN', 'b  c'],
  ]);
});

test('directives stand at the top', () => {
  const { directives, escapeCharacter, instructions } = parseDockerfile(
    ['#!/usr/bin/env x', '# Syntax = docker/dockerfile:1', '# escape=`', '# check=skip=all', 'FROM a`', 'b'].join('\n'),
  );
  assert.deepEqual(directives, { syntax: 'docker/dockerfile:1', escape: '`', check: 'skip=all' });
  assert.equal(escapeCharacter, '`');
  assert.deepEqual(
    instructions.map(({ rest }) => rest),
    ['ab'],
  );
  // not behind a comment, an instruction or an unknown one
  for (const before of ['# words', 'ARG x', '# nosuch=1', ''])
    assert.deepEqual(parseDockerfile(`${before}\n# escape=\`\nFROM a`).directives, {}, before);
});

test('flags are words at the beginning, without their quotes', () => {
  assert.deepEqual(read('RUN --mount=type=secret,id=a --x="a b" --y=a\\ b -- --z'), [
    ['1-1', 'RUN', '--mount=type=secret,id=a', '--x=a b', '--y=a b', '--z'],
  ]);
  assert.deepEqual(read('COPY --link a --from=b c'), [['1-1', 'COPY', '--link', 'a --from=b c']]);
});

test('here-documents', () => {
  const [run, copy, last] = parseDockerfile(
    [
      'RUN <<EOF',
      'echo $a \\',
      '# not a comment',
      'EOF',
      'COPY <<-one <<"two" 3<<\\three /d/',
      '\t1',
      '\tone',
      '2 $b',
      'two',
      'three',
      'RUN ["a", "<<EOF"]',
    ].join('\n'),
  ).instructions;
  assert.deepEqual(run?.heredocs, [
    { name: 'EOF', descriptor: '', expand: true, content: 'echo $a \\\n# not a comment\n' },
  ]);
  assert.deepEqual(run?.lines, { first: 1, last: 4 });
  assert.deepEqual(copy?.heredocs, [
    { name: 'one', descriptor: '', expand: true, content: '1\n' },
    { name: 'two', descriptor: '', expand: false, content: '2 $b\n' },
    { name: 'three', descriptor: '3', expand: false, content: '' },
  ]);
  assert.deepEqual(last?.heredocs, []);
  assert.deepEqual(parseDockerfile('FROM a\nONBUILD RUN <<X\nhi\nX').instructions[1]?.heredocs[0]?.content, 'hi\n');
  // neither in quotes nor of an instruction that has none
  assert.deepEqual(read('CMD <<EOF\nRUN echo "a <<EOF b"'), [
    ['1-1', 'CMD', '<<EOF'],
    ['2-2', 'RUN', 'echo "a <<EOF b"'],
  ]);
});

test('faults have their lines', () => {
  const faults: readonly (readonly [text: string, words: string])[] = [
    ['', 'file with no instructions'],
    ['# a\n\n', 'file with no instructions'],
    ['# escape=x\nFROM a', "dockerfile parse error on line 1: invalid escape token 'x' does not match ^[\\\\`]$"],
    ['# syntax=a\n# syntax=b', 'dockerfile parse error on line 2: only one syntax parser directive can be used'],
    ['FROM a\nRUN <<E\nx', 'dockerfile parse error on line 2: unterminated heredoc'],
    [
      'FROM a\n\nRUN ["a", 1]',
      'dockerfile parse error on line 3: when using JSON array syntax, arrays must be comprised of strings only',
    ],
  ];
  for (const [text, words] of faults) assert.equal(faultOf(text), words);
});
