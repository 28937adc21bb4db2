import type { Arg } from '../../../electron/bridge/contract.ts';
import type { PortQuestion } from '../../../electron/bridge/ports.ts';
import { isBlank, isVolume, type MemoryRow, type PortRow, parsePorts, type RunForm } from './run-form.ts';
import { quoteArgument, type SplitCommand, splitCommand } from './split-command.ts';

type Request = Arg<'containers.create'>;

const argsOf = (split: SplitCommand): readonly string[] => (split.ok ? split.args : []);
const given = <T extends object>(list: readonly T[], field: string) => (list.length > 0 ? { [field]: list } : {});
const filled = (form: RunForm) => ({
  ports: form.ports.filter((row) => !isBlank.port(row)),
  environment: form.environment.filter((row) => !isBlank.variable(row)),
  folders: form.folders.filter((row) => !isBlank.folder(row)),
  memory: form.memory.filter((row) => !isBlank.memory(row)),
});
const megabyte = 1024 * 1024;

function portOf({ host, container, protocol, address }: PortRow): NonNullable<Request['ports']>[number] {
  const hostPorts = parsePorts(host);
  return {
    containerPort: Number(container),
    protocol,
    ...(address && { hostAddress: address }),
    ...(hostPorts && { hostPorts }),
  };
}

function memoryOf({ target, size }: MemoryRow): NonNullable<Request['memoryFolders']>[number] {
  return { target: target.trim(), ...(size.trim() && { bytes: Number(size) * megabyte }) };
}

/** The form as the bridge takes it; call it for a form without problems. */
export function requestOf(form: RunForm): Request {
  const { ports, environment, folders, memory } = filled(form);
  const command = argsOf(splitCommand(form.command));
  const tries = form.tries.trim();
  return {
    image: form.image.trim(),
    ...(form.name.trim() && { name: form.name.trim() }),
    ...(command.length > 0 && { command: [...command] }),
    ...(environment.length > 0 && { environment: environment.map(({ name, value }) => `${name.trim()}=${value}`) }),
    ...given(ports.map(portOf), 'ports'),
    ...given(
      folders.map(({ source, target, readOnly }) => ({ source: source.trim(), target: target.trim(), readOnly })),
      'folders',
    ),
    ...given(memory.map(memoryOf), 'memoryFolders'),
    ...(form.restart !== 'no' && {
      restart: { policy: form.restart, ...(form.restart === 'on-failure' && tries && { tries: Number(tries) }) },
    }),
  };
}

const bracketed = (address: string) => (address.includes(':') ? `[${address}]` : address);

function publishWord({ host, container, protocol, address }: PortRow): string {
  const outside = host.trim() || address ? `${address && `${bracketed(address)}:`}${host.trim()}:` : '';
  return `${outside}${container.trim()}${protocol === 'udp' ? '/udp' : ''}`;
}

/** A field of `--mount`, which is a line of comma-separated values (RFC 4180). */
const csvField = (field: string) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/** The same as one line for a terminal. */
export function asDockerRun(form: RunForm): string {
  const { ports, environment, folders, memory } = filled(form);
  const name = form.name.trim();
  const tries = form.restart === 'on-failure' && form.tries.trim() ? `:${form.tries.trim()}` : '';
  const words = [
    ...['docker', 'run', '-d'],
    ...(name ? ['--name', name] : []),
    ...ports.flatMap((row) => ['-p', publishWord(row)]),
    ...environment.flatMap((row) => ['-e', `${row.name.trim()}=${row.value}`]),
    ...folders.flatMap(({ source, target, readOnly }) => {
      const type = isVolume(source) ? 'volume' : 'bind';
      const fields = [
        `type=${type}`,
        `src=${source.trim()}`,
        `dst=${target.trim()}`,
        ...(readOnly ? ['readonly'] : []),
      ];
      return ['--mount', fields.map(csvField).join(',')];
    }),
    ...memory.flatMap(({ target, size }) => ['--tmpfs', `${target.trim()}${size.trim() && `:size=${size.trim()}m`}`]),
    ...(form.restart === 'no' ? [] : ['--restart', `${form.restart}${tries}`]),
    form.image.trim(),
    ...argsOf(splitCommand(form.command)),
  ];
  return words.map(quoteArgument).join(' ');
}

/** The single host ports that the form asks for; ranges and any port are left to the engine. */
export function questionsOf(form: RunForm): { row: number; question: PortQuestion }[] {
  return filled(form).ports.flatMap(({ key, host, protocol, address }) => {
    const ports = parsePorts(host);
    if (!ports || ports.first !== ports.last) return [];
    return [{ row: key, question: { address, port: ports.first, protocol } }];
  });
}
