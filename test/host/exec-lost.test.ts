import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { terminalClient } from '../terminal-client.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
before(async () => {
  engine = await startEngine();
  await engine.docker('load', '-i', sampleArchive());
});
after(() => engine[Symbol.asyncDispose]());

/** Pids on the host of what runs in a container beside its first process, by a word of their command line. */
function pidsOf(word: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
      } catch {
        return false;
      }
    });
}
const state = (pid: number) => /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

for (const runtime of ['crun', 'runc']) {
  test(`${runtime}: after SIGKILL of the engine attached execs end, detached ones go on, until the container ends`, async () => {
    const { docker } = engine;
    const name = `with-${runtime}`;
    await docker('run', '-d', '--name', name, '--network', 'none', '--runtime', runtime, sampleImage, 'sleep', '10000');
    const base = runtime === 'crun' ? 40_000 : 50_000;
    const seconds = [1, 2, 3].map((n) => String(base + n)) as [string, string, string];
    const [piped, typed, alone] = seconds;
    const client = docker.start(['exec', '-i', name, 'sleep', piped]);
    const terminal = terminalClient(`unix://${engine.folders.socket}`, ['exec', '-it', name, 'sleep', typed]);
    await docker('exec', '-d', name, 'sleep', alone);
    await waitUntil('all three run', () => seconds.every((word) => pidsOf(word).length > 0));
    await waitUntil('all are told of', async () => (await docker('inspect', '-f', '{{len .ExecIDs}}', name)) === '3');
    const [detached = 0] = pidsOf(alone);

    await engine.kill('SIGKILL');
    assert.notEqual((await client.ended).code, 0);
    assert.notEqual(await terminal.ended, 0);
    await engine.restart();

    await waitUntil('what was attached is gone', () => pidsOf(piped).length === 0 && pidsOf(typed).length === 0);
    assert.notEqual(state(detached), 'Z');
    assert.equal(await docker('inspect', '-f', '{{.State.Status}} {{len .ExecIDs}}', name), 'running 0');
    assert.equal((await docker.run(['exec', name, 'echo', 'again'])).stdout, 'again\n');
    await docker('rm', '-f', name);
    assert.equal(existsSync(`/proc/${detached}`), false);
    await waitUntil('nothing is left in the run root', () => {
      return readdirSync(path.join(engine.folders.runRoot, 'execs')).length === 0;
    });
  });
}
