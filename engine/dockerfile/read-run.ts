import type { Command } from './command.ts';
import type { Instruction } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import type { ReadFlags } from './instruction-flags.ts';
import { readMount } from './read-mount.ts';
import { jsonList } from './words.ts';

type Run = Extract<Command, { kind: 'RUN' }>;

const networks: readonly string[] = ['default', 'none', 'host'] satisfies Run['network'][];
const isNetwork = (word: string): word is NonNullable<Run['network']> => networks.includes(word);

/** @throws DockerfileError */
export function readRun({ rest, heredocs }: Instruction, flags: ReadFlags): Omit<Run, 'words' | 'lines'> {
  const network = flags.text('network');
  if (network !== undefined && !isNetwork(network))
    throw new DockerfileError(`network mode ${JSON.stringify(network)} not supported by buildkit`);
  const security = flags.text('security') ?? 'sandbox';
  if (security !== 'sandbox' && security !== 'insecure')
    throw new DockerfileError(`security ${JSON.stringify(security)} is not supported`);
  const args = jsonList(rest);
  return {
    kind: 'RUN',
    command: args ? { shell: false, args } : { shell: true, words: rest },
    heredocs,
    mounts: flags.list('mount').map(readMount),
    ...(network !== undefined && { network }),
    insecure: security === 'insecure',
  };
}
