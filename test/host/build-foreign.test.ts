import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { tarOf } from '../sample.ts';

/** A processor that no other test asks for: what is registered with the kernel counts for the whole machine. */
const platform = 'linux/ppc64le';
const registered = '/proc/sys/fs/binfmt_misc';
const name = `beluga-${process.pid}`;
const magic = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\x15\\x00';
const mask = '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfc\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\x00';

const fromEnvironment = (variable: string) => {
  const folder = process.env[variable];
  if (!folder) throw new Error(`${variable} is not set: run the test by npm test -- host`);
  return folder;
};

let engine: TestEngine;
let folder: string;
let isMounted = false;
before(async () => {
  if (!existsSync(path.join(registered, 'register'))) {
    execFileSync('mount', ['-t', 'binfmt_misc', 'none', registered]);
    isMounted = true;
  }
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-foreign-'));
  engine = await startEngine();
  const busybox = readFileSync(path.join(fromEnvironment('BELUGA_FOREIGN_PROGRAMS'), 'bin/busybox'));
  const archive = path.join(folder, 'root.tar');
  writeFileSync(
    archive,
    await tarOf([
      { name: 'bin/', type: 'directory' },
      { name: 'bin/busybox', content: busybox, mode: 0o755 },
      ...['sh', 'uname', 'cat'].map((each) => ({ name: `bin/${each}`, type: 'symlink' as const, linkname: 'busybox' })),
    ]),
  );
  await engine.docker('import', '--platform', platform, archive, 'foreign:1');
});
after(async () => {
  if (existsSync(path.join(registered, name))) writeFileSync(path.join(registered, name), '-1');
  await engine?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  // whoever else uses it meanwhile keeps it
  if (isMounted) spawnSync('umount', [registered]);
});

function build(...lines: string[]): Promise<string> {
  writeFileSync(path.join(folder, 'Dockerfile'), `${['FROM foreign:1', ...lines].join('\n')}\n`);
  const context = path.join(folder, 'Dockerfile');
  return engine.docker('build', '--platform', platform, '-t', 'foreign:made', '-f', context, folder);
}

test('without an emulator a RUN of another processor is refused in one sentence', async () => {
  await assert.rejects(build('RUN uname -m'), /RUN cannot run programs of linux\/ppc64le on this machine/);
});

test('with one that is registered with the kernel it runs, and the image is for that processor', async () => {
  const program = path.join(fromEnvironment('BELUGA_EMULATOR'), 'usr/bin/qemu-ppc64le-static');
  // F: the kernel has opened it, so that it need not be in the image
  writeFileSync(path.join(registered, 'register'), `:${name}:M::${magic}:${mask}:${program}:F`);
  assert.match(
    await build('RUN uname -m > /machine; read of < /machine; echo "runs $of"', 'CMD ["/bin/cat", "/machine"]'),
    /^runs ppc64le$/m,
  );
  assert.equal(await engine.docker('inspect', '-f', '{{.Architecture}}', 'foreign:made'), 'ppc64le');
  assert.equal(
    await engine.docker('run', '--rm', '--network', 'none', '--platform', platform, 'foreign:made'),
    'ppc64le',
  );
});
