import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { defaultAppArmorProfile, defaultProfileText, ensureProfile, hasAppArmor } from './app-armor.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-app-armor-'));
after(() => rmSync(directory, { recursive: true }));
let systems = 0;

/** sysfs as a kernel of Debian shows it (6.1, AppArmor on). */
function recorded({ enabled = 'Y', loaded = [] as readonly string[], mounted = true } = {}): string {
  const system = path.join(directory, String(++systems));
  mkdirSync(path.join(system, 'module/apparmor/parameters'), { recursive: true });
  writeFileSync(path.join(system, 'module/apparmor/parameters/enabled'), `${enabled}\n`);
  if (!mounted) return system;
  mkdirSync(path.join(system, 'kernel/security/apparmor'), { recursive: true });
  const profiles = ['/usr/bin/man (enforce)', 'docker-default (enforce)', ...loaded];
  writeFileSync(path.join(system, 'kernel/security/apparmor/profiles'), profiles.map((line) => `${line}\n`).join(''));
  return system;
}

/** Stands where apparmor_parser would: keeps what it was called with and given. */
function listening(exitCode = 0): { parser: string; heard(): string } {
  const parser = path.join(directory, `parser-${++systems}`);
  const script = `#!/bin/sh\necho "$@" > '${parser}.heard'\ncat >> '${parser}.heard'\necho cannot >&2\nexit ${exitCode}\n`;
  writeFileSync(parser, script);
  chmodSync(parser, 0o755);
  return { parser, heard: () => readFileSync(`${parser}.heard`, 'utf8') };
}

test('AppArmor is there where the kernel has it on, its files are mounted, and there is a parser', () => {
  assert.equal(hasAppArmor({ system: recorded(), parser: '/sbin/apparmor_parser' }), true);
  assert.equal(hasAppArmor({ system: recorded({ enabled: 'N' }), parser: '/sbin/apparmor_parser' }), false);
  assert.equal(hasAppArmor({ system: recorded({ mounted: false }), parser: '/sbin/apparmor_parser' }), false);
  assert.equal(hasAppArmor({ system: path.join(directory, 'none'), parser: '/sbin/apparmor_parser' }), false);
  assert.equal(hasAppArmor({ system: recorded(), parser: undefined }), false);
  process.env.container = 'lxc';
  try {
    assert.equal(hasAppArmor({ system: recorded(), parser: '/sbin/apparmor_parser' }), false);
  } finally {
    delete process.env.container;
  }
});

test('the default profile is given to the kernel where it is missing, no other ever', async () => {
  const missing = listening();
  await ensureProfile(defaultAppArmorProfile, { system: recorded(), parser: missing.parser });
  assert.equal(missing.heard(), `-Kr\n${defaultProfileText()}`);
  const there = listening();
  await ensureProfile(defaultAppArmorProfile, {
    system: recorded({ loaded: ['beluga-default (enforce)'] }),
    parser: there.parser,
  });
  for (const profile of ['unconfined', 'mine', undefined])
    await ensureProfile(profile, { system: recorded(), parser: there.parser });
  assert.throws(there.heard, /ENOENT/);
  const like = listening();
  await ensureProfile(defaultAppArmorProfile, {
    system: recorded({ loaded: ['beluga-default-old (enforce)'] }),
    parser: like.parser,
  });
  assert.notEqual(like.heard(), '');
});

test('a profile that cannot be loaded is told in Docker’s words', async () => {
  const { parser } = listening(1);
  await assert.rejects(
    ensureProfile(defaultAppArmorProfile, { system: recorded(), parser }),
    /^EngineError: AppArmor enabled on system but the beluga-default profile could not be loaded: .*exit code 1: cannot$/,
  );
});

/** apparmor.d(5): `**` is anything, `*` anything within a directory, `[^…]` one letter. */
const asPattern = (glob: string) =>
  new RegExp(`^${glob.replace(/[.+?()|]/g, '\\$&').replace(/\*\*?/g, (stars) => (stars === '**' ? '.*' : '[^/]*'))}$`);

test('the default profile denies what Docker’s denies, and nothing that programs need', () => {
  const denied = [...defaultProfileText().matchAll(/^ {2}deny (\/\S+) (\w+),$/gm)].map(
    ([, glob = '', access = '']) => ({
      pattern: asPattern(glob),
      access,
    }),
  );
  const mayWrite = (file: string) => !denied.some(({ pattern, access }) => access.includes('w') && pattern.test(file));
  const mayRead = (file: string) => !denied.some(({ pattern, access }) => access.includes('r') && pattern.test(file));
  const writable = ['/proc/1/attr/current', '/proc/42/oom_score_adj', '/proc/9/task/9/comm', '/proc/sys/kernel/shmmax'];
  for (const file of [...writable, '/sys/fs/cgroup/memory/x', '/etc/hosts', '/dev/null'])
    assert.ok(mayWrite(file), file);
  const readOnly = ['/proc/kmsg', '/proc/irq/1/smp_affinity', '/proc/scsi/scsi', '/proc/sysvipc/shm', '/proc/fs/x'];
  readOnly.push('/proc/sys/net/ipv4/ip_forward', '/proc/sys/vm/swappiness', '/proc/sys/kernel/core_pattern');
  readOnly.push('/proc/sys/kernel/sysrq', '/proc/sys/kernel/modprobe', '/sys/kernel/uevent_helper', '/sys/fs/bpf/x');
  readOnly.push('/sys/power/state', '/sys/fs/fuse/connections/1/abort', '/sys/devices/system/cpu/cpu1/online');
  for (const file of readOnly) assert.ok(!mayWrite(file) && mayRead(file), file);
  const closed = [
    '/proc/kcore',
    '/proc/sysrq-trigger',
    '/sys/firmware/efi/efivars/x',
    '/sys/kernel/security/apparmor/x',
  ];
  for (const file of [...closed, '/sys/devices/virtual/powercap/intel-rapl/energy_uj'])
    assert.ok(!mayWrite(file) && !mayRead(file), file);
  assert.match(defaultProfileText(), /^ {2}deny mount,$/m);
});
