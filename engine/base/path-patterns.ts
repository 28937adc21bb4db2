/**
 * Patterns of paths parted by slashes: `*` and `?` within one part, `[a-c]`, a backslash before a character that shall stand
 * for itself, and `**` for any number of parts.
 */

/** What a pattern is wrong in. */
export class PatternError extends Error {}

function classOf(pattern: string, from: number): { expression: string; end: number } {
  let at = from + 1;
  const negated = pattern.charAt(at) === '^';
  if (negated) at++;
  let inside = '';
  for (let isFirst = true; ; isFirst = false) {
    const character = pattern.charAt(at);
    if (character === '' || (character === ']' && isFirst))
      throw new PatternError(`syntax error in pattern: ${pattern}`);
    at++;
    if (character === ']') break;
    if (character === '-') inside += '-';
    else if (character === '\\') inside += escaped(pattern.charAt(at++));
    else inside += escaped(character);
  }
  return { expression: `[${negated ? '^/' : ''}${inside}]`, end: at };
}

const escaped = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** The pattern as a regular expression, without its ends. @throws PatternError */
function expressionOf(pattern: string): string {
  let expression = '';
  for (let at = 0; at < pattern.length; ) {
    const character = pattern.charAt(at);
    if (pattern.startsWith('**', at)) {
      at += 2;
      while (pattern.charAt(at) === '*') at++;
      if (pattern.charAt(at) === '/') {
        at++;
        expression += '(?:.*/)?';
      } else expression += '.*';
    } else if (character === '[') {
      const { expression: inside, end } = classOf(pattern, at);
      expression += inside;
      at = end;
    } else {
      at++;
      if (character === '*') expression += '[^/]*';
      else if (character === '?') expression += '[^/]';
      else if (character === '\\') {
        if (at === pattern.length) throw new PatternError(`syntax error in pattern: ${pattern}`);
        expression += escaped(pattern.charAt(at++));
      } else expression += escaped(character);
    }
  }
  return expression;
}

/** Whether a path is what the pattern says; both are relative and clean. @throws PatternError */
export function pathPattern(pattern: string): RegExp {
  return new RegExp(`^${expressionOf(pattern)}$`, 's');
}

export interface PathFilter {
  /** The pattern that takes the path out, as it was written; undefined where it stays. Parents are looked at as well. */
  excludedBy(path: string): string | undefined;
  /** Whether something below a path that is out may come in again. */
  mayComeBack(path: string): boolean;
}

interface Rule {
  written: string;
  expression: RegExp;
  keeps: boolean;
  pattern: string;
}

/** Relative, without `.`, `..` and doubled slashes. */
function cleanPattern(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else parts.pop();
  }
  return parts.join('/');
}

/**
 * Patterns of which the last one that fits a path, or a folder that it is in, decides; `!` before one takes it back
 * (Docker reference, ".dockerignore files").
 * @throws PatternError
 */
export function pathFilter(patterns: readonly string[]): PathFilter {
  const rules = patterns.flatMap((written): Rule[] => {
    const text = written.trim();
    const keeps = text.startsWith('!');
    if (text === '!') throw new PatternError('illegal exclusion pattern: "!"');
    const pattern = cleanPattern(keeps ? text.slice(1).trim() : text);
    return pattern === '' ? [] : [{ written: text, pattern, keeps, expression: pathPattern(pattern) }];
  });
  const fits = ({ expression }: Rule, path: string) => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1))
      if (expression.test(path.slice(0, end))) return true;
    return false;
  };
  return {
    excludedBy(path) {
      const rule = rules.findLast((each) => fits(each, path));
      return rule && !rule.keeps ? rule.written : undefined;
    },
    mayComeBack: (path) =>
      rules.some(({ keeps, pattern }) => keeps && (hasMeaning(pattern) || pattern.startsWith(`${path}/`))),
  };
}

/** Of which nobody can tell by its letters where it leads. */
const hasMeaning = (pattern: string) => /[*?[\\]/.test(pattern);

/** The lines of an ignore file that are patterns. */
export const patternLines = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#') && line.trim() !== '');
