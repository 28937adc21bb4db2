import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

let subject: Subject;
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-bind-'));
  subject = await startSubject();
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await subject.close();
});
afterEach(async () => {
  const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
  if (all.length > 0) await docker('rm', '-f', ...all);
});

const docker = (...args: string[]) => subject.docker(...args);
const sh = (script: string) => [sampleImage, 'sh', '-c', script];
const lines = (words: string) => words.split('\n').filter(Boolean);

test('--network none: loopback only, and it is up', async () => {
  const said = lines(
    await docker(
      'run',
      '--rm',
      '--network',
      'none',
      ...sh('ls /sys/class/net; ping -c1 -q 127.0.0.1 | grep -c "1 packets received"'),
    ),
  );
  assert.deepEqual(said, ['lo', '1']);
});

test('--network host: the host’s own interfaces and hostname', async () => {
  const said = lines(
    await docker('run', '--rm', '--network', 'host', ...sh('hostname; ls /sys/class/net; readlink /proc/self/ns/net')),
  );
  assert.equal(said[0], hostname());
  // those of other engines' containers come and go
  const lasting = (names: readonly string[]) =>
    names.filter((each) => !/^(v[0-9a-f]{6,}|beluga|veth)/.test(each)).sort();
  assert.deepEqual(lasting(said.slice(1, -1)), lasting(readdirSync('/sys/class/net')));
});

for (const network of ['default', 'bridge']) {
  test(`network ${network}: an interface and an address of its own, never the host’s`, async () => {
    const ended = await subject.docker.run([
      'run',
      '--rm',
      '--network',
      network,
      ...sh('ls /sys/class/net; ip -4 -o addr; ping -c1 -q $(ip route | sed -n "s/default via \\([^ ]*\\).*/\\1/p")'),
    ]);
    assert.equal(ended.stderr, '');
    const [first, second, ...rest] = lines(ended.stdout);
    assert.deepEqual([first, second], ['eth0', 'lo']);
    assert.equal(rest.filter((line) => /: (lo|eth0) {4}inet /.test(line)).length, 2);
    assert.ok(rest.some((line) => line.includes('1 packets received')));
  });
}

test('a network that is not there', async () => {
  const words = await subject.docker.fails(125, 'run', '--rm', '--network', 'nowhere', ...sh('true'));
  assert.match(words, /network nowhere not found|nowhere/);
});

test('binds: written through, read-only refused, owner kept', async () => {
  writeFileSync(path.join(folder, 'in'), 'from the host\n');
  assert.equal(
    await docker('run', '--rm', '-v', `${folder}:/b`, ...sh('cat /b/in; echo back > /b/out')),
    'from the host',
  );
  assert.equal(readFileSync(path.join(folder, 'out'), 'utf8'), 'back\n');
  const { stdout } = await subject.docker.run([
    'run',
    '--rm',
    '-v',
    `${folder}:/b:ro`,
    ...sh('cat /b/in; echo no > /b/no 2>&1 || echo refused'),
  ]);
  assert.match(stdout, /from the host\n(?:.*\n)*refused/);
  assert.equal(
    await docker('run', '--rm', '--mount', `type=bind,src=${folder},dst=/deep/er,ro`, ...sh('cat /deep/er/in')),
    'from the host',
  );
  await docker('run', '--rm', '-u', '1234', '-v', `${folder}:/b`, ...sh('cat /b/in; id -u'));
});

test('a bind whose source is missing: -v makes the folder, --mount refuses', async () => {
  const missing = path.join(folder, 'made');
  await docker('run', '--rm', '-v', `${missing}:/b`, ...sh('ls /b'));
  assert.ok(statSync(missing).isDirectory());
  const words = await subject.docker.fails(
    125,
    'run',
    '--rm',
    '--mount',
    `type=bind,src=${missing}-not,dst=/b`,
    ...sh('true'),
  );
  assert.match(words, /bind source path does not exist/);
  assert.match(
    await subject.docker.fails(125, 'run', '--rm', '-v', '/tmp:relative', ...sh('true')),
    /invalid volume specification: '\/tmp:relative'/,
  );
});

test('a single file bound over a file of the image', async () => {
  const file = path.join(folder, 'motd');
  writeFileSync(file, 'one file\n');
  assert.equal(await docker('run', '--rm', '-v', `${file}:/etc/passwd:ro`, ...sh('cat /etc/passwd')), 'one file');
});

test('--tmpfs is empty, writable, of the size asked for, and gone afterwards', async () => {
  const script =
    'ls -A /scratch; echo x > /scratch/x; grep -c " /scratch tmpfs " /proc/mounts; df -k /scratch | tail -1 | tr -s " " | cut -d" " -f2';
  assert.equal(await docker('run', '--name', 'tmpfs', '--tmpfs', '/scratch:size=1m', ...sh(script)), '1\n1024');
  assert.equal(await docker('start', '-a', 'tmpfs'), '1\n1024');
});

test('--read-only: the root is, the rest is as usual', async () => {
  const script = 'touch /x 2>&1; echo ok > /dev/shm/y && cat /dev/shm/y; touch /etc/passwd 2>&1; true';
  const said = await docker('run', '--rm', '--read-only', ...sh(script));
  assert.match(said, /Read-only file system/);
  assert.match(said, /^ok$/m);
});

