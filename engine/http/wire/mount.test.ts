import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mountsFromWire, requestedMountsToWire } from './mount.ts';

test('every option of a mount arrives and is told again as it was given', () => {
  const mounts = [
    {
      Type: 'volume' as const,
      Source: 'v',
      Target: '/v',
      ReadOnly: true,
      VolumeOptions: {
        NoCopy: true,
        Labels: { a: 'b' },
        Subpath: 's',
        DriverConfig: { Name: 'local', Options: { type: 'x' } },
      },
    },
    {
      Type: 'bind' as const,
      Source: '/a',
      Target: '/b',
      Consistency: 'cached',
      BindOptions: { Propagation: 'rslave' as const, NonRecursive: true, CreateMountpoint: true },
    },
    { Type: 'tmpfs' as const, Target: '/t', TmpfsOptions: { SizeBytes: 10, Mode: 0o1770, Options: [['uid', '7']] } },
    { Type: 'image' as const, Source: 'i', Target: '/i', ImageOptions: { Subpath: 's' } },
  ];
  assert.deepEqual(requestedMountsToWire(mountsFromWire(mounts, [1, 51])), mounts);
});

test('what came with API 1.44 is refused of older clients', () => {
  const mount = { Type: 'bind' as const, Source: '/a', Target: '/b', BindOptions: { ReadOnlyForceRecursive: true } };
  assert.throws(() => mountsFromWire([mount], [1, 43]), /needs API v1.44 or newer/);
  assert.deepEqual(mountsFromWire([mount], [1, 44])[0]?.bind, { readOnlyForceRecursive: true });
});
