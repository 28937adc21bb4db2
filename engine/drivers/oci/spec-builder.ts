import { EngineError } from '../../base/errors.ts';
import { appArmorProfileFor } from './app-armor.ts';
import { chooseCapabilities } from './capabilities.ts';
import type { OciLinux, OciMount, OciProcess, OciResources, OciSpec } from './oci-spec.ts';
import { resolveSeccomp } from './seccomp-profile.ts';
import { checkSysctls, defaultSysctlsOf, idMappingsOf, namespacesOf } from './shared-namespaces.ts';
import type { SpecHost } from './spec-host.ts';
import type { SpecRequest, SpecResources } from './spec-request.ts';

const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Docker's lists (moby, daemon/pkg/oci/defaults.go). */
export const maskedPaths: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
  '/proc/interrupts',
];
export const readonlyPaths: readonly string[] = [
  '/proc/bus',
  '/proc/fs',
  '/proc/irq',
  '/proc/sys',
  '/proc/sysrq-trigger',
];
export const defaultShmBytes = 64 * 1024 * 1024;

function usualMounts(request: SpecRequest): OciMount[] {
  const access = request.privileged ? 'rw' : 'ro';
  const still = ['nosuid', 'noexec', 'nodev'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: still },
    {
      destination: '/dev',
      type: 'tmpfs',
      source: 'tmpfs',
      options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
    },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...still, access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [access, ...still] },
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: still },
    ...sharedMemory(request, still),
  ];
}

function sharedMemory({ sharedMemory: shared, shmSizeBytes }: SpecRequest, still: string[]): OciMount[] {
  const destination = '/dev/shm';
  if (shared === 'none') return [];
  if (shared) return [{ destination, type: 'bind', source: shared.source, options: ['rbind', 'rprivate'] }];
  const size = shmSizeBytes ?? defaultShmBytes;
  return [{ destination, type: 'tmpfs', source: 'shm', options: [...still, 'mode=1777', `size=${size}`] }];
}

/** Where Docker has it; PID 1 passes signals on and reaps. */
const initPath = '/sbin/docker-init';

function initMount({ init }: SpecRequest): OciMount[] {
  if (init === undefined) return [];
  return [{ destination: initPath, type: 'bind', source: init, options: ['bind', 'ro'] }];
}

const depth = (mount: OciMount) => mount.destination.split('/').filter(Boolean).length;

function allMounts(request: SpecRequest): OciMount[] {
  const replaced = new Set(request.mounts.map(({ destination }) => destination));
  const usual = usualMounts(request).filter(({ destination }) => !replaced.has(destination));
  return [...usual, ...initMount(request), ...request.mounts.toSorted((a, b) => depth(a) - depth(b))];
}

/** The variables of a process: what is asked for, and what every process has. */
export function environmentOf(request: Pick<SpecRequest, 'environment' | 'hostname' | 'terminal'>): string[] {
  const names = new Set(request.environment.map((entry) => entry.split('=', 1)[0]));
  const added = [defaultPath, `HOSTNAME=${request.hostname}`, ...(request.terminal ? ['TERM=xterm'] : [])];
  return [...added.filter((entry) => !names.has(entry.split('=', 1)[0])), ...request.environment];
}