test('what is written goes into this container only, and stays in it', async () => {
  await docker(
    'run',
    '--name',
    'wr',
    ...sh('ls /mine || { echo mine > /mine; rm /etc/group; echo changed > /welcome; }'),
  );
  assert.equal(
    await docker('run', '--rm', ...sh('ls /mine 2>/dev/null; head -n1 /etc/group; head -c2 /welcome')),
    'root:x:0:\n#!',
  );
  assert.equal(await docker('start', '-a', 'wr'), '/mine');
});

test('namespaces: own processes, own hostname, no view of the host', async () => {
  const said = lines(
    await docker(
      'run',
      '--rm',
      ...sh('echo $$; ls /proc | grep -c "^[0-9]"; readlink /proc/self/ns/net; readlink /proc/self/ns/mnt'),
    ),
  );
  assert.equal(said[0], '1');
  assert.ok(Number(said[1]) < 10);
});

test('capabilities, seccomp and masked paths as Docker’s', async () => {
  const script =
    'grep -E "^(CapBnd|CapEff|Seccomp|NoNewPrivs):" /proc/self/status | tr -d "\\t "; head -c1 /proc/kcore | wc -c; echo x > /proc/sys/kernel/hostname; ls /proc/scsi /sys/firmware | grep -vc :';
  const { stdout, stderr } = await subject.docker.run(['run', '--rm', ...sh(script)], { exits: 'any' });
  const said = stdout.split('\n');
  assert.ok(said.includes('CapEff:00000000a80425fb'), stdout);
  assert.ok(said.includes('CapBnd:00000000a80425fb'), stdout);
  assert.ok(said.includes('Seccomp:2'), stdout);
  assert.match(stdout + stderr, /sys\/kernel\/hostname: Read-only file system/);
  const refused = await subject.docker.run(
    ['run', '--rm', ...sh('mount -t tmpfs none /tmp; unshare -m true; mknod /sda b 8 0')],
    { exits: 'any' },
  );
  assert.match(refused.stderr, /mount: permission denied|Operation not permitted/);
});

test('--cap-drop and --cap-add', async () => {
  const capEff = ['grep', 'CapEff', '/proc/self/status'];
  assert.match(await docker('run', '--rm', '--cap-drop', 'ALL', sampleImage, ...capEff), /0000000000000000$/);
  assert.match(
    await docker('run', '--rm', '--cap-drop', 'ALL', '--cap-add', 'NET_RAW', sampleImage, ...capEff),
    /0000000000002000$/,
  );
});

test('--privileged: no seccomp, the host’s devices, and every capability there is', async (t) => {
  if (!subject.isBeluga) return t.skip('runc refuses where the machine itself has not all capabilities');
  const said = lines(
    await docker(
      'run',
      '--rm',
      '--privileged',
      ...sh('grep -E "^(Seccomp|CapEff):" /proc/self/status | tr -d "\\t"; ls /dev'),
    ),
  );
  assert.ok(said.includes('Seccomp:0'));
  const own = /^CapBnd:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  assert.ok(said.includes(`CapEff:${own}`), `${said[0]} is not the ${own} of this machine`);
  assert.ok(said.includes('kmsg'));
});

test('the usual devices and no others', async () => {
  const devices = lines(
    await docker(
      'run',
      '--rm',
      ...sh(
        'ls /dev; for d in null zero full random urandom tty; do test -c /dev/$d || echo missing $d; done; echo x > /dev/null',
      ),
    ),
  );
  for (const name of [
    'null',
    'zero',
    'full',
    'random',
    'urandom',
    'tty',
    'pts',
    'shm',
    'mqueue',
    'fd',
    'stdin',
    'stdout',
    'stderr',
    'ptmx',
  ])
    assert.ok(devices.includes(name), name);
  assert.ok(!devices.some((name) => /^(sd|vd|nvme|mem|kmsg|loop)/.test(name)), devices.join(' '));
});

test('--add-host, --dns and the container’s own files', async () => {
  const said = await docker(
    'run',
    '--rm',
    '--network',
    'none',
    '--add-host',
    'friend:10.9.8.7',
    '--dns',
    '9.9.9.9',
    ...sh('cat /etc/hosts /etc/resolv.conf'),
  );
  assert.match(said, /^10\.9\.8\.7\s+friend$/m);
  assert.match(said, /^127\.0\.0\.1\s+localhost$/m);
  assert.match(said, /^nameserver 9\.9\.9\.9$/m);
});

test('memory and process limits hold', async () => {
  await docker(
    'run',
    '--name',
    'oom',
    '-m',
    '32m',
    '--memory-swap',
    '32m',
    ...sh('head -c 200000000 /dev/zero | tail -c 150000000 > /dev/null; exit 1'),
  ).catch(() => {});
  assert.equal(await docker('inspect', '-f', '{{.State.OOMKilled}}', 'oom'), 'true');
  const { stderr } = await subject.docker.run(
    ['run', '--rm', '--pids-limit', '5', ...sh('for i in 1 2 3 4 5 6 7 8; do sleep 1 & done')],
    { exits: 'any' },
  );
  assert.match(stderr, /can't fork|Resource temporarily unavailable/);
});
