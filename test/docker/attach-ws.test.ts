import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { WebSocket } from 'ws';
import { ask, askJson } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
before(async () => {
  subject = await startSubject();
});
after(() => subject.close());
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const all = 'stream=1&stdin=1&stdout=1&stderr=1';

/** Attaches, and is open. */
async function open(name: string, query = all, version = 'v1.45') {
  const socket = new WebSocket(`ws+unix:${subject.socket}:/${version}/containers/${name}/attach/ws?${query}`);
  const chunks: Buffer[] = [];
  const kinds = new Set<boolean>();
  let code: number | undefined;
  let problem: Error | undefined;
  socket.on('message', (data, isBinary) => {
    chunks.push(data as Buffer);
    kinds.add(isBinary);
  });
  socket.on('error', (error) => {
    problem = error;
  });
  socket.on('close', (closed) => {
    code = closed;
  });
  await waitUntil('it is open', () => {
    if (problem) throw problem;
    return socket.readyState !== WebSocket.CONNECTING;
  });
  const said = () => Buffer.concat(chunks).toString();
  return {
    socket,
    said,
    kinds,
    sees: (words: RegExp) => waitUntil(`it says ${words}, not ${said()}`, () => words.test(said())),
    closed: () => waitUntil('it is closed', () => code),
  };
}

const created = async (name: string, Cmd: string[], options: object = {}) => {
  const body = { Image: sampleImage, Cmd, OpenStdin: true, HostConfig: { NetworkMode: 'none' }, ...options };
  const { status, text } = await askJson(subject.socket, `/containers/create?name=${name}`, body);
  assert.equal(status, 201, text);
};

test('both outputs come as they are, in binary messages, input goes in, and the end closes it normally', async () => {
  await created('one', ['sh', '-c', 'echo out; echo err >&2; read line; echo got $line; exit 5'], { StdinOnce: true });
  const one = await open('one');
  await docker('start', 'one');
  await one.sees(/out\n/);
  await one.sees(/err\n/);
  one.socket.send('te');
  one.socket.send(Buffer.from('xt\n'));
  assert.equal(await one.closed(), 1000);
  assert.deepEqual(one.said().split('\n').sort(), ['', 'err', 'got text', 'out']);
  assert.deepEqual([...one.kinds], [true]);
  assert.equal(await docker('wait', 'one'), '5');
});

test('a client that closes ends the input of a container that wants it once', async () => {
  await created('one', ['sh', '-c', 'cat > /got; echo $(wc -c < /got) bytes'], { StdinOnce: true });
  await docker('start', 'one');
  const one = await open('one');
  const piece = Buffer.alloc(300_000, 'x');
  for (let i = 0; i < 10; i++) one.socket.send(piece);
  one.socket.close();
  await docker('wait', 'one');
  assert.equal(await docker('logs', 'one'), '3000000 bytes');
});

test('detach keys leave a terminal, another client sees what was said before', async () => {
  await created('one', ['sh', '-c', 'stty -echo; echo ready; while read line; do echo got $line; done'], { Tty: true });
  await docker('start', 'one');
  const one = await open('one', `${all}&logs=1&detachKeys=ctrl-a,b`);
  await one.sees(/ready/);
  one.socket.send('word\n');
  await one.sees(/got word/);
  one.socket.send('\x01');
  one.socket.send('b');
  assert.equal(await one.closed(), 1000);
  assert.equal(await docker('inspect', '-f', '{{.State.Running}}', 'one'), 'true');
  const other = await open('one', 'logs=1&stdout=1');
  await other.closed();
  assert.match(other.said(), /ready\r\ngot word\r\n/);
});

test('what was not asked for does not come; before API 1.42 everything does', async () => {
  await created('one', ['sh', '-c', 'echo out; echo err >&2']);
  await docker('start', '-a', 'one');
  for (const [version, query, words] of [
    ['v1.45', 'logs=1&stderr=1', 'err\n'],
    ['v1.41', 'logs=1&stderr=1', 'out\nerr\n'],
  ] as const) {
    const one = await open('one', query, version);
    await one.closed();
    assert.equal(one.said(), words, version);
  }
});

test('a client that goes without a word is let go; one that does not read holds nobody back', async () => {
  await created('one', ['sh', '-c', 'while :; do head -c 100000 /dev/zero; echo . >> /count; done']);
  await docker('start', 'one');
  const slow = await open('one', 'stream=1&stdout=1');
  await slow.sees(/./);
  slow.socket.pause();
  const count = async () => Number(await docker('exec', 'one', 'stat', '-c', '%s', '/count'));
  const before = await count();
  await waitUntil('the container goes on', async () => (await count()) > before + 200);
  slow.socket.terminate();
  await docker('kill', 'one');
});

test('what cannot be is refused before the connection is a WebSocket', async () => {
  await created('one', ['cat']);
  for (const [path, words] of [
    [`/containers/nosuch/attach/ws?${all}`, /No such container: nosuch/],
    [`/containers/one/attach/ws?${all}&detachKeys=nope`, /Invalid detach keys/],
  ] as const) {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
    const key = { 'sec-websocket-key': Buffer.alloc(16).toString('base64') };
    const answer = await ask(subject.socket, { path, headers: { ...upgrade, ...key } });
    assert.ok([400, 404].includes(answer.status), path);
    assert.match(answer.json().message, words);
  }
  if (!subject.isBeluga) return;
  const plain = await ask(subject.socket, { path: `/containers/one/attach/ws?${all}` });
  assert.equal(plain.status, 400);
  assert.match(plain.json().message, /missing or bad upgrade/);
  const bad = await ask(subject.socket, {
    path: `/containers/one/attach/ws?${all}`,
    headers: { connection: 'Upgrade', upgrade: 'websocket' },
  });
  assert.equal(bad.status, 400);
  assert.match(bad.json().message, /Sec-WebSocket-Key/);
});
