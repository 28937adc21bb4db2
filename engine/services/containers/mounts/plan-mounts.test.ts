import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerRecord } from '../container-record.ts';
import type { ContainerHostConfig } from '../container-service.ts';
import { mountPointsOf, planMounts } from './plan-mounts.ts';
import { tmpfsOptions } from './tmpfs-options.ts';

const host = (own: Partial<ContainerHostConfig>) =>
  ({ binds: [], tmpfs: {}, mounts: [], ...own }) as unknown as ContainerHostConfig;
const context = {
  dataRoot: '/var/lib/beluga',
  containerOf: (): ContainerRecord => {
    throw new Error('No such container: nope');
  },
};
const plan = (own: Partial<ContainerHostConfig>, volumes: readonly string[] = []) =>
  planMounts(volumes, host(own), context);

test('outer ones first; a declared volume only where nothing else is', () => {
  const mounts = plan(
    {
      binds: ['/src:/a/b/c:ro,rslave', 'named:/top/'],
      tmpfs: { '/in/memory': '' },
      mounts: [{ type: 'bind', source: '/', target: '/a/b', readOnly: true }],
    },
    ['/top', '/in/memory', '/a//own/'],
  );
  assert.deepEqual(
    mounts.map(({ type, source, target, readOnly, propagation, volume }) =>
      [type, source, target, readOnly, propagation, volume?.name].join(' '),
    ),
    [
      'volume  /top false  named',
      // it shows the data root
      'bind / /a/b true rslave ',
      'volume  /a/own false  ',
      'bind /src /a/b/c true rslave ',
    ],
  );
});

test('a container of Beluga 0.1 has the mounts that its create asked for', () => {
  const hostConfig = host({
    binds: ['/src:/b'],
    mounts: [
      { type: 'bind', source: '/nowhere', target: '/a', readOnly: true, options: 'rslave' },
      { type: 'tmpfs', target: '/t', readOnly: false, options: 'size=1m' },
    ],
  });
  const points = mountPointsOf({ fixed: { hostConfig } } as unknown as ContainerRecord);
  assert.deepEqual(
    points.map(({ type, source, propagation, options }) => [type, source, propagation, options?.join()].join(' ')),
    ['bind /nowhere rslave ', 'bind /src rprivate ', 'tmpfs   size=1m'],
  );
});

test('what Docker refuses is refused', () => {
  const refused = (own: Partial<ContainerHostConfig>, words: RegExp) => assert.throws(() => plan(own), words);
  refused({ binds: ['/a\0b:/c'] }, /null byte/);
  refused({ binds: [''] }, /invalid volume specification: ''/);
  refused({ binds: ['/a:/b', '/c:/b/'] }, /Duplicate mount point: \/b/);
  refused({ volumesFrom: ['nope'] }, /No such container: nope/);
  refused({ volumesFrom: ['nope:shared'] }, /invalid mode: shared/);
  const near = [{ type: 'bind', source: '/var', target: '/x', readOnly: false, bind: { propagation: 'shared' } }];
  refused({ mounts: near }, /must use either propagation mode "rslave" or "rshared"/);
});

test('words of a tmpfs', () => {
  const words = (...asked: string[]) => tmpfsOptions(asked, false).join();
  assert.equal(words('exec', 'size=1m', ''), 'nosuid,nodev,exec,size=1m,rw');
  assert.equal(words('ro', 'uid=7', 'noatime'), 'noexec,nosuid,nodev,uid=7,noatime,ro');
  for (const bad of ['foo', 'foo=1', 'ro=1'])
    assert.throws(() => words(bad), new RegExp(`invalid tmpfs option "${bad}"`));
});
