import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClassicSteps } from './classic-steps.ts';

test("the classic builder's words make steps with their output, whichever way they are cut", () => {
  let now = 0;
  const classic = createClassicSteps(() => (now += 10));
  const words =
    'Step 1/2 : FROM a\n ---> 0123\nStep 2/2 : RUN b\n ---> Running in 4567\nhello\nwor' +
    'ld\n ---> 89ab\nSuccessfully built 89ab\n';
  for (const piece of words.match(/.{1,7}/gs) ?? []) classic.add(piece);
  classic.end('done');
  assert.equal(classic.total, 2);
  assert.deepEqual(
    classic.steps().map(({ words: said, state, after, cached }) => [said, state, after, cached]),
    [
      ['FROM a', 'done', [], false],
      ['RUN b', 'done', [1], false],
    ],
  );
  const texts = classic.log(2).map((line) => ('text' in line ? line.text : ''));
  assert.deepEqual(texts, ['hello', 'world', 'Successfully built 89ab']);
});

test('a step from the cache, and one that failed', () => {
  const classic = createClassicSteps();
  classic.add('Step 1/2 : FROM a\n ---> Using cache\n ---> 01\nStep 2/2 : RUN false\n');
  classic.end('failed');
  assert.deepEqual(
    classic.steps().map(({ state, cached }) => [state, cached]),
    [
      ['done', true],
      ['failed', false],
    ],
  );
});
