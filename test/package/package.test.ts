import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asRoot, endEngine, enginePid, stopEngine } from '../app-engine.ts';
import { dockerCli, runToEnd } from '../docker-cli.ts';
import { fusesOf, type PackagedApp, packagedApp, sizeOfPng, startAndEnd } from './packaged-app.ts';

const repo = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: start these tests by npm test -- package`);
  return value;
}

const deb = fromEnvironment('BELUGA_DEB');
const unpacked = fromEnvironment('BELUGA_PACKAGE');
let folder: string;
let installed: string;

async function outputOf(program: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runToEnd(program, args);
  assert.equal(code, 0, `${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-package-'));
  installed = path.join(folder, 'installed');
  await outputOf('dpkg-deb', '-x', deb, installed);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test('an Electron other than the pinned one is refused, except for development', async () => {
  const other = path.join(folder, 'other-electron');
  mkdirSync(other);
  // says its version as Electron does when it runs as Node
  writeFileSync(path.join(other, 'electron'), '#!/bin/sh\necho 25.1.1\n', { mode: 0o755 });
  const { code, stderr } = await runToEnd(process.execPath, [path.join(repo, 'scripts/package.mjs'), '--deb'], {
    env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: other },
  });
  assert.equal(code, 2, stderr);
  assert.match(stderr, /would ship Electron 25\.1\.1, but a release has to have \d+\.\d+\.\d+/);
  assert.match(stderr, /npm run package -- --development/);
});

test('the fuses of the executable are set for release', () => {
  const { GrantFileProtocolExtraPrivileges: fileProtocol, ...others } = fusesOf(packagedApp(unpacked).executable);
  assert.deepEqual(others, {
    RunAsNode: false,
    EnableCookieEncryption: true,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    LoadBrowserProcessSpecificV8Snapshot: false,
  });
  assert.notEqual(fileProtocol, true);
});

test('the Debian package says what it needs and runs nothing when it is installed', async () => {
  const field = async (name: string) => (await outputOf('dpkg-deb', '-f', deb, name)).trim();
  assert.equal(await field('Package'), 'beluga');
  assert.equal(await field('Architecture'), 'amd64');
  assert.match(await field('Version'), /^\d+\.\d+\.\d+(~dev)?~development$/);
  assert.match(await field('Maintainer'), /^.+ <.+@.+>$/);
  const depends = (await field('Depends')).split(', ').map((each) => each.split(' | '));
  for (const name of ['crun', 'conmon', 'nftables', 'libnss3']) assert.ok(depends.flat().includes(name), name);
  // the set-up has installed whatever the engine and the window need: each is known to this Debian
  for (const names of depends) {
    const { stdout } = await runToEnd('dpkg-query', ['-W', '-f', '$' + '{db:Status-Status}\n', ...names]);
    assert.match(stdout, /^installed$/m, names.join(' | '));
  }
  assert.equal((await outputOf('dpkg-deb', '-I', deb)).match(/^ .*(?:pre|post)(?:inst|rm)/m), null);
});

test('the Debian package holds the unpacked application, its icon and its menu entry, all of root', async () => {
  const lines = (await outputOf('dpkg-deb', '-c', deb)).trim().split('\n');
  const modes = new Map(lines.map((line) => [line.split(/\s+/)[5] ?? '', line.split(/\s+/)[0]]));
  for (const line of lines) assert.match(line, /^\S+ root\/root /);
  for (const [name, mode = ''] of modes)
    if (!mode.startsWith('l')) assert.ok(mode[5] !== 'w' && mode[8] !== 'w', `${name} ${mode}`);
  assert.equal(modes.get('./opt/beluga/chrome-sandbox'), '-rwsr-xr-x');
  assert.equal([...modes.values()].filter((mode) => mode?.includes('s')).length, 1);
  assert.equal(readlinkSync(path.join(installed, 'usr/bin/beluga')), '/opt/beluga/beluga');
  const entry = await outputOf('cat', path.join(installed, 'usr/share/applications/beluga.desktop'));
  assert.match(entry, /^Exec=\/opt\/beluga\/beluga$/m);
  assert.match(entry, /^Icon=beluga$/m);
  for (const size of [16, 32, 48, 64, 128, 256, 512]) {
    const icon = path.join(installed, `usr/share/icons/hicolor/${size}x${size}/apps/beluga.png`);
    assert.deepEqual(sizeOfPng(icon), { width: size, height: size });
  }
  await outputOf('diff', '-r', '--no-dereference', unpacked, path.join(installed, 'opt/beluga'));
});

/** Which program the engine is, and that it is out of the package. */
function assertEngineOf(app: PackagedApp, root: string): Promise<void> {
  const pid = enginePid({ dataRoot: '', runRoot: path.join(root, 'run') });
  return asRoot('test', `/proc/${pid}/exe`, '-ef', app.node);
}

test('it starts away from the clone, runs a container and ends; another copy of it goes on with both', async () => {
  const root = path.join(folder, 'live');
  mkdirSync(root);
  const roots = { dataRoot: path.join(root, 'data'), runRoot: path.join(root, 'run') };
  const docker = dockerCli(`unix://${path.join(roots.runRoot, 'docker.sock')}`, path.join(root, 'docker'));
  const app = packagedApp(path.join(installed, 'opt/beluga'));
  const mark = path.join(root, 'foreign-code-ran');
  const foreign = path.join(root, 'foreign.cjs');
  writeFileSync(foreign, `if (process.versions.electron) require('fs').writeFileSync(${JSON.stringify(mark)}, '')`);

  // what the fuses forbid is tried at once: to be Node, to load code by NODE_OPTIONS, to open the inspector
  const first = await startAndEnd(app, {
    root,
    env: { ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: `--require=${foreign}` },
    switches: ['--inspect=127.0.0.1:0'],
    look: async () => {
      await assertEngineOf(app, root);
      assert.equal(await docker('ps', '--format', '{{.Names}} {{.State}}'), 'welcome running');
    },
  });
  assert.equal(first.report.event, 'ready');
  assert.deepEqual(first.report.welcomeFailure, undefined);
  assert.deepEqual(
    first.report.containers?.map(({ name, state }) => `${name} ${state}`),
    ['welcome running'],
  );
  assert.equal(first.exitCode, 0, first.said);
  assert.ok(!existsSync(mark), 'NODE_OPTIONS was heeded');
  assert.doesNotMatch(first.said, /Debugger listening/);
  const { width, height } = sizeOfPng(path.join(root, 'window.png'));
  assert.ok(width >= 800 && height >= 500, `${width} x ${height}`);
  mkdirSync(path.join(repo, 'out/screens'), { recursive: true });
  copyFileSync(path.join(root, 'window.png'), path.join(repo, 'out/screens/packaged.png'));

  // an upgrade: the next version's engine takes over what runs
  const running = await docker('inspect', '-f', '{{.State.Pid}}', 'welcome');
  await stopEngine(roots);
  const copy = path.join(folder, 'copy');
  await outputOf('cp', '-a', '--reflink=auto', unpacked, copy);
  const next = packagedApp(copy);
  const second = await startAndEnd(next, {
    root,
    look: async () => {
      await assertEngineOf(next, root);
      assert.equal(await docker('inspect', '-f', '{{.State.Pid}}', 'welcome'), running);
    },
  });
  assert.equal(second.report.event, 'ready');
  assert.equal(second.exitCode, 0, second.said);
  await docker('rm', '-f', 'welcome');
  await docker('rmi', '-f', ...(await docker('images', '-q')).split('\n'));
  await endEngine(roots, root, next);
});
