import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PatternError, pathFilter, pathPattern, patternLines } from './path-patterns.ts';

test('patterns within parts and across them', () => {
  const cases: readonly (readonly [pattern: string, fits: readonly string[], not: readonly string[]])[] = [
    ['*.md', ['a.md', '.md'], ['a/b.md', 'a.mdx']],
    ['**/*.md', ['a.md', 'a/b.md', 'a/b/c.md'], ['a.txt']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a/c']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['a/bz', 'az']],
    ['a?c', ['abc'], ['ac', 'a/c']],
    ['[a-c]1', ['a1', 'c1'], ['d1', '/1']],
    ['[^a]1', ['b1'], ['a1', '/1']],
    ['a\\*b', ['a*b'], ['axb']],
    ['a.b+(c)', ['a.b+(c)'], ['axb+(c)']],
  ];
  for (const [pattern, fits, not] of cases) {
    for (const path of fits) assert.ok(pathPattern(pattern).test(path), `${pattern} ${path}`);
    for (const path of not) assert.ok(!pathPattern(pattern).test(path), `not ${pattern} ${path}`);
  }
});

test('the last rule that fits decides, for a folder and all that is in it', () => {
  const filter = pathFilter(
    patternLines('# words\n\n/node_modules/\n*.log\n!keep.log\r\ndocs\n!docs/README.md\n./x/../y\n'),
  );
  assert.equal(filter.excludedBy('node_modules'), '/node_modules/');
  assert.equal(filter.excludedBy('node_modules/a/b.js'), '/node_modules/');
  assert.equal(filter.excludedBy('src/node_modules'), undefined);
  assert.equal(filter.excludedBy('a.log'), '*.log');
  assert.equal(filter.excludedBy('src/a.log'), undefined);
  assert.equal(filter.excludedBy('keep.log'), undefined);
  assert.equal(filter.excludedBy('docs/a.md'), 'docs');
  assert.equal(filter.excludedBy('docs/README.md'), undefined);
  assert.equal(filter.excludedBy('y'), './x/../y');
  assert.ok(filter.mayComeBack('docs'));
  assert.ok(!filter.mayComeBack('node_modules'));
});

test('faults', () => {
  for (const pattern of ['[a', 'a\\', '[]']) assert.throws(() => pathPattern(pattern), PatternError, pattern);
  assert.throws(() => pathFilter(['!']), PatternError);
});
