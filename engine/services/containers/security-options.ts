import { EngineError } from '../../base/errors.ts';
import type { SpecRequest } from '../../drivers/oci/spec-request.ts';

type Security = Pick<SpecRequest, 'seccomp' | 'noNewPrivileges' | 'appArmorProfile'>;

/**
 * What `--security-opt` asks for. Labels of SELinux have no effect, for no policy is loaded by us.
 * @throws EngineError `invalid` for one that is not known.
 */
export function securityOf(options: readonly string[]): Security {
  const security: Security = { seccomp: 'default', noNewPrivileges: false };
  for (const option of options) {
    const [key = '', value] = splitOption(option);
    if (key === 'no-new-privileges' && (value === undefined || ['true', 'false'].includes(value))) {
      security.noNewPrivileges = value !== 'false';
    } else if (key === 'seccomp' && value !== undefined) {
      security.seccomp = seccompOf(value);
    } else if (key === 'apparmor' && value !== undefined) {
      security.appArmorProfile = value;
    } else if (value === undefined && key !== 'disable') {
      throw new EngineError('invalid', `invalid --security-opt 1: ${JSON.stringify(option)}`);
    } else if (key !== 'label' && key !== 'disable') {
      throw new EngineError('invalid', `invalid --security-opt 2: ${JSON.stringify(option)}`);
    }
  }
  return security;
}

/** @throws EngineError `not-implemented` for a profile of AppArmor where the kernel does not confine by it. */
export function checkAppArmor({ appArmorProfile: profile }: Security, isThere: boolean): void {
  if (profile === undefined || profile === 'unconfined' || isThere) return;
  throw new EngineError('not-implemented', `AppArmor is not enabled on this host: leave apparmor=${profile} out`, {
    reason: 'container.option-not-supported',
    params: { option: `SecurityOpt apparmor=${profile}` },
  });
}

/** `key=value`, or `key:value` of older clients. */
function splitOption(option: string): [key: string, value: string | undefined] {
  const at = option.includes('=') ? option.indexOf('=') : option.indexOf(':');
  return at < 0 ? [option, undefined] : [option.slice(0, at), option.slice(at + 1)];
}

/** `unconfined`, `builtin`, or a profile as JSON: clients send the file's content. */
function seccompOf(value: string): Security['seccomp'] {
  if (value === 'unconfined') return value;
  if (value === 'builtin') return 'default';
  try {
    const profile: unknown = JSON.parse(value);
    if (isProfile(profile)) return profile;
  } catch {
    // The sentence below says it.
  }
  throw new EngineError('invalid', 'Decoding seccomp profile failed: it is not a profile in Docker format');
}

function isProfile(value: unknown): value is Exclude<Security['seccomp'], string> {
  if (typeof value !== 'object' || value === null) return false;
  return (
    'defaultAction' in value &&
    typeof value.defaultAction === 'string' &&
    'syscalls' in value &&
    Array.isArray(value.syscalls)
  );
}
