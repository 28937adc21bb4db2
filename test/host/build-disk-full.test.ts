import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { startEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';
import { waitUntil } from '../wait-until.ts';

test('a disk that is full in the middle of a build: one sentence, the room is back, and the finished step is cached', async () => {
  const small = mkdtempSync(path.join(tmpdir(), 'beluga-small-'));
  const context = mkdtempSync(path.join(tmpdir(), 'beluga-context-'));
  assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'small', small]).status, 0);
  try {
    await using engine = await startEngine({ dataRoot: path.join(small, 'data') });
    const { docker } = engine;
    await docker('load', '-i', sampleArchive());
    const kept = ['content', 'snapshots', 'build'].map((name) => path.join(small, 'data', name));
    /** Without the database, whose size follows its own rules. */
    const listing = () => spawnSync('du', ['-ak', ...kept], { encoding: 'utf8' }).stdout;
    const used = () =>
      kept.reduce((sum, each) => sum + Number(new RegExp(`^(\\d+)\\t${each}$`, 'm').exec(listing())?.[1]), 0);
    const build = async (lines: readonly string[]) => {
      writeFileSync(path.join(context, 'Dockerfile'), `${[`FROM ${sampleImage}`, ...lines].join('\n')}\n`);
      return docker.run(['build', '-t', 'full', context], { exits: 'any' });
    };
    const first = 'RUN echo finished > /first';
    const failing: Record<string, readonly string[]> = {
      'a step that writes too much': ['RUN head -c 90000000 /dev/urandom > /large'],
      // the step has room, its layer has none
      'a layer that has no room': ['RUN head -c 40000000 /dev/urandom > /large'],
      'a copy': ['COPY large /large'],
    };
    mkdirSync(path.join(context, 'empty'));
    await build([first]);
    const before = used();
    for (const [what, lines] of Object.entries(failing)) {
      if (what === 'a copy') writeFileSync(path.join(context, 'large'), randomBytes(80_000_000));
      const { code, stdout, stderr } = await build([first, ...lines]);
      assert.notEqual(code, 0, what);
      assert.match(`${stdout}${stderr}`, /no space left on device/i, what);
      assert.deepEqual(readdirSync(path.join(engine.folders.runRoot, 'containers')), [], what);
      // in the background
      await waitUntil(`the room is back: ${what}`, () => {
        if (used() < before + 500) return true;
        throw new Error(listing());
      });
    }
    rmSync(path.join(context, 'large'));
    const again = await build([first, 'RUN echo room again > /second']);
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /Using cache/);
    assert.equal(await docker('run', '--rm', 'full', 'cat', '/second'), 'room again');
  } finally {
    rmSync(context, { recursive: true });
    assert.equal(spawnSync('umount', [small]).status, 0, 'something still uses the small disk');
    rmdirSync(small);
  }
});
