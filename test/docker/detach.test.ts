import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { askJson, openWire, type Wire } from '../raw-http.ts';
import { sampleImage } from '../sample.ts';
import { terminalClient } from '../terminal-client.ts';
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
const shell = (name: string) =>
  docker('run', '-dit', '--name', name, '--label', 'kept=yes', '--network', 'none', sampleImage, 'sh');
/** How many processes run in it. */
const processes = async (name: string) => (await docker('top', name)).split('\n').length - 1;

/** Takes the connection of a request over, as an interactive client does, and types once there is a prompt. */
async function interactive(path: string, body = ''): Promise<Wire> {
  const wire = await openWire(subject.socket);
  const head = ['Host: docker', 'Connection: Upgrade', 'Upgrade: tcp', 'Content-Type: application/json'];
  wire.socket.write(`POST ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  await wire.until('the connection is taken over', (bytes) => bytes.includes('101 UPGRADED'));
  wire.socket.write('echo up""graded\r');
  await wire.until('the shell answers', (bytes) => bytes.includes('upgraded'));
  return wire;
}

const attach = (name: string, keys = '') =>
  interactive(`/containers/${name}/attach?stream=1&stdin=1&stdout=1&stderr=1${keys}`);

async function exec(name: string): Promise<{ id: string; wire: Wire }> {
  const request = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: true, Cmd: ['sh'] };
  const { Id: id } = (await askJson(subject.socket, `/containers/${name}/exec`, request)).json<{ Id: string }>();
  return { id, wire: await interactive(`/exec/${id}/start`, '{"Tty":true}') };
}

interface Told {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
}

/** `--until` counts in whole seconds: what happens now is told a moment later. */
async function told(action: string): Promise<Told> {
  const flags = ['--since', '60s', '--until', '0s', '--filter', `event=${action}`, '--format', '{{json .}}'];
  const line = await waitUntil(`the event ${action}`, async () => {
    const [first] = (await docker('events', ...flags)).split('\n');
    return first || null;
  });
  return JSON.parse(line) as Told;
}

test('detach keys at attach: the request ends, the shell goes on, the event has Docker’s attributes', async () => {
  const id = await shell('one');
  const wire = await attach('one', '&detachKeys=ctrl-a,b');
  wire.socket.write('\x01');
  wire.socket.write('b');
  await wire.closed();
  assert.equal(await processes('one'), 1);
  const { Actor } = await told('detach');
  assert.equal(Actor.ID, id);
  const { image, name, kept, ...others } = Actor.Attributes;
  assert.deepEqual({ image, name, kept }, { image: sampleImage, name: 'one', kept: 'yes' });
  assert.ok(!Object.keys(others).includes('execID'));
});

test('a new size of a container’s terminal is told with Docker’s attributes, that of an exec’s is not', async () => {
  const id = await shell('one');
  const { id: execId, wire } = await exec('one');
  for (const path of [`/exec/${execId}/resize?h=11&w=55`, '/containers/one/resize?h=30&w=90'])
    assert.equal((await askJson(subject.socket, path, {})).status, 200, path);
  const { Actor } = await told('resize');
  assert.equal(Actor.ID, id);
  const { height, width, image, name, kept } = Actor.Attributes;
  assert.deepEqual(
    { height, width, image, name, kept },
    { height: '30', width: '90', image: sampleImage, name: 'one', kept: 'yes' },
  );
  const flags = ['--since', '60s', '--until', '0s', '--filter', 'event=resize', '--filter', `container=${id}`];
  assert.equal((await docker('events', ...flags)).split('\n').length, 1);
  wire.socket.destroy();
});

test('detach keys of an exec: likewise, with its id', async () => {
  const container = await shell('one');
  const { id, wire } = await exec('one');
  wire.socket.write('\x10\x11');
  await wire.closed();
  // dockerd 20.10 ends the shell here, against its documentation
  if (subject.isBeluga) assert.equal(await processes('one'), 2, 'its process goes on');
  const { Actor } = await told('exec_detach');
  assert.equal(Actor.ID, container);
  const { execID, image, name, kept } = Actor.Attributes;
  assert.deepEqual({ execID, image, name, kept }, { execID: id, image: sampleImage, name: 'one', kept: 'yes' });
});

test('the end of input at a terminal ends the request, not the process, and is no detach', async () => {
  await shell('one');
  const attached = await attach('one');
  attached.socket.end();
  await attached.closed();
  const { wire } = await exec('one');
  wire.socket.end();
  await wire.closed();
  assert.equal(await processes('one'), 2);
  const id = await docker('inspect', '-f', '{{.Id}}', 'one');
  await docker('pause', 'one');
  await told('pause');
  const kinds = ['detach', 'exec_detach'].flatMap((action) => ['--filter', `event=${action}`]);
  assert.equal(await docker('events', '--since', '60s', '--until', '0s', ...kinds, '--filter', `container=${id}`), '');
});

test('the CLI reads its detach keys itself: it leaves, and says how', async () => {
  await shell('one');
  for (const args of [
    ['attach', '--detach-keys', 'ctrl-x,x', 'one'],
    ['exec', '-it', '--detach-keys', 'ctrl-x,x', 'one', 'sh'],
  ]) {
    const client = terminalClient(`unix://${subject.socket}`, args);
    client.type('echo th""ere\r');
    await client.sees('there');
    client.type('\x18x');
    assert.equal(await client.ended, 1);
    assert.match(client.said(), /read escape sequence/);
  }
  assert.equal(await processes('one'), 2);
});