const limitNames = new Set(
  'as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** RLIM_INFINITY, one more than the number itself can be; `specText` writes it right. */
const unlimited = 2 ** 64;
const limitValue = (value: number) => (value < 0 ? unlimited : value);

function resourceLimits(
  request: Pick<SpecRequest, 'ulimits'>,
  host: SpecHost,
  warnings: string[],
): OciProcess['rlimits'] {
  const mayRaise = host.capabilities.includes('CAP_SYS_RESOURCE');
  return request.ulimits.map(({ name, soft, hard }) => {
    if (!limitNames.has(name)) {
      throw new EngineError('invalid', `invalid ulimit type: ${name}`, {
        reason: 'request.invalid',
        params: { detail: name },
      });
    }
    if (limitValue(soft) > limitValue(hard)) {
      throw new EngineError('invalid', `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    }
    const type = `RLIMIT_${name.toUpperCase()}`;
    const most = mayRaise ? unlimited : (host.hardLimits[type] ?? unlimited);
    if (limitValue(hard) > most) {
      warnings.push(`The ulimit ${name} is ${most} instead of ${hard}: the engine may not raise its own limit.`);
    }
    const value = (wanted: number) => Math.min(limitValue(wanted), most);
    return { type, soft: value(soft), hard: value(hard) };
  });
}

function oomScore(request: Pick<SpecRequest, 'oomScoreAdjust'>, host: SpecHost, warnings: string[]): number {
  const wanted = request.oomScoreAdjust ?? 0;
  if (wanted >= host.oomScoreAdjust || host.capabilities.includes('CAP_SYS_RESOURCE')) return wanted;
  if (request.oomScoreAdjust) {
    warnings.push(`The OOM score is ${host.oomScoreAdjust} instead of ${wanted}: the engine may not lower its own.`);
  }
  return host.oomScoreAdjust;
}

function processOf(request: SpecRequest, host: SpecHost, capabilities: string[], warnings: string[]): OciProcess {
  const { uid, gid, additionalGids } = request.user;
  // as execve does for other users; ambient and inheritable stay empty, as in Docker
  const own = uid === 0 ? capabilities : [];
  const [height, width] = request.consoleSize ?? [];
  return {
    terminal: request.terminal,
    ...(request.terminal && height && width ? { consoleSize: { height, width } } : {}),
    user: { uid, gid, additionalGids: [...additionalGids], umask: 0o022 },
    args: request.init === undefined ? [...request.args] : [initPath, '--', ...request.args],
    env: environmentOf(request),
    cwd: request.workingDirectory || '/',
    capabilities: { bounding: capabilities, effective: own, permitted: own, inheritable: [], ambient: [] },
    noNewPrivileges: request.noNewPrivileges,
    oomScoreAdj: oomScore(request, host, warnings),
    ...(host.appArmor ? { apparmorProfile: appArmorProfileFor(request) } : {}),
    rlimits: resourceLimits(request, host, warnings),
  };
}

const device = (allow: boolean, major: number, minor: number) => ({ allow, type: 'c', major, minor, access: 'rwm' });

function deviceRules({ privileged, devices }: SpecRequest): OciResources['devices'] {
  if (privileged) return [{ allow: true, access: 'rwm' }];
  const [zero, nothing, urandom, random] = [
    device(true, 1, 5),
    device(true, 1, 3),
    device(true, 1, 9),
    device(true, 1, 8),
  ];
  const terminals = [device(true, 5, 0), device(true, 5, 1)];
  const fuse = device(false, 10, 229);
  return [
    { allow: false, access: 'rwm' },
    zero,
    nothing,
    urandom,
    random,
    ...terminals,
    fuse,
    ...(devices?.rules ?? []),
  ];
}

function memoryOf(
  limits: SpecResources,
  host: Pick<SpecHost, 'swapAccounting'>,
  warnings: string[],
): OciResources['memory'] {
  const { memoryBytes: limit, memoryReservationBytes: reservation, memorySwapBytes } = limits;
  const { kernelMemoryTcpBytes: kernelTCP, memorySwappiness: swappiness, oomKillDisable } = limits;
  const further = {
    ...(kernelTCP ? { kernelTCP } : {}),
    ...(swappiness === undefined ? {} : { swappiness }),
    ...(oomKillDisable ? { disableOOMKiller: true } : {}),
  };
  if (!limit && !reservation && !memorySwapBytes && Object.keys(further).length === 0) return undefined;
  let swap = memorySwapBytes || (limit ? limit * 2 : undefined);
  if (swap !== undefined && !host.swapAccounting) {
    if (memorySwapBytes) warnings.push('Your kernel does not support swap limit capabilities. Limitation discarded.');
    swap = undefined;
  }
  return {
    ...(limit ? { limit } : {}),
    ...(reservation ? { reservation } : {}),
    ...(swap === undefined ? {} : { swap }),
    ...further,
  };
}

function cpuOf(limits: SpecResources): OciResources['cpu'] {
  const period = limits.nanoCpus ? 100_000 : limits.cpuPeriodMicroseconds;
  const quota = limits.nanoCpus ? Math.round((limits.nanoCpus * 100_000) / 1e9) : limits.cpuQuotaMicroseconds;
  const cpu = {
    ...(limits.cpuShares ? { shares: limits.cpuShares } : {}),
    ...(period ? { period } : {}),
    ...(quota ? { quota } : {}),
    ...(limits.cpuRealtimePeriodMicroseconds ? { realtimePeriod: limits.cpuRealtimePeriodMicroseconds } : {}),
    ...(limits.cpuRealtimeRuntimeMicroseconds ? { realtimeRuntime: limits.cpuRealtimeRuntimeMicroseconds } : {}),
    ...(limits.cpusetCpus ? { cpus: limits.cpusetCpus } : {}),
    ...(limits.cpusetMems ? { mems: limits.cpusetMems } : {}),
  };
  return Object.keys(cpu).length > 0 ? cpu : undefined;
}

/** Limits in the runtime spec's words; what this kernel cannot do is left out, with a sentence in `warnings`. */
export function limitsOf(
  limits: SpecResources,
  host: Pick<SpecHost, 'swapAccounting'>,
  warnings: string[],
): Omit<OciResources, 'devices'> {
  const memory = memoryOf(limits, host, warnings);
  const cpu = cpuOf(limits);
  return {
    ...(memory ? { memory } : {}),
    ...(cpu ? { cpu } : {}),
    ...(limits.pidsLimit ? { pids: { limit: limits.pidsLimit } } : {}),
    ...(limits.blockIo ? { blockIO: limits.blockIo } : {}),
  };
}

function resources(request: SpecRequest, host: SpecHost, warnings: string[]): OciResources {
  return { devices: deviceRules(request), ...limitsOf(request.resources, host, warnings) };
}

function linuxOf(request: SpecRequest, host: SpecHost, capabilities: string[], warnings: string[]): OciLinux {
  const { privileged, seccomp } = request;
  const profile = seccomp === 'default' ? host.seccompProfile : seccomp;
  const context = { architecture: host.architecture, kernel: host.kernel, capabilities };
  // a privileged container has no default profile, but may be given one
  const confined = profile !== 'unconfined' && !(privileged && seccomp === 'default');
  const sysctl = { ...defaultSysctlsOf(request, host), ...request.sysctls };
  const extra = request.devices?.nodes ?? [];
  const devices = [
    ...new Map([...(privileged ? host.devices() : []), ...extra].map((node) => [node.path, node])).values(),
  ];
  return {
    namespaces: namespacesOf(request, host),
    ...idMappingsOf(request),
    cgroupsPath: request.cgroupsPath,
    resources: resources(request, host, warnings),
    ...(devices.length > 0 ? { devices } : {}),
    ...(confined ? { seccomp: resolveSeccomp(profile, context) } : {}),
    maskedPaths: [...(request.maskedPaths ?? (privileged ? [] : maskedPaths))],
    readonlyPaths: [...(request.readonlyPaths ?? (privileged ? [] : readonlyPaths))],
    sysctl,
  };
}

type CapabilityWishes = Pick<SpecRequest, 'capabilitiesAdd' | 'capabilitiesDrop' | 'privileged'>;

function heldCapabilities(request: CapabilityWishes, host: SpecHost, warnings: string[]): string[] {
  const { capabilitiesAdd: add, capabilitiesDrop: drop, privileged } = request;
  const wanted = chooseCapabilities({ add, drop, privileged }, host.capabilities);
  const missing = wanted.filter((name) => !host.capabilities.includes(name));
  if (missing.length > 0) warnings.push(`The engine has no ${missing.join(', ')} and cannot give it to containers.`);
  return wanted.filter((name) => !missing.includes(name));
}

/**
 * What this host will not give of it, in the sentences of `buildSpec`, told before there is a container.
 * @throws EngineError `invalid` for an unknown capability or limit.
 */
export function hostWarnings(
  asked: CapabilityWishes & Pick<SpecRequest, 'ulimits' | 'oomScoreAdjust'>,
  host: SpecHost,
): string[] {
  const warnings: string[] = [];
  heldCapabilities(asked, host, warnings);
  resourceLimits(asked, host, warnings);
  oomScore(asked, host, warnings);
  return warnings;
}

/**
 * The OCI runtime spec (config.md, config-linux.md) of a container, equal to Docker's where the request says nothing.
 * What this host cannot give is left out or lowered, with a sentence in `warnings`.
 * @throws EngineError `invalid` for an unknown capability or limit.
 */
export function buildSpec(request: SpecRequest, host: SpecHost): { spec: OciSpec; warnings: string[] } {
  const warnings: string[] = [];
  checkSysctls(request);
  const capabilities = heldCapabilities(request, host, warnings);
  const spec: OciSpec = {
    ociVersion: '1.0.2',
    process: processOf(request, host, capabilities, warnings),
    root: { ...request.rootfs },
    // the host's own is not ours to set
    ...(request.namespaces?.uts === 'host' ? {} : { hostname: request.hostname }),
    ...(request.domainname && request.namespaces?.uts !== 'host' ? { domainname: request.domainname } : {}),
    mounts: allMounts(request),
    ...(request.annotations ? { annotations: { ...request.annotations } } : {}),
    linux: linuxOf(request, host, capabilities, warnings),
  };
  return { spec, warnings };
}

/** The spec as config.json, or its part as process.json. RLIM_INFINITY (2^64 - 1) has no exact JavaScript number. */
export function specText(spec: OciSpec | OciProcess): string {
  return JSON.stringify(spec).replace(
    /("(?:soft|hard)":)18446744073709552000/g,
    (_, key: string) => `${key}18446744073709551615`,
  );
}
