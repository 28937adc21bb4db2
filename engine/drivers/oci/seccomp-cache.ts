import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { OciSpec } from './oci-spec.ts';

/** crun's annotation: a compiled filter, base64, instead of `linux.seccomp`. */
const annotation = 'run.oci.seccomp_bpf_data';
/** In crun's state of a container: its filter, which an exec gets as well. */
const programFile = 'seccomp.bpf';
/** Profiles differ by a container's capabilities and its own choice: few on one host. */
const mostPrograms = 32;
/** A classic BPF instruction, struct sock_filter. */
const instructionBytes = 8;

interface Compiled {
  key: string;
  program: Buffer;
}

/** What a container is made with. */
export interface CachedSpec {
  spec: OciSpec;
  /** Undefined: the spec is as it was. */
  compiled: Compiled | undefined;
}

/** Filters that crun has compiled once, for further containers with the same rules. */
export interface SeccompCache {
  /** The spec with the compiled filter in place of its rules, where there is one. */
  use(spec: OciSpec): CachedSpec;
  /** After the create of a container whose rules crun has compiled. */
  learn(spec: OciSpec, id: string): void;
  /**
   * Whether a created container is confined by exactly this filter: the kernel has it on its process, and crun has it
   * for those that come by exec. On false it must not run; no filter is used from then on.
   */
  isActive(made: { compiled: Compiled; id: string; pid: number }): boolean;
  /** Nothing from here any more. */
  giveUp(): void;
}

function keyOf(spec: OciSpec): string | undefined {
  const { seccomp } = spec.linux;
  // with no_new_privs crun sets the filter after the start, too late to be looked at
  if (!seccomp || spec.process.noNewPrivileges) return undefined;
  return createHash('sha256').update(JSON.stringify(seccomp)).digest('hex');
}

const isProgram = (program: Buffer) => program.length > 0 && program.length % instructionBytes === 0;

function readProgram(stateDirectory: string, id: string): Buffer | undefined {
  const file = path.join(stateDirectory, id, programFile);
  return existsSync(file) ? readFileSync(file) : undefined;
}

/** @param stateDirectory crun's `--root` */
export function createSeccompCache(stateDirectory: string): SeccompCache {
  const programs = new Map<string, Buffer>();
  let usable = true;
  const giveUp = () => {
    usable = false;
    programs.clear();
  };
  return {
    use(spec) {
      const key = usable ? keyOf(spec) : undefined;
      const program = key === undefined ? undefined : programs.get(key);
      if (key === undefined || !program) return { spec, compiled: undefined };
      const { seccomp: _, ...linux } = spec.linux;
      const annotations = { ...spec.annotations, [annotation]: program.toString('base64') };
      return { spec: { ...spec, annotations, linux }, compiled: { key, program } };
    },
    learn(spec, id) {
      const key = usable ? keyOf(spec) : undefined;
      if (key === undefined || programs.has(key)) return;
      const program = readProgram(stateDirectory, id);
      if (!program || !isProgram(program)) return;
      const [oldest] = programs.keys();
      if (programs.size >= mostPrograms && oldest !== undefined) programs.delete(oldest);
      programs.set(key, program);
    },
    isActive({ compiled, id, pid }) {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const filtered = /^Seccomp:\s*2$/m.test(status);
      const same = readProgram(stateDirectory, id)?.equals(compiled.program) ?? false;
      if (!filtered || !same) giveUp();
      return filtered && same;
    },
    giveUp,
  };
}
