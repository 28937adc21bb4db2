import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builderGcOf, buildGrantsOf, buildParallelismOf } from './builder-gc.ts';

test("dockerd's builder.gc: sizes, rules, filters in each of their forms", () => {
  assert.deepEqual(builderGcOf(undefined), { enabled: true });
  assert.deepEqual(builderGcOf({ gc: { enabled: false, defaultKeepStorage: '10GB' } }), {
    ...{ enabled: false, reservedBytes: 10 * 1024 ** 3 },
  });
  const policy = [
    { keepStorage: '512m', filter: ['unused-for=2h30m', 'type==exec.cachemount'] },
    { all: true, reservedSpace: 5, maxUsedSpace: '1k', minFreeSpace: '2k', keepDuration: '1s' },
    { filter: { type: ['regular', 'source.local'] } },
  ];
  assert.deepEqual(builderGcOf({ gc: { policy } }).policy, [
    { all: false, reservedBytes: 512 * 1024 ** 2, unusedFor: 9_000_000, types: ['exec.cachemount'] },
    { all: true, reservedBytes: 5, maximumBytes: 1024, minimumFreeBytes: 2048, unusedFor: 1000 },
    { all: false, types: ['regular', 'source.local'] },
  ]);
});

test('bad input is told by its key', () => {
  const cases: readonly (readonly [unknown, RegExp])[] = [
    ['x', /the key builder of/],
    [{ gcc: {} }, /builder\.gcc/],
    [{ gc: { enabled: 1 } }, /builder\.gc\.enabled/],
    [{ gc: { defaultKeepStorage: 'much' } }, /takes a size/],
    [{ gc: { policy: {} } }, /policy of the configuration file has to be a list/],
    [{ gc: { policy: [{ filter: ['color=red'] }] } }, /the filter color/],
    [{ gc: { policy: [{ filter: ['until=soon'] }] } }, /written as 48h/],
  ];
  for (const [value, words] of cases) assert.throws(() => builderGcOf(value), words);
});

test('what builds may be granted', () => {
  assert.deepEqual(buildGrantsOf(undefined), ['network.host']);
  assert.deepEqual(buildGrantsOf({ entitlements: { 'network-host': false, 'security-insecure': true } }), [
    'security.insecure',
  ]);
  assert.throws(() => buildGrantsOf({ entitlements: { 'security-insecure': 'yes' } }), /has to be true or false/);
  assert.throws(() => buildGrantsOf({ entitlements: { device: true } }), /builder\.entitlements\.device is not known/);
});

test('how many steps run at once', () => {
  assert.deepEqual([undefined, {}, { maxParallelism: 3 }].map(buildParallelismOf), [undefined, undefined, 3]);
  for (const count of [0, -1, 1.5, '4'])
    assert.throws(
      () => buildParallelismOf({ maxParallelism: count }),
      /builder\.maxParallelism takes a whole number from 1 on/,
    );
});
