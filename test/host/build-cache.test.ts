import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requireProgram } from '../../engine/base/program-file.ts';
import type { MissReason } from '../../engine/services/build/build-service.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-cache-'));
for (const name of ['data', 'run']) mkdirSync(path.join(folder, name));
after(() => rmSync(folder, { recursive: true }));

function inside(mode: 'misses' | 'collect'): unknown {
  const program = fileURLToPath(new URL('build-inside.ts', import.meta.url));
  const args = ['--mount', '--propagation', 'private', process.execPath, program, folder, mode];
  return JSON.parse(
    execFileSync(requireProgram('unshare'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  );
}

test('why a step was run: told by files, arguments, instructions and what came before', () => {
  const told = inside('misses');
  const [first, same, files, argument, instruction, fresh, removed] = told as Record<number, MissReason[]>[];
  assert.deepEqual(first, {}, 'nothing is known of what was never made');
  assert.deepEqual(same, {}, 'nothing was made');
  assert.deepEqual(files, {
    3: [
      { kind: 'file', change: 'changed', path: 'a.txt' },
      { kind: 'file', change: 'added', path: 'c.txt' },
    ],
    4: [{ kind: 'earlier', step: 3 }],
    5: [
      { kind: 'file', change: 'changed', path: 'a.txt' },
      { kind: 'file', change: 'added', path: 'c.txt' },
      { kind: 'earlier', step: 4 },
    ],
  });
  // the files are again what they were before
  assert.deepEqual(argument?.[4], [
    { kind: 'argument', name: 'VERSION', hidden: false, from: '1', to: '2' },
    { kind: 'earlier', step: 3 },
  ]);
  assert.deepEqual(instruction, { 4: [{ kind: 'instruction', from: 'RUN echo $VERSION', to: 'RUN echo other' }] });
  assert.deepEqual(fresh?.[3], [{ kind: 'no-cache' }]);
  assert.deepEqual(removed, { 3: [{ kind: 'removed' }] });
});

test('the rules of daemon.json are applied after a build, and nothing takes what a running one uses', () => {
  assert.deepEqual(inside('collect'), { stayed: ['RUN echo first > /f'] });
});
