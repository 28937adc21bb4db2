import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { dockerArchive, sampleLayer, tarOf } from '../sample.ts';

let engine: TestEngine;
/** A folder of the host that the images aim at. */
let target: string;
before(async () => {
  target = mkdtempSync(path.join(tmpdir(), 'beluga-target-'));
  engine = await startEngine();
});
after(async () => {
  rmSync(target, { recursive: true });
  await engine[Symbol.asyncDispose]();
});

for (const runtime of ['crun', 'runc']) {
  test(`${runtime}: a container whose image has a symlink for /dev, /proc or /sys runs, and the host keeps out of it`, async () => {
    for (const name of ['dev', 'proc', 'sys']) {
      for (const linkname of [target, `${'../'.repeat(12)}${target.slice(1)}`]) {
        const layers = [
          await sampleLayer(),
          await tarOf([{ name: `.wh.${name}` }]),
          await tarOf([{ name, type: 'symlink', linkname }]),
        ];
        await engine.docker.run(['load'], { input: await dockerArchive({ name: 'hostile/links:1', layers }) });
        const script = `test -c /dev/null && test -d /proc/1 && test -d /sys/class && ls -d /${name}`;
        const args = ['run', '--rm', '--runtime', runtime, 'hostile/links:1', 'sh', '-c', script];
        const { stdout } = await engine.docker.run(args, { exits: 'any' });
        assert.deepEqual(readdirSync(target), [], `${name} -> ${linkname}`);
        assert.equal(stdout, `/${name}\n`);
      }
    }
  });
}
