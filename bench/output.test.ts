import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { checkOutput, pour, writing } from './output.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'beluga-output-'));
after(() => rmSync(folder, { recursive: true }));
const bytes = 20_000_000;
/** What the writer's command writes, run here. */
const run = (command: string) => {
  const [program = '', flag = '', script = ''] = writing(bytes);
  return spawn(program, [flag, `(${script.replaceAll('/piece', `${folder}/piece`)}) | ${command}`]).stdout;
};

test('all bytes of the writer are what is expected, and one that is missing, more or another is told', async () => {
  await checkOutput(bytes, (into) => pour(run('cat'), into));
  await assert.rejects(
    checkOutput(bytes, (into) => pour(run('head -c -1'), into)),
    /has 19999999 bytes/,
  );
  await assert.rejects(
    checkOutput(bytes, (into) => pour(run('(cat; echo)'), into)),
    /has 20000001 bytes/,
  );
  await assert.rejects(
    checkOutput(bytes, (into) => pour(run('tr q Q'), into)),
    /other bytes/,
  );
});
