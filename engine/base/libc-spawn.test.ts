import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { closeDescriptor } from './libc.ts';
import { makePipe } from './libc-socket.ts';
import { spawnProgram } from './libc-spawn.ts';

const shell = (script: string, descriptors: readonly (number | 'ignore')[] = []) =>
  spawnProgram({ file: '/bin/sh', args: ['-c', script], cwd: '/proc', env: { A: 'b', B: undefined }, descriptors });

test('a program has its descriptors, directory, variables and session, and no further copies', async () => {
  const { read, write } = makePipe();
  const pipe = readlinkSync(`/proc/self/fd/${write}`);
  const held = setInterval(() => {}, 1000);
  // by exec: around the start of a child, the shell blocks all signals for a moment
  const { pid, ended } = shell('pwd; echo $A; ls -l /proc/self/fd; exec cat /proc/self/stat /proc/self/status', [
    'ignore',
    write,
    write,
  ]);
  closeDescriptor(write);
  let said = '';
  for await (const data of new Socket({ fd: read, readable: true, writable: false })) said += String(data);
  assert.equal(await ended, 0);
  clearInterval(held);
  const [directory, variable, ...rest] = said.split('\n');
  assert.deepEqual([directory, variable], ['/proc', 'b']);
  // a further copy would keep the pipe open
  assert.equal(rest.filter((line) => line.endsWith(` -> ${pipe}`)).length, 2);
  assert.match(said, new RegExp(`^${pid} \\(.*\\) . ${process.pid} ${pid} ${pid} `, 'm'));
  assert.match(said, /^SigIgn:\s*0{16}$/m);
  assert.match(said, /^SigBlk:\s*0{16}$/m);
});

test('its end is told and leaves no zombie', async () => {
  const held = setInterval(() => {}, 1000);
  assert.equal(await shell('exit 7').ended, 7);
  const sleeper = shell('sleep 1000');
  sleeper.kill('SIGKILL');
  assert.equal(await sleeper.ended, 137);
  assert.throws(() => readFileSync(`/proc/${sleeper.pid}/stat`), /ENOENT/);
  sleeper.kill('SIGKILL');
  clearInterval(held);
});

test('what cannot be started is refused', () => {
  const request = { args: [], cwd: '/', env: {}, descriptors: [] };
  assert.throws(() => spawnProgram({ ...request, file: '/nope' }), /ENOENT/);
});
