import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineState } from '../bridge/host.ts';
import { createEngineHost, type EngineHostLimits, type EngineHostParts, waitBefore } from './engine-host.ts';
import type { StartFailure } from './engine-log.ts';
import type { Ending } from './engine-process.ts';
import { HostError } from './host-error.ts';
import { createPulse } from './pulse.ts';

const limits: EngineHostLimits = {
  firstWait: 2,
  longestWait: 8,
  attempts: 3,
  healthyAfter: 3_600_000,
  endingWait: 2_000,
};
const crash = (final = false): StartFailure => ({
  error: new HostError('unavailable', 'ended', { reason: final ? 'program.missing' : 'engine.start-failed' }),
  final,
});

/** A world in which engines are: `starts` says of each start whether it succeeds. */
function world(starts: (true | StartFailure)[]) {
  let alive = false;
  let started = 0;
  let lose: (() => void) | undefined;
  let end: ((ending: Ending) => void) | undefined;
  const phases: string[] = [];
  const told = createPulse();
  let host: { state: EngineState } | undefined;
  const parts: EngineHostParts = {
    limits,
    start() {
      const result = starts[started];
      started += 1;
      if (result === true) alive = true;
      const ended = new Promise<Ending>((resolve) => {
        end = resolve;
        if (result !== true) resolve({ clean: false, failure: result ?? crash() });
      });
      return { ready: Promise.resolve(result === true), ended };
    },
    async probe() {
      if (!alive) throw new HostError('unavailable', 'no answer');
      return { version: '1', apiVersion: '1.51', socket: '/s' };
    },
    follow: (signal) =>
      new Promise<void>((resolve, reject) => {
        lose = () => reject(new HostError('unavailable', 'lost'));
        signal.addEventListener('abort', () => resolve());
      }),
    changed() {
      const phase = host?.state.phase;
      if (phase !== undefined && phases.at(-1) !== phase) phases.push(phase);
      told.beat();
    },
  };
  return {
    phases,
    get started() {
      return started;
    },
    adoptable: () => {
      alive = true;
    },
    /** The engine ends: by a signal, or on purpose. */
    kill(clean = false) {
      alive = false;
      end?.({ clean, failure: crash() });
      lose?.();
    },
    /** The connection breaks but the engine lives. */
    cut: () => lose?.(),
    open() {
      const opened = createEngineHost(parts);
      host = opened;
      const until = async (phase: EngineState['phase'], check: (state: EngineState) => boolean = () => true) => {
        const signal = AbortSignal.timeout(10_000);
        while (!(opened.state.phase === phase && check(opened.state))) {
          await told.after(told.count, signal);
          signal.throwIfAborted();
        }
      };
      return { host: opened, until };
    },
  };
}

test('an engine that answers already is adopted', async () => {
  const our = world([]);
  our.adoptable();
  const { host, until } = our.open();
  await until('running');
  assert.equal(our.started, 0);
  assert.equal(host.state.version?.apiVersion, '1.51');
  await host.close();
});

test('none answers: one is started; lost by a signal it is started again and shown as reconnecting', async () => {
  const our = world([true, true]);
  const { host, until } = our.open();
  await until('running');
  our.kill();
  await until('reconnecting');
  assert.equal(host.state.version?.version, '1', 'what ran last stays known');
  await until('running');
  assert.equal(our.started, 2);
  assert.equal(host.state.reason, undefined);
  assert.deepEqual(our.phases, ['starting', 'running', 'reconnecting', 'running'].slice(-our.phases.length));
  await host.close();
});

test('a broken connection to a living engine starts no second one', async () => {
  const our = world([true, true]);
  const { host, until } = our.open();
  await until('running');
  our.cut();
  await until('reconnecting');
  await until('running');
  assert.equal(our.started, 1);
  await host.close();
});

test('failed starts are tried again after growing waits, then it is given up until the user asks', async () => {
  const our = world([crash(), crash(), crash(), true]);
  const { host, until } = our.open();
  await until('starting', ({ nextTryAt }) => nextTryAt !== undefined);
  assert.equal(host.state.reason?.reason, 'engine.start-failed');
  await until('failed');
  assert.equal(our.started, 3);
  assert.equal(host.state.attempt, 3);
  assert.equal(host.state.nextTryAt, undefined);
  host.restart();
  await until('running');
  assert.equal(host.state.attempt, 0);
  await host.close();
});

test('a reason that stays so is shown at once, without further tries', async () => {
  const our = world([crash(true), true]);
  const { host, until } = our.open();
  await until('failed');
  assert.equal(our.started, 1);
  assert.equal(host.state.reason?.reason, 'program.missing');
  host.restart();
  await until('running');
  await host.close();
});

test('an engine that was stopped on purpose is not started again unasked', async () => {
  const our = world([true, true]);
  const { host, until } = our.open();
  await until('running');
  our.kill(true);
  await until('stopped');
  assert.equal(our.started, 1);
  host.restart();
  await until('running');
  assert.equal(our.started, 2);
  await host.close();
});

test('an engine that ends again and again is given up in the end', async () => {
  const our = world([true, true, true, true, true, true]);
  const { host, until } = our.open();
  for (let round = 0; round < limits.attempts; round++) {
    await until('running');
    our.kill();
    await until(round < limits.attempts - 1 ? 'reconnecting' : 'failed');
  }
  assert.equal(our.started, limits.attempts);
  await host.close();
});

test('waits double up to the longest', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((attempt) => waitBefore(attempt, limits)),
    [0, 2, 4, 8, 8, 8],
  );
});
