import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileStamp, openBootMemo } from '../../base/boot-memo.ts';
import { type RuntimeProbe, rememberedVersion, usableRuntimes } from './probe-runtimes.ts';

const crun = { name: 'crun', file: '/usr/bin/crun', version: '1.8.1' } as const;
const works: RuntimeProbe = { name: 'crun', isInstalled: true, program: crun, problem: '' };
const refused: RuntimeProbe = { ...works, problem: 'cgroups in hybrid mode are not supported by crun' };
const absent: RuntimeProbe = { name: 'runc', isInstalled: false, program: undefined, problem: 'runc is not installed' };
const broken: RuntimeProbe = {
  name: 'runc',
  isInstalled: true,
  program: undefined,
  problem: 'runc: exec format error',
};

test('one that works is enough', () => {
  assert.deepEqual(usableRuntimes([works, absent]), [crun]);
});

test('the package that is named is one that is not installed', () => {
  assert.throws(() => usableRuntimes([refused, absent]), {
    reason: 'program.missing',
    params: { program: 'runc', package: 'runc' },
    message: /hybrid mode.*runc is not installed/,
  });
  assert.throws(() => usableRuntimes([refused, broken]), { reason: 'program.failed', message: /exec format error/ });
});

test('a version that is known is not asked for again, until the program is another; of a script it always is', async (t) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'beluga-probes-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const memo = openBootMemo(path.join(directory, 'memo.json'));
  const binary = path.join(directory, 'binary');
  const script = path.join(directory, 'script');
  copyFileSync('/bin/cat', binary);
  writeFileSync(script, '#!/bin/sh\necho "script version 2.0"\n', { mode: 0o755 });
  for (const file of [binary, script]) await memo.recall(`version of ${file}`, fileStamp(file), async () => 'known');
  assert.equal(await rememberedVersion(binary, memo), 'known');
  assert.equal(await rememberedVersion(script, memo), '2.0');
  copyFileSync('/bin/ls', binary);
  assert.notEqual(await rememberedVersion(binary, memo), 'known');
});
