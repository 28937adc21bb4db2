import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { runsPrograms } from './foreign-programs.ts';

const registered = mkdtempSync(path.join(tmpdir(), 'beluga-binfmt-'));
after(() => rmSync(registered, { recursive: true }));

test('programs of another machine run where the kernel has an emulator for them', () => {
  const entry = (state: string, machine: string) => [
    state,
    'interpreter /usr/bin/qemu',
    'flags: F',
    'offset 0',
    `magic 7f454c460201010000000000000000000200${machine}`,
    '',
  ];
  writeFileSync(path.join(registered, 'qemu-aarch64'), entry('enabled', 'b700').join('\n'));
  writeFileSync(path.join(registered, 'qemu-riscv64'), entry('disabled', 'f300').join('\n'));
  writeFileSync(path.join(registered, 'status'), 'enabled\n');
  const runs = (wanted: string) => runsPrograms(wanted, { registered, host: 'amd64' });
  assert.deepEqual(['amd64', '386', 'arm64', 'riscv64', 's390x', 'wasm'].map(runs), [
    ...[true, true, true, false, false, false],
  ]);
  assert.equal(runsPrograms('arm64', { registered: '/nowhere', host: 'amd64' }), false);
});
