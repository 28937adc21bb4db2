import type { DockerfileOffers } from '../bridge/builds.ts';

/** Instructions, one a text: comments are gone, what goes on over several lines is joined. */
function instructionsOf(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return lines.join('\n').replaceAll(/\\\n/g, ' ').split('\n');
}

const unquoted = (value: string) => value.replace(/^(["'])(.*)\1$/, '$2');

/** Stages and arguments that a Dockerfile names: for choosing, the host reads it properly. Pure. */
export function offersOf(text: string): DockerfileOffers {
  const stages: string[] = [];
  const values = new Map<string, string | undefined>();
  for (const instruction of instructionsOf(text)) {
    const stage = /^from\s+.*\sas\s+(\S+)\s*$/i.exec(instruction)?.[1];
    if (stage) stages.push(stage);
    const declared = /^arg\s+(.*)$/i.exec(instruction)?.[1] ?? '';
    for (const [, name = '', value] of declared.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g))
      if (name !== '' && !values.get(name)) values.set(name, value === undefined ? undefined : unquoted(value));
  }
  return {
    stages,
    arguments: [...values].map(([name, value]) => ({ name, ...(value !== undefined && { value }) })),
  };
}

/** Images that it is built from, as they are written; names of stages are among them. Pure. */
export function imagesOf(text: string): string[] {
  return instructionsOf(text).flatMap((instruction) => {
    const from = /^from\s+(?:--\S+\s+)*(\S+)/i.exec(instruction)?.[1];
    const copied = /^(?:copy|add)\s.*--from=(\S+)/i.exec(instruction)?.[1];
    return [from, copied].filter((name) => name !== undefined && !name.includes('$')) as string[];
  });
}
