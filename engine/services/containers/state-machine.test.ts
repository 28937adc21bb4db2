import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import type { ContainerState } from './container-service.ts';
import { type Happening, hasProcess, isLive, nextState } from './state-machine.ts';

const at = (state: ContainerState) => ({ id: 'f00d', name: 'web', state });
const refusal = (state: ContainerState, happening: Happening) => {
  try {
    nextState(at(state), happening);
  } catch (error) {
    assert.ok(error instanceof EngineError);
    return `${error.code}: ${error.message}`;
  }
  return 'allowed';
};

test('a container goes from created over running to exited and round again', () => {
  assert.equal(nextState(at('created'), 'start'), 'running');
  assert.equal(nextState(at('running'), 'exit'), 'exited');
  assert.equal(nextState(at('exited'), 'start'), 'running');
  assert.equal(nextState(at('exited'), 'remove'), 'removing');
  assert.equal(nextState(at('running'), 'force-remove'), 'removing');
  assert.deepEqual(
    [isLive('running'), isLive('paused'), isLive('exited'), isLive('created')],
    [true, true, false, false],
  );
});

test('what is not allowed is refused in Docker words', () => {
  assert.equal(refusal('running', 'start'), 'not-modified: Container is already started');
  assert.equal(refusal('exited', 'stop'), 'not-modified: Container is already stopped');
  assert.equal(refusal('created', 'stop'), 'not-modified: Container is already stopped');
  assert.equal(refusal('paused', 'start'), 'conflict: cannot start a paused container, try unpause instead');
  assert.equal(refusal('exited', 'kill'), 'conflict: cannot kill container: web: container f00d is not running');
  assert.equal(
    refusal('running', 'remove'),
    'conflict: cannot remove container "/web": container is running: stop the container before removing or force remove',
  );
  assert.equal(refusal('removing', 'remove'), 'conflict: removal of container web is already in progress');
  assert.equal(refusal('created', 'exit'), 'internal: container f00d ended while created');
});

test('a paused container and one that waits for its restart, in Docker words', () => {
  assert.equal(nextState(at('running'), 'pause'), 'paused');
  assert.equal(nextState(at('paused'), 'unpause'), 'running');
  assert.equal(nextState(at('restarting'), 'restart'), 'running');
  assert.equal(nextState(at('restarting'), 'kill'), 'exited');
  assert.equal(refusal('paused', 'pause'), 'conflict: Container f00d is already paused');
  assert.equal(refusal('running', 'unpause'), 'conflict: Container f00d is not paused');
  assert.equal(refusal('exited', 'pause'), 'conflict: container f00d is not running');
  assert.equal(
    refusal('restarting', 'pause'),
    'conflict: Container f00d is restarting, wait until the container is running',
  );
  assert.deepEqual([hasProcess('paused'), hasProcess('restarting')], [true, false]);
});
