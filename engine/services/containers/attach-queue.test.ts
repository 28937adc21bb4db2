import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createChannel } from '../../base/channel.ts';
import type { OutputChunk, ProcessStream } from '../../drivers/oci/runtime.ts';
import { createAttachQueue, precededBy, selectStream } from './attach-queue.ts';

/** The process's side of a stream, kept in memory. */
function createProcess() {
  const output = createChannel<OutputChunk>();
  const written: string[] = [];
  const stream: ProcessStream = {
    output,
    write: async (data) => void written.push(Buffer.from(data).toString()),
    closeInput: async () => void written.push('EOF'),
    close: async () => void written.push('closed'),
  };
  const say = (text: string, to: 'stdout' | 'stderr' = 'stdout') =>
    output.push({ stream: to, data: Buffer.from(text) });
  return { stream, written, say, end: () => output.end() };
}

async function read(stream: ProcessStream): Promise<string> {
  let text = '';
  for await (const { data } of stream.output) text += Buffer.from(data).toString();
  return text;
}

test('who waits before the start gets the first byte, and what it wrote before arrives', async () => {
  const queue = createAttachQueue();
  const early = queue.wait('c');
  const write = early.write(Buffer.from('in'));
  const text = read(early);
  const container = createProcess();
  await queue.connect('c', async () => container.stream);
  container.say('first ');
  container.say('last');
  container.end();
  assert.equal(await text, 'first last');
  await write;
  await early.close();
  assert.deepEqual(container.written, ['in', 'closed']);
});

test('a start that fails ends the waiting streams, one that leaves is not connected', async () => {
  const queue = createAttachQueue();
  const failed = read(queue.wait('c'));
  queue.drop('c');
  assert.equal(await failed, '');
  const gone = queue.wait('c');
  const reading = read(gone);
  await gone.close();
  assert.equal(await reading, '');
  let attached = 0;
  await queue.connect('c', async () => {
    attached++;
    return createProcess().stream;
  });
  assert.equal(attached, 0);
});

test('only what was asked for passes', async () => {
  const container = createProcess();
  container.say('out');
  container.say('err', 'stderr');
  container.end();
  const chosen = selectStream(container.stream, { stdin: false, stdout: false, stderr: true });
  await chosen.write(Buffer.from('x'));
  await chosen.closeInput();
  assert.equal(await read(chosen), 'err');
  assert.deepEqual(container.written, []);
});

test('the past comes before the present', async () => {
  const container = createProcess();
  const past = createChannel<OutputChunk>();
  past.push({ stream: 'stdout', data: Buffer.from('old ') });
  past.end();
  container.say('new');
  container.end();
  assert.equal(await read(precededBy(past, container.stream)), 'old new');
});
