import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DockerHost } from '../../engine/compose/docker-host.ts';
import type { EngineState } from '../bridge/host.ts';
import { HostError } from '../hosts/host-error.ts';
import { createPulse } from '../hosts/pulse.ts';
import { keepHandedOver } from './login-keeper.ts';

test('logins are handed over to each engine that runs, once, and a failure waits for the next one', async () => {
  let state: EngineState = { phase: 'starting', attempt: 0, since: 1 };
  const changed = createPulse();
  const told: string[][] = [];
  let broken = false;
  const become = async (next: Partial<EngineState>) => {
    state = { ...state, ...next };
    changed.beat();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const rules = [
    { prefix: 'docker.io', mirrors: [{ url: 'https://mirror.example/x' }], order: 'auto', mirrorOnly: false },
  ];
  const extension = async () => {
    if (broken) throw new HostError('unavailable', 'lost');
    return { settings: { rules, insecure: [], hosts: {} } };
  };
  const leaving = new AbortController();
  const kept = keepHandedOver(
    {
      ours: {
        host: { system: { extension } } as unknown as DockerHost,
        engine: {
          get state() {
            return state;
          },
          restart: () => undefined,
          close: async () => undefined,
        },
        changed,
        engineRuns: async (signal) => {
          while (state.phase !== 'running' && !signal.aborted) await changed.after(changed.count, signal);
        },
      },
      logins: {
        handOver: async (hosts) => {
          told.push([...hosts]);
        },
      },
    },
    leaving.signal,
  );
  await become({ phase: 'starting' });
  assert.deepEqual(told, []);
  await become({ phase: 'running', since: 2 });
  assert.deepEqual(told, [['mirror.example']]);
  await become({});
  assert.equal(told.length, 1, 'not again while the same engine runs');
  await become({ phase: 'reconnecting', since: 3 });
  broken = true;
  await become({ phase: 'running', since: 4 });
  assert.equal(told.length, 1);
  broken = false;
  await become({ phase: 'reconnecting', since: 5 });
  await become({ phase: 'running', since: 6 });
  assert.equal(told.length, 2);
  leaving.abort();
  await kept;
});
