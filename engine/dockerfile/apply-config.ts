import { constants } from 'node:os';
import path from 'node:path';
import type { Command, CommandLine, ConfigCommand } from './command.ts';
import { at, DockerfileError } from './dockerfile-error.ts';
import type { ImageConfig } from './image-config.ts';

/** Where the shell form of a command goes when nothing else was said (Dockerfile reference, "SHELL"). */
const usualShell: readonly string[] = ['/bin/sh', '-c'];

/** The program that a command line stands for. */
export function programOf(command: CommandLine, { shell }: Pick<ImageConfig, 'shell'>): readonly string[] {
  if (!command.shell) return command.args;
  return [...(shell && shell.length > 0 ? shell : usualShell), command.words];
}

export type ConfigChange = Exclude<ConfigCommand, { kind: 'MAINTAINER' }> | Extract<Command, { kind: 'WORKDIR' }>;

/**
 * The config after an instruction whose variables are replaced. `hasCommand`: a CMD came before in the same stage, which an
 * ENTRYPOINT then leaves alone.
 * @throws DockerfileError
 */
export function applyConfig(before: ImageConfig, command: ConfigChange, { hasCommand = false } = {}): ImageConfig {
  switch (command.kind) {
    case 'CMD':
      return { ...before, command: command.command ? programOf(command.command, before) : [] };
    case 'ENTRYPOINT': {
      const entrypoint = command.command ? programOf(command.command, before) : [];
      // a command that was meant for another entrypoint
      return { ...before, entrypoint, ...(!hasCommand && { command: [] }) };
    }
    case 'ENV':
      return { ...before, environment: withVariables(before.environment, command.pairs) };
    case 'LABEL':
      return { ...before, labels: { ...before.labels, ...Object.fromEntries(command.pairs) } };
    case 'EXPOSE':
      return { ...before, exposedPorts: union(before.exposedPorts, portsOf(command.ports)) };
    case 'VOLUME':
      return { ...before, volumes: union(before.volumes, command.paths) };
    case 'USER':
      return { ...before, user: command.user };
    case 'WORKDIR':
      return { ...before, workingDirectory: path.posix.resolve(before.workingDirectory || '/', command.path) };
    case 'STOPSIGNAL':
      return { ...before, stopSignal: checkedSignal(command.signal) };
    case 'SHELL':
      return { ...before, shell: command.shell };
    case 'ONBUILD':
      return { ...before, onBuild: [...(before.onBuild ?? []), command.trigger] };
    case 'HEALTHCHECK':
      return { ...before, healthCheck: command.health };
  }
}

/** As `applyConfig`, for an instruction with its place. */
export const applyAt = (before: ImageConfig, command: Command & ConfigChange, options?: { hasCommand?: boolean }) =>
  at(command.lines, () => applyConfig(before, command, options));

/** One that is there stays in its place. */
function withVariables(before: readonly string[], pairs: readonly (readonly [string, string])[]): string[] {
  const variables = new Map(before.map((entry) => [entry.split('=', 1)[0] ?? '', entry]));
  for (const [name, value] of pairs) variables.set(name, `${name}=${value}`);
  return [...variables.values()];
}

const union = (before: readonly string[], more: readonly string[]) => [...new Set([...before, ...more])];

/** Single ports of `80`, `80/udp`, `8000-8002`, in their order. @throws DockerfileError */
export const portsOf = (words: readonly string[]): string[] => [...new Set(words.flatMap(portsOfWord))];

function portsOfWord(word: string): string[] {
  const match = /^(\d+)(?:-(\d+))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  if (!match || last > 65535 || last < first) throw new DockerfileError(`Invalid containerPort: ${word}`);
  const protocol = (match[3] ?? 'tcp').toLowerCase();
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

function checkedSignal(text: string): string {
  const number = Number(text);
  const isNumber = /^\d+$/.test(text) && number > 0 && number <= 64;
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  if (isNumber || Object.hasOwn(constants.signals, name) || /^SIGRTM(IN|AX)([+-]\d+)?$/.test(name)) return text;
  throw new DockerfileError(`invalid signal: ${text}`);
}
