import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OciSeccomp } from './oci-spec.ts';

interface ProfileFilter {
  arches?: readonly string[];
  caps?: readonly string[];
  /** `4.8` */
  minKernel?: string;
}

/** A profile in Docker's format: rules that hold only for some architectures, capabilities and kernels. */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: readonly string[];
  archMap?: readonly { architecture: string; subArchitectures?: readonly string[] | null }[];
  syscalls: readonly {
    name?: string;
    names?: readonly string[];
    action: string;
    errnoRet?: number | null;
    args?: readonly ({ index: number; value: number; valueTwo?: number; op: string } | null)[] | null;
    includes?: ProfileFilter | null;
    excludes?: ProfileFilter | null;
  }[];
}

export interface SeccompContext {
  /** As Docker names it: `amd64`, `arm64`, … */
  architecture: string;
  kernel: readonly [major: number, minor: number];
  capabilities: readonly string[];
}

const architectureNames: Readonly<Record<string, string>> = {
  amd64: 'SCMP_ARCH_X86_64',
  arm64: 'SCMP_ARCH_AARCH64',
  riscv64: 'SCMP_ARCH_RISCV64',
  s390x: 'SCMP_ARCH_S390X',
};

/** Docker's default profile, from assets/. */
export function readDefaultSeccompProfile(): SeccompProfile {
  const file = fileURLToPath(new URL('../../../assets/seccomp.json', import.meta.url));
  return JSON.parse(readFileSync(file, 'utf8')) as SeccompProfile;
}

function kernelAtLeast(wanted: string, [major, minor]: SeccompContext['kernel']): boolean {
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function holds(rule: SeccompProfile['syscalls'][number], context: SeccompContext): boolean {
  const { includes, excludes } = rule;
  if (includes?.arches?.length && !includes.arches.includes(context.architecture)) return false;
  if (includes?.caps?.length && !includes.caps.every((name) => context.capabilities.includes(name))) return false;
  if (includes?.minKernel && !kernelAtLeast(includes.minKernel, context.kernel)) return false;
  if (excludes?.arches?.includes(context.architecture)) return false;
  if (excludes?.caps?.some((name) => context.capabilities.includes(name))) return false;
  return !(excludes?.minKernel && kernelAtLeast(excludes.minKernel, context.kernel));
}

/** The OCI form (config-linux.md, "Seccomp") of a profile for one container. */
export function resolveSeccomp(profile: SeccompProfile, context: SeccompContext): OciSeccomp {
  const own = architectureNames[context.architecture];
  const mapped = profile.archMap?.find(({ architecture }) => architecture === own);
  const architectures = mapped
    ? [mapped.architecture, ...(mapped.subArchitectures ?? [])]
    : [...(profile.architectures ?? [])];
  const rules = profile.syscalls.filter((rule) => holds(rule, context));
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures,
    syscalls: rules.map((rule) => ({
      names: [...(rule.names ?? (rule.name ? [rule.name] : []))],
      action: rule.action,
      ...(typeof rule.errnoRet === 'number' ? { errnoRet: rule.errnoRet } : {}),
      ...(rule.args?.length ? { args: rule.args.filter((arg) => arg !== null) } : {}),
    })),
  };
}
