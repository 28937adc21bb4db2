import type { Flag } from './dockerfile.ts';
import { unquoted } from './words.ts';

/**
 * The words at the beginning that start with two dashes; quotes and backslashes in them are taken away. A `--` alone ends
 * them and is left out.
 */
export function takeFlags(text: string): { flags: Flag[]; rest: string } {
  const flags: Flag[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const raw = /^(?:\\[\s\S]|"(?:\\[\s\S]|[^"\\])*"?|'(?:\\[\s\S]|[^'\\])*'?|[^\s"'\\]|\\$)+/.exec(rest)?.[0] ?? rest;
    rest = rest.slice(raw.length).trimStart();
    if (raw === '--') break;
    flags.push(flagOf(raw));
  }
  return { flags, rest: rest.trim() };
}

function flagOf(raw: string): Flag {
  const word = unquoted(raw).slice(2);
  const equals = word.indexOf('=');
  return equals < 0 ? { name: word } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}
