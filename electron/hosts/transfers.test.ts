import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DockerHost, HostLogin, ProgressLine } from '../../engine/compose/docker-host.ts';
import type { Transfer } from '../bridge/transfers.ts';
import { HostError } from './host-error.ts';
import { createTransfers } from './transfers.ts';

const engineRuns = async () => {};
const isPlain = { engineRuns, isBeluga: () => false };

interface PlainHost {
  readonly lines: readonly ProgressLine[];
  readonly end?: (signal: AbortSignal) => Promise<void>;
}

/** A host that pulls as told. */
function hostOf({ lines, end = async () => {} }: PlainHost) {
  const logins: (HostLogin | undefined)[] = [];
  const pull = async function* ({ login }: { login?: HostLogin }, signal: AbortSignal) {
    logins.push(login);
    yield* lines;
    await end(signal);
  };
  return { logins, host: { images: { pull } } as unknown as DockerHost };
}

/** The first list that is as wanted. */
async function firstOf(lists: AsyncIterable<readonly Transfer[]>, wanted: (list: readonly Transfer[]) => boolean) {
  for await (const list of lists) if (wanted(list)) return list;
  assert.fail('it ended');
}

test('a host without transfers of its own: a pull is made of its words, with the login of its registry', async () => {
  const { host, logins } = hostOf({
    lines: [{ status: 'Downloading', id: 'aa', progressDetail: { current: 1, total: 4 } }],
    end: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
  });
  const login = { username: 'u', password: 'p' };
  const transfers = createTransfers({
    host,
    ...isPlain,
    loginFor: async (registry) => (registry === 'ghcr.io' ? login : undefined),
  });
  const stop = new AbortController();
  const id = await transfers.pull({ reference: 'ghcr.io/acme/app:1' });
  const [running] = await firstOf(transfers.watch(stop.signal), ([first]) => (first?.layers.length ?? 0) > 0);
  assert.deepEqual([running?.id, running?.kind, running?.detailed, running?.state], [id, 'pull', false, 'running']);
  assert.deepEqual([running?.current, running?.total], [1, 4]);
  assert.deepEqual(logins, [login]);
  await assert.rejects(transfers.pause(id), { code: 'not-implemented' });
  await transfers.cancel(id);
  await firstOf(transfers.watch(stop.signal), ([first]) => first?.state === 'cancelled');
  await transfers.cancel(id);
  await firstOf(transfers.watch(stop.signal), (list) => list.length === 0);
  stop.abort();
});

test('a refusal keeps its reason', async () => {
  const { host } = hostOf({
    lines: [],
    end: async () => {
      throw new HostError('not-found', 'no such tag', { reason: 'image.manifest-unknown', params: { image: 'a:1' } });
    },
  });
  const transfers = createTransfers({ host, ...isPlain });
  await transfers.pull({ reference: 'a:1' });
  const stop = new AbortController();
  const [failed] = await firstOf(transfers.watch(stop.signal), ([first]) => first?.state === 'failed');
  assert.deepEqual(
    [failed?.error?.message, failed?.error?.reason, failed?.error?.params],
    ['no such tag', 'image.manifest-unknown', { image: 'a:1' }],
  );
  stop.abort();
});

test("the engine's own list is followed again after it broke off, and its pulls are begun there", async () => {
  const asked: string[] = [];
  let connections = 0;
  const pulled = { id: 't1', reference: 'a:1', startedAt: 1, layers: [] };
  const host = {
    system: {
      extension: async (path: string, request?: { method: string; body?: object }) => {
        asked.push(`${request?.method ?? 'GET'} ${path} ${JSON.stringify(request?.body ?? null)}`);
        return { id: 't1' };
      },
      followExtension: async function* () {
        connections += 1;
        if (connections === 1) throw new HostError('unavailable', 'lost');
        yield { transfers: [pulled] };
      },
    },
  } as unknown as DockerHost;
  const transfers = createTransfers({ host, engineRuns, isBeluga: () => true });
  assert.equal(await transfers.pull({ reference: 'a:1', platform: 'linux/arm64' }), 't1');
  const stop = new AbortController();
  const [first] = await firstOf(transfers.watch(stop.signal), (list) => list.length > 0);
  assert.deepEqual([first?.id, first?.kind, first?.detailed], ['t1', 'pull', true]);
  await transfers.pause('t1');
  await transfers.cancel('t1');
  assert.deepEqual(asked, [
    'POST /beluga/transfers {"reference":"a:1","platform":"linux/arm64"}',
    'POST /beluga/transfers/t1/pause null',
    'DELETE /beluga/transfers/t1 null',
  ]);
  stop.abort();
});
