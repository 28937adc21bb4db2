/** Mounts that pass between the host and a container, on a host whose mounts are shared. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { useGuestEngine } from './guest-engine.ts';

const folder = '/shared';
const run = (...words: string[]) => execFileSync(words[0] ?? '', words.slice(1), { stdio: 'pipe' });
const isMounted = (target: string) =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[1] === target);

const one = useGuestEngine();
before(() => {
  mkdirSync(folder);
  run('mount', '-t', 'tmpfs', 'shared', folder);
  run('mount', '--make-rshared', folder);
  for (const name of ['host', 'inner']) mkdirSync(`${folder}/${name}`);
});
after(() => run('umount', '-R', folder));

const inside = (name: string, script: string) => one.guest.docker('exec', name, 'sh', '-c', script);
const mountInside = 'mount -t tmpfs inner /m/inner && echo done || echo refused';

test('rshared: what is mounted on either side is there on the other, and stays when the container is gone', async () => {
  await one.guest.start('shared', { CapAdd: ['SYS_ADMIN'], Binds: [`${folder}:/m:rshared`] }, 'exec sleep 1000');
  assert.equal(await one.guest.look('shared', 'Mounts.0.Propagation'), 'rshared');
  run('mount', '-t', 'tmpfs', 'host', `${folder}/host`);
  assert.match(await inside('shared', 'cat /proc/mounts'), /^host \/m\/host tmpfs /m);
  assert.equal(await inside('shared', mountInside), 'done');
  assert.ok(isMounted(`${folder}/inner`), 'the host has what was mounted inside');
  await one.guest.remove('shared');
  assert.ok(isMounted(`${folder}/inner`));
  run('umount', `${folder}/inner`, `${folder}/host`);
});

test('rslave: one way only; without a word: neither', async () => {
  for (const [name, mode] of [
    ['slave', ':rslave'],
    ['private', ''],
  ] as const)
    await one.guest.start(name, { CapAdd: ['SYS_ADMIN'], Binds: [`${folder}:/m${mode}`] }, 'exec sleep 1000');
  run('mount', '-t', 'tmpfs', 'host', `${folder}/host`);
  assert.match(await inside('slave', 'cat /proc/mounts'), /^host \/m\/host tmpfs /m);
  assert.doesNotMatch(await inside('private', 'cat /proc/mounts'), /^host /m);
  for (const name of ['slave', 'private']) {
    assert.equal(await inside(name, mountInside), 'done');
    assert.equal(isMounted(`${folder}/inner`), false, name);
  }
  run('umount', `${folder}/host`);
  assert.doesNotMatch(await inside('slave', 'cat /proc/mounts'), /^host /m, 'it goes there too');
  await one.guest.remove('slave', 'private');
});

test('what the host made private is refused as shared, and its copy in the engine’s namespace does not count', async () => {
  const start = (mode: string) =>
    one.guest.start('turned', { Binds: [`${folder}/host:/m:${mode}`] }, 'exec sleep 1000');
  run('mount', '-t', 'tmpfs', 'turned', `${folder}/host`);
  run('mount', '--make-private', `${folder}/host`);
  const words = (kind: string) =>
    new RegExp(`path /shared/host is mounted on /shared/host but it is not a ${kind} mount`);
  await assert.rejects(start('rshared'), words('shared'));
  await one.guest.remove('turned');
  await assert.rejects(start('rslave'), words('shared or slave'));
  await one.guest.remove('turned');
  run('umount', `${folder}/host`);
  assert.deepEqual(await start('rshared'), []);
  await one.guest.remove('turned');
});

test('the root file systems of containers are not seen by the host', async () => {
  await one.guest.start('inward', {}, 'exec sleep 1000');
  assert.equal(
    readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .some((line) => line.startsWith('overlay ')),
    false,
  );
  await one.guest.remove('inward');
});
