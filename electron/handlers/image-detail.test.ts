import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instructionOf, stepsOf } from './image-detail.ts';

const entry = (CreatedBy: string, Size = 0) => ({ Id: '', Created: 0, CreatedBy, Tags: [], Size, Comment: '' });
const alone = () => [];

test('an instruction stands as in the recipe, whichever builder wrote it', () => {
  assert.equal(instructionOf('/bin/sh -c #(nop)  CMD ["sh"]'), 'CMD ["sh"]');
  assert.equal(instructionOf('/bin/sh -c apt-get update'), 'RUN apt-get update');
  assert.equal(instructionOf('RUN /bin/sh -c apt-get update # buildkit'), 'RUN apt-get update');
  assert.equal(instructionOf('RUN |1 VERSION=3 /bin/sh -c make # buildkit'), 'RUN make');
  assert.equal(instructionOf('COPY dist ./dist # buildkit'), 'COPY dist ./dist');
});

test('a layer belongs to the step that made it, also to one that added no bytes', () => {
  const history = [entry('CMD ["sh"]'), entry('WORKDIR /srv'), entry('RUN /bin/sh -c true'), entry('ADD rootfs /', 9)];
  const layers = (list: readonly string[]) => stepsOf(history, list, alone).map(({ layer }) => layer?.diffId);
  assert.deepEqual(layers(['a', 'b', 'c']), ['a', 'b', 'c', undefined]);
  assert.deepEqual(layers(['a', 'b']), ['a', 'b', undefined, undefined]);
  assert.deepEqual(layers(['a']), ['a', undefined, undefined, undefined]);
});

test('layers without a history are listed all the same, and a history that does not fit names none', () => {
  assert.deepEqual(
    stepsOf([], ['a', 'b'], (index) => [`other-${index}`]),
    [
      { size: 0, layer: { diffId: 'a', sharedWith: ['other-0'] } },
      { size: 0, layer: { diffId: 'b', sharedWith: ['other-1'] } },
    ],
  );
  const twice = [entry('ADD a /', 1), entry('ADD b /', 1)];
  assert.deepEqual(
    stepsOf(twice, ['a'], alone).map(({ layer }) => layer),
    [undefined, undefined],
  );
});
