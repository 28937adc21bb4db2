import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { toFailure } from '../hosts/host-error.ts';
import { pause } from '../hosts/pulse.ts';
import { createBridgeServer } from './bridge-server.ts';
import { BYTE_WINDOW } from './byte-inbox.ts';
import type { LogLine } from './containers.ts';
import type { Handlers } from './handlers.ts';
import { type FromMain, type FromRenderer, STREAM_WINDOW } from './port-protocol.ts';
import type { ServerPort } from './port-sender.ts';

/** A real port of Node's in the shape of Electron's. */
function toServerPort(port: MessagePort): ServerPort {
  return {
    postMessage: (message) => port.postMessage(message),
    on: (event: 'message' | 'close', listener: (event: { data: unknown }) => void) =>
      port.on(event, (data?: unknown) => listener({ data })),
    start: () => undefined,
    close: () => port.close(),
  };
}

function renderer(port: MessagePort) {
  const received: FromMain<unknown>[] = [];
  port.on('message', (message: FromMain<unknown>) => received.push(message));
  const closed = once(port, 'close');
  return { received, closed, send: (message: FromRenderer | string) => port.postMessage(message) };
}

const none = {} as Handlers;

function opened(handlers: Partial<Handlers>, kind: 'stream' | 'duplex', name: string, arg: unknown) {
  const server = createBridgeServer({ handlers: { ...none, ...handlers }, toFailure });
  const { port1, port2 } = new MessageChannel();
  const outcome = server.open(kind, name, arg, toServerPort(port1));
  assert.deepEqual(outcome, { ok: true, value: undefined });
  return { server, ...renderer(port2) };
}

const logs = { id: 'web', follow: true };
const line = (text: string): LogLine => ({ time: '', stream: 'stdout', text });
const itemsOf = (messages: readonly FromMain<unknown>[]) =>
  messages.flatMap((message) => (message.type === 'batch' ? message.items : []));
const batchesOf = (messages: readonly FromMain<unknown>[]) => messages.filter(({ type }) => type === 'batch').length;
/** Turns of the event loop, for what must not happen. */
const settle = () => pause(50, new AbortController().signal);

test('a call: the answer, its failure, and what is no valid call', async () => {
  const server = createBridgeServer({
    toFailure,
    handlers: {
      ...none,
      'containers.start': ({ id }) => {
        if (id === 'gone') throw new Error('No such container: gone');
      },
    },
  });
  assert.deepEqual(await server.call('containers.start', { id: 'web' }), { ok: true, value: undefined });
  const failureOf = async (name: unknown, arg: unknown) => {
    const outcome = await server.call(name, arg);
    assert.ok(!outcome.ok);
    return outcome.failure;
  };
  assert.equal((await failureOf('containers.start', { id: 'gone' })).message, 'No such container: gone');
  assert.match((await failureOf('containers.start', { id: '../etc' })).message, /^containers\.start: id: /);
  for (const [name, arg] of [
    ['containers.start', {}],
    ['containers.start', { id: 'web', evil: true }],
    ['containers.logs', logs],
    ['constructor', undefined],
    [7, undefined],
  ]) {
    const failure = await failureOf(name, arg);
    assert.equal(failure.code, 'invalid');
    assert.equal(failure.reason, 'request.invalid');
  }
});

test('a stream: all items in order, then the end', async () => {
  const { received, closed, send } = opened(
    {
      'containers.logs': async function* () {
        for (let index = 0; index < 10_000; index++) yield line(String(index));
      },
    },
    'stream',
    'containers.logs',
    logs,
  );
  const acknowledge = setInterval(() => {
    const missing = batchesOf(received) - acknowledged;
    acknowledged += missing;
    for (let index = 0; index < missing; index++) send({ type: 'ack' });
  }, 1);
  let acknowledged = 0;
  await closed;
  clearInterval(acknowledge);
  assert.deepEqual(
    itemsOf(received).map((item) => (item as LogLine).text),
    Array.from({ length: 10_000 }, (_, index) => String(index)),
  );
  assert.equal(received.at(-1)?.type, 'end');
  assert.ok(batchesOf(received) < 100, 'items travel in batches');
});

test('a stream waits for a reader that does not acknowledge', async () => {
  let produced = 0;
  const { server, received, closed } = opened(
    {
      'containers.logs': async function* () {
        for (;;) {
          produced += 1;
          yield line('x');
        }
      },
    },
    'stream',
    'containers.logs',
    logs,
  );
  await settle();
  const before = produced;
  await settle();
  assert.equal(produced, before, 'the source is not read on');
  assert.equal(batchesOf(received), STREAM_WINDOW);
  server.close();
  await closed;
});

for (const [how, message] of [
  ['cancel', { type: 'cancel' }],
  ['what is no message', 'nonsense'],
  ['bytes to a stream', { type: 'bytes', bytes: new Uint8Array(1) }],
] as const) {
  test(`a stream ends its work at ${how}`, async () => {
    let ended = false;
    const { received, closed, send } = opened(
      {
        'containers.logs': async function* (_, signal) {
          yield line('first');
          await pause(3_600_000, signal);
          ended = signal.aborted;
        },
      },
      'stream',
      'containers.logs',
      logs,
    );
    send(message);
    await closed;
    assert.ok(ended);
    assert.equal(received.at(-1)?.type === 'failed', how !== 'cancel');
  });
}

test('a stream that fails says why, after its items', async () => {
  const { received, closed } = opened(
    {
      'containers.logs': async function* () {
        yield line('one');
        throw new Error('broken');
      },
    },
    'stream',
    'containers.logs',
    logs,
  );
  await closed;
  assert.deepEqual(
    received.map(({ type }) => type),
    ['batch', 'failed'],
  );
});

test('a duplex takes no more bytes than it granted and grants what was used', async () => {
  let use: () => void = () => undefined;
  const used = new Promise<void>((resolve) => {
    use = resolve;
  });
  const { received, closed, send } = opened(
    {
      'images.load': async function* (_, input) {
        await used;
        let bytes = 0;
        for await (const chunk of input) bytes += chunk.length;
        yield { text: String(bytes) };
      },
    },
    'duplex',
    'images.load',
    undefined,
  );
  send({ type: 'bytes', bytes: new Uint8Array(BYTE_WINDOW) });
  await settle();
  assert.deepEqual(received, [{ type: 'grant', bytes: BYTE_WINDOW }], 'nothing is granted before it was used');
  use();
  send({ type: 'finish' });
  await closed;
  assert.deepEqual(received.slice(1), [
    { type: 'grant', bytes: BYTE_WINDOW },
    { type: 'batch', items: [{ text: String(BYTE_WINDOW) }] },
    { type: 'end' },
  ]);
});

test('a duplex that is given more than it granted ends', async () => {
  let failed = false;
  const { received, closed, send } = opened(
    {
      'images.load': async function* (_, input, signal) {
        await pause(3_600_000, signal);
        try {
          for await (const chunk of input) yield { text: String(chunk.length) };
        } catch {
          failed = true;
        }
      },
    },
    'duplex',
    'images.load',
    undefined,
  );
  send({ type: 'bytes', bytes: new Uint8Array(BYTE_WINDOW + 1) });
  await closed;
  assert.ok(failed, 'a cut upload is no complete one');
  const last = received.at(-1);
  assert.ok(last?.type === 'failed' && last.failure.code === 'invalid');
});
