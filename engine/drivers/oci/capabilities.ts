import { EngineError } from '../../base/errors.ts';

/** Linux capabilities in the kernel's order: the index is the bit, capabilities(7). */
const allNames = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN ' +
  'SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE ' +
  'MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** What Docker gives to a container that asks for nothing. */
export const defaultCapabilities: readonly string[] =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`);

/** The names in a mask as /proc/PID/status writes it (hexadecimal). */
export function capabilitiesOf(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  return allNames.filter((_, bit) => (bits >> BigInt(bit)) & 1n);
}

export interface CapabilityRequest {
  add: readonly string[];
  drop: readonly string[];
  privileged: boolean;
}

function normalise(names: readonly string[], what: 'add' | 'drop'): string[] {
  return names.map((name) => {
    const upper = name.toUpperCase();
    if (upper === 'ALL') return upper;
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if (allNames.includes(full)) return full;
    throw new EngineError('invalid', `invalid Cap${what === 'add' ? 'Add' : 'Drop'}: unknown capability: "${full}"`, {
      reason: 'request.invalid',
      params: { detail: full },
    });
  });
}

/** The capabilities a container gets, by Docker's rules. @throws EngineError `invalid` for an unknown name. */
export function chooseCapabilities(request: CapabilityRequest, held: readonly string[]): string[] {
  const add = normalise(request.add, 'add');
  const drop = normalise(request.drop, 'drop');
  if (request.privileged) return [...held];
  if (add.includes('ALL')) return held.filter((name) => !drop.includes(name));
  const base = drop.includes('ALL') ? [] : defaultCapabilities.filter((name) => !drop.includes(name));
  return [...new Set([...base, ...add])];
}
