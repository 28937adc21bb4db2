import type { Lines } from './dockerfile.ts';
import { looksSecret } from './secret-names.ts';
import type { Stage, StageCommand, Stages } from './stages.ts';

/** What somebody who builds a target may or has to give (moby/buildkit: frontend/subrequests/outline). */
export interface Outline {
  /** Of the target; absent: it has none. */
  name?: string;
  args: readonly { name: string; value?: string; lines: Lines }[];
  secrets: readonly { name: string; required: boolean; lines: Lines }[];
  ssh: readonly { name: string; required: boolean; lines: Lines }[];
  caches: readonly { id: string; lines: Lines }[];
}

/** A stage as something to build (moby/buildkit: frontend/subrequests/targets). */
export interface Target {
  name?: string;
  isDefault: boolean;
  base: string;
  platform?: string;
  lines: Lines;
}

/** What is doubtful (Docker reference, "Build checks"). */
export interface LintWarning {
  rule: string;
  description: string;
  detail: string;
  lines: Lines;
}

export const targetsOf = ({ stages }: Stages): Target[] =>
  stages.map(({ from }, index) => ({
    ...(from.name !== undefined && { name: from.name }),
    ...{ isDefault: index === stages.length - 1, base: from.base, lines: from.lines },
    ...(from.platform !== undefined && { platform: from.platform }),
  }));

/**
 * Of one stage and those that it needs.
 * @param target number of the stage
 * @param given values of ARGs
 */
export function outlineOf(
  { args, stages }: Stages,
  target: number,
  given: Readonly<Record<string, string | undefined>>,
): Outline {
  const needed = neededBy(stages, target);
  const commands = [...args, ...needed.flatMap((stage) => stage.commands)];
  const mounts = commands.flatMap((command) =>
    command.kind === 'RUN' ? command.mounts.map((mount) => ({ mount, lines: command.lines })) : [],
  );
  const ofType = (type: string) => mounts.filter(({ mount }) => mount.type === type);
  const required = (type: string, usual: string) =>
    ofType(type).map(({ mount: { id, source, required = false, target: place }, lines }) => ({
      ...{ name: id ?? source ?? place?.split('/').at(-1) ?? usual, required, lines },
    }));
  const name = stages[target]?.from.name;
  return {
    ...(name !== undefined && { name }),
    args: once(commands.flatMap((command) => argsOf(command, given))),
    secrets: once(required('secret', '')),
    ssh: once(required('ssh', 'default')),
    caches: ofType('cache').map(({ mount, lines }) => ({ id: mount.id ?? mount.target ?? '', lines })),
  };
}

function argsOf(command: StageCommand, given: Readonly<Record<string, string | undefined>>): Outline['args'] {
  if (command.kind !== 'ARG') return [];
  return command.pairs.map(([name, written]) => {
    const value = given[name] ?? written;
    return { name, lines: command.lines, ...(value !== undefined && { value }) };
  });
}

/** The first of each name. */
const once = <T extends { name: string }>(list: readonly T[]): T[] =>
  list.filter(({ name }, index) => list.findIndex((other) => other.name === name) === index);

/** In their order. Variables in names of stages lead to none. */
function neededBy(stages: readonly Stage[], target: number): Stage[] {
  const needed = new Set<number>();
  const indexOf = (name: string | undefined, before: number): number => {
    const named = stages.slice(0, before).findLastIndex(({ from }) => from.name === name?.toLowerCase());
    return named < 0 && /^\d+$/.test(name ?? '') && Number(name) < before ? Number(name) : named;
  };
  const visit = (index: number): void => {
    const stage = stages[index];
    if (!stage || needed.has(index)) return;
    needed.add(index);
    for (const name of [stage.from.base, ...stage.commands.flatMap(sourcesOf)]) visit(indexOf(name, index));
  };
  visit(target);
  return stages.filter((_, index) => needed.has(index));
}

function sourcesOf(command: StageCommand): string[] {
  if (command.kind === 'COPY') return command.from === undefined ? [] : [command.from];
  return command.kind === 'RUN' ? command.mounts.flatMap(({ from }) => from ?? []) : [];
}

/** Checks that need nothing but the Dockerfile. */
export function lintOf({ stages }: Stages): LintWarning[] {
  return [
    ...duplicates(stages),
    ...stages.flatMap(({ commands }) => [...several(commands), ...commands.flatMap(lint)]),
  ];
}

function lint(command: StageCommand): LintWarning[] {
  const { kind, lines } = command;
  if (kind === 'MAINTAINER')
    return [
      {
        ...{ rule: 'MaintainerDeprecated', lines },
        description: 'The MAINTAINER instruction is deprecated, use a label instead to define an image author',
        detail: 'Maintainer instruction is deprecated in favor of using label',
      },
    ];
  if ((kind === 'CMD' || kind === 'ENTRYPOINT') && command.command?.shell)
    return [
      {
        ...{ rule: 'JSONArgsRecommended', lines },
        description:
          'JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals',
        detail: `JSON arguments recommended for ${kind} to prevent unintended behavior related to OS signals`,
      },
    ];
  if (kind !== 'ARG' && kind !== 'ENV') return [];
  return command.pairs
    .filter(([name]) => looksSecret(name))
    .map(([name]) => ({
      ...{ rule: 'SecretsUsedInArgOrEnv', lines },
      description: 'Sensitive data should not be used in the ARG or ENV commands',
      detail: `Do not use ARG or ENV instructions for sensitive data (${kind} "${name}")`,
    }));
}

function duplicates(stages: readonly Stage[]): LintWarning[] {
  return stages.flatMap(({ from: { name, lines } }, index) => {
    if (name === undefined || stages.findIndex(({ from }) => from.name === name) === index) return [];
    const detail = `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`;
    return [{ rule: 'DuplicateStageName', description: 'Stage names should be unique', detail, lines }];
  });
}

/** Of which only the last one counts. */
function several(commands: readonly StageCommand[]): LintWarning[] {
  return (['CMD', 'ENTRYPOINT', 'HEALTHCHECK'] as const).flatMap((kind) =>
    commands
      .filter((command) => command.kind === kind)
      .slice(0, -1)
      .map(({ lines }) => ({
        ...{ rule: 'MultipleInstructionsDisallowed', lines },
        description: 'Multiple instructions of the same type should not be used in the same stage',
        detail: `Multiple ${kind} instructions should not be used in the same stage because only the last one will be used`,
      })),
  );
}
