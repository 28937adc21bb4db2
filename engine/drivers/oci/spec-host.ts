import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { architecture } from '../../base/architecture.ts';
import { hasAppArmor } from './app-armor.ts';
import { capabilitiesOf } from './capabilities.ts';
import { readCgroupSupport } from './cgroup-support.ts';
import { cgroupVersion } from './cgroups.ts';
import type { OciLinux } from './oci-spec.ts';
import { readDefaultSeccompProfile, type SeccompProfile } from './seccomp-profile.ts';

export type OciDevice = NonNullable<OciLinux['devices']>[number];

/** What a container's spec depends on besides the request; read once at the engine's start. */
export interface SpecHost {
  /** Docker's name: `amd64`, `arm64`, … */
  architecture: string;
  kernel: readonly [major: number, minor: number];
  cgroupVersion: 1 | 2;
  /** Those that the engine has itself and can give. */
  capabilities: readonly string[];
  /** Our hard limits by OCI name (`RLIMIT_NOFILE`); absent = unlimited. */
  hardLimits: Readonly<Record<string, number>>;
  /** Our own: without CAP_SYS_RESOURCE nothing below it can be set. */
  oomScoreAdjust: number;
  /** The kernel counts swap per cgroup. */
  swapAccounting: boolean;
  /** Of the sysctls that containers get by default, those that this kernel has. */
  defaultSysctls: Readonly<Record<string, string>>;
  seccompProfile: SeccompProfile;
  /** The kernel confines by AppArmor. */
  appArmor: boolean;
  /** Every device of the host's /dev, for privileged containers. */
  devices(): OciDevice[];
}

const limitNames: Readonly<Record<string, string>> = {
  'Max cpu time': 'RLIMIT_CPU',
  'Max file size': 'RLIMIT_FSIZE',
  'Max data size': 'RLIMIT_DATA',
  'Max stack size': 'RLIMIT_STACK',
  'Max core file size': 'RLIMIT_CORE',
  'Max resident set': 'RLIMIT_RSS',
  'Max processes': 'RLIMIT_NPROC',
  'Max open files': 'RLIMIT_NOFILE',
  'Max locked memory': 'RLIMIT_MEMLOCK',
  'Max address space': 'RLIMIT_AS',
  'Max file locks': 'RLIMIT_LOCKS',
  'Max pending signals': 'RLIMIT_SIGPENDING',
  'Max msgqueue size': 'RLIMIT_MSGQUEUE',
  'Max nice priority': 'RLIMIT_NICE',
  'Max realtime priority': 'RLIMIT_RTPRIO',
  'Max realtime timeout': 'RLIMIT_RTTIME',
};

function readHardLimits(): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const line of readFileSync('/proc/self/limits', 'utf8').split('\n')) {
    const match = /^(Max [a-z ]+?)\s{2,}(\S+)\s+(\S+)/.exec(line);
    const name = limitNames[match?.[1] ?? ''];
    if (name && match?.[3] && match[3] !== 'unlimited') limits[name] = Number(match[3]);
  }
  return limits;
}

function defaultSysctls(): Record<string, string> {
  const wanted = { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' };
  return Object.fromEntries(
    Object.entries(wanted).filter(([name]) => existsSync(`/proc/sys/${name.replaceAll('.', '/')}`)),
  );
}

const withoutDevices = new Set(['/dev/pts', '/dev/shm', '/dev/fd', '/dev/mqueue', '/dev/console', '/dev/.lxc']);

/** A device node; undefined for what is none. */
export function deviceOf(file: string): OciDevice | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isCharacterDevice() && !stat?.isBlockDevice()) return undefined;
  const number = BigInt(stat.rdev);
  return {
    path: file,
    type: stat.isBlockDevice() ? 'b' : 'c',
    major: Number(((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xfffff000n)),
    minor: Number((number & 0xffn) | ((number >> 12n) & 0xffffff00n)),
    fileMode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
  };
}

function devicesBelow(directory: string): OciDevice[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    if (withoutDevices.has(file) || entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? devicesBelow(file) : (deviceOf(file) ?? []);
  });
}

/** Looks at this host; run it in the engine's mount namespace. */
export function readSpecHost(): SpecHost {
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const status = readFileSync('/proc/self/status', 'utf8');
  return {
    architecture,
    kernel: [major, minor],
    cgroupVersion: cgroupVersion(),
    capabilities: capabilitiesOf(/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'),
    hardLimits: readHardLimits(),
    oomScoreAdjust: Number(readFileSync('/proc/self/oom_score_adj', 'utf8')),
    swapAccounting: readCgroupSupport().swapLimit,
    defaultSysctls: defaultSysctls(),
    seccompProfile: readDefaultSeccompProfile(),
    appArmor: hasAppArmor(),
    devices: () => devicesBelow('/dev'),
  };
}
