import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { createDockerodeHost } from '../../electron/hosts/dockerode-host.ts';
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
const atTerminal = (...args: string[]) => terminalClient(`unix://${subject.socket}`, args);
const shell = (name: string) => docker('run', '-dit', '--name', name, '--network', 'none', sampleImage, 'sh');
const readAll = async (output: AsyncIterable<Uint8Array>) => {
  for await (const _ of output);
};
/** Says long lines without end, and appends a byte for each to a file. */
const noisy = (file: string) =>
  `l=x; for i in 1 2 3 4 5 6 7 8 9 10; do l=$l$l; done; while :; do echo $l; printf . >> ${file}; done`;

test('exit codes of an exec at a terminal: its own, a signal’s, and of what cannot run', async () => {
  await shell('one');
  for (const [code, words, ...command] of [
    [3, /^$/, 'sh', '-c', 'exit 3'],
    [137, /^$/, 'sh', '-c', 'kill -9 $$'],
    [127, /exec: "nope": executable file not found in \$PATH/, 'nope'],
    [126, /exec: "\/etc": (permission denied|is a directory)/, '/etc'],
  ] as [number, RegExp, ...string[]][]) {
    const client = atTerminal('exec', '-it', 'one', ...command);
    assert.equal(await client.ended, code, client.said());
    assert.match(client.said(), words);
  }
});

test('a run at a terminal of what cannot run is 127 or 126, and --rm leaves nothing', async () => {
  for (const [code, command] of [
    [127, 'nope'],
    [126, '/etc'],
  ] as const)
    assert.equal(await atTerminal('run', '-it', '--rm', '--network', 'none', sampleImage, command).ended, code);
  assert.equal(await docker('ps', '-aq'), '');
});

test('user, directory and variables of an exec at a terminal', async () => {
  await shell('one');
  const client = atTerminal('exec', '-it', '-u', '1000:5', '-w', '/tmp', '-e', 'WORD=said', 'one', 'sh');
  client.type('echo $(id -u):$(id -g) $(pwd) $WORD\r');
  await client.sees('1000:5 /tmp said');
  client.type('exit\r');
  assert.equal(await client.ended, 0);
});

test('many keys at once come whole and in order', async () => {
  await shell('one');
  const client = atTerminal('exec', '-it', 'one', 'sh', '-c', 'stty raw -echo; echo rea""dy; head -c 300000 | md5sum');
  await client.sees('ready');
  for (const letter of 'abc') client.type(letter.repeat(100_000));
  // md5 of 100000 a, then b, then c
  const wanted = createHash('md5')
    .update(['a', 'b', 'c'].map((letter) => letter.repeat(100_000)).join(''))
    .digest('hex');
  await client.sees(wanted);
  assert.equal(await client.ended, 0);
});

for (const runtime of ['crun', 'runc'])
  test(`a terminal of ours that is closed is hung up on, with ${runtime}: what ignores that goes on, keys stay its own`, async (t) => {
    if (!subject.isBeluga) return t.skip('an extension of ours');
    const id = await docker('run', '-d', '--runtime', runtime, '--network', 'none', sampleImage, 'sleep', '10000');
    const { terminals } = createDockerodeHost(subject.socket);
    const top = () => docker('top', id);
    const open = async (script: string, marker: string) => {
      const size = { rows: 24, columns: 80 };
      const connection = await terminals.exec(id, { command: ['sh', '-c', script], size });
      void readAll(connection.output);
      await waitUntil(`${marker} runs`, async () => (await top()).includes(marker));
      return connection;
    };
    // silent, so that no output shows the engine that its client has gone
    const silent = await open('sleep 1001; true', 'sleep 1001');
    const deaf = await open('trap "" HUP; sleep 1002; true', 'sleep 1002');
    const typing = await open('stty raw -echo; head -c 3 | od -c > /typed; sleep 1003', 'head -c 3');
    await typing.write(Buffer.from('\x10\x11x'));
    await waitUntil('it was typed', async () => (await top()).includes('sleep 1003'));
    for (const connection of [silent, deaf, typing]) connection.close();
    await waitUntil('they are gone', async () => !/sleep 100[13]/.test(await top()));
    assert.match(await top(), /sleep 1002/);
    assert.match(await docker('exec', id, 'cat', '/typed'), /020 021 +x/);
  });

test('detach keys of one’s own leave; half of them, and the usual ones, are passed on', async () => {
  await shell('one');
  const client = atTerminal('attach', '--detach-keys', 'ctrl-a,b', 'one');
  client.type('echo fi""rst\r');
  await client.sees('first');
  // ctrl-a alone, then another key: both are the shell's; ctrl-p ctrl-q are not asked for
  client.type('\x01\x10\x11');
  client.type('\x03echo st""ill\r');
  await client.sees('still');
  client.type('\x01b');
  await client.ended;
  assert.equal(await docker('inspect', '-f', '{{.State.Running}}', 'one'), 'true');
  const again = atTerminal('attach', 'one');
  again.type('exit 7\r');
  assert.equal(await again.ended, 7);
  const started = atTerminal('start', '-ai', 'one');
  started.type('exit 8\r');
  assert.equal(await started.ended, 8);
});

test('several clients at one terminal: all see, all may type, one that leaves takes nobody along', async () => {
  await shell('one');
  const clients = [1, 2, 3].map(() => atTerminal('attach', 'one'));
  const [first, second, third] = clients as [(typeof clients)[0], (typeof clients)[0], (typeof clients)[0]];
  for (const [index, client] of clients.entries())
    await waitUntil('everybody sees what one types', async () => {
      client.type(`echo by""${index}\r`);
      return clients.every((each) => each.said().includes(`by${index}`));
    });
  second.kill();
  await second.ended;
  third.type('echo af""ter\r');
  await first.sees('after');
  await third.sees('after');
  first.type('exit 5\r');
  assert.deepEqual([await first.ended, await third.ended], [5, 5]);
});

test('clients that do not read stall neither a terminal nor its other clients nor a log', async () => {
  await docker('run', '-dit', '--name', 'noisy', '--network', 'none', sampleImage, 'sh', '-c', noisy('/main'));
  const count = async (file: string) => {
    const { stdout } = await subject.docker.run(['exec', 'noisy', 'stat', '-c', '%s', file], { exits: 'any' });
    return Number(stdout);
  };
  const slow = [
    subject.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'noisy']),
    subject.docker.start(['exec', '-t', 'noisy', 'sh', '-c', noisy('/exec')]),
    subject.docker.start(['logs', '-f', 'noisy']),
  ];
  for (const client of slow) {
    await waitUntil('it listens', () => client.said() !== '');
    client.child.kill('SIGSTOP');
  }
  try {
    const goesOn = async (file: string, kilobytes: number) => {
      const before = await count(file);
      await waitUntil(`${file} goes on`, async () => (await count(file)) > before + kilobytes, { boundMs: 180_000 });
    };
    // far more than the pipes and sockets on the way hold
    await goesOn('/main', 8000);
    // an exec has one client, and waits for it, alone
    slow[1]?.child.kill('SIGCONT');
    await goesOn('/exec', 200);
    const reader = subject.docker.start(['attach', '--no-stdin', '--sig-proxy=false', 'noisy']);
    await waitUntil('another client reads', () => reader.said().length > 10_000);
    reader.child.kill('SIGKILL');
    await reader.ended;
  } finally {
    for (const { child } of slow) child.kill('SIGKILL');
    await Promise.all(slow.map(({ ended }) => ended));
  }
});
