import type { Flag, Instruction } from './dockerfile.ts';
import { DockerfileError } from './dockerfile-error.ts';
import { nearest } from './nearest.ts';

type FlagKind = 'text' | 'switch' | 'list';
export type FlagTable = Readonly<Record<string, FlagKind>>;

/** The flags of one instruction, of which nothing is left to doubt. */
export interface ReadFlags {
  text(name: string): string | undefined;
  isOn(name: string): boolean;
  isGiven(name: string): boolean;
  list(name: string): readonly string[];
}

/** @throws DockerfileError for a flag that is unknown, given twice, without its value, or neither true nor false */
export function readFlags({ flags }: Pick<Instruction, 'flags'>, table: FlagTable): ReadFlags {
  const found = new Map<string, string[]>();
  for (const flag of flags) {
    const value = checkedValue(flag, table);
    const before = found.get(flag.name) ?? [];
    if (before.length > 0 && table[flag.name] !== 'list')
      throw new DockerfileError(`duplicate flag specified: ${flag.name}`);
    found.set(flag.name, [...before, value]);
  }
  return {
    text: (name) => found.get(name)?.[0],
    isOn: (name) => found.get(name)?.[0] === 'true',
    isGiven: (name) => found.has(name),
    list: (name) => found.get(name) ?? [],
  };
}

function checkedValue({ name, value }: Flag, table: FlagTable): string {
  const kind = Object.hasOwn(table, name) ? table[name] : undefined;
  if (kind === undefined) {
    const meant = nearest(name, Object.keys(table));
    throw new DockerfileError(`unknown flag: ${name}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`);
  }
  if (kind !== 'switch') {
    if (value === undefined) throw new DockerfileError(`missing a value on flag: --${name}`);
    return value;
  }
  const word = (value ?? 'true').toLowerCase();
  if (word !== 'true' && word !== 'false')
    throw new DockerfileError(`expecting boolean value for flag --${name}, not: ${value}`);
  return word;
}
