import { EngineError } from '../../base/errors.ts';

/** What a tag is made of: Docker's `logger.Info`. */
export interface TagFacts {
  /** Texts by the names that templates use: ID, FullID, Name, ImageName, … */
  fields: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
  /** Labels and environment that the options name. */
  attributes: Readonly<Record<string, string>>;
}

type Value = string | number | Readonly<Record<string, string>>;
type Function = (...args: Value[]) => Value;

const text = (value: Value | undefined) => (typeof value === 'object' ? JSON.stringify(value) : String(value ?? ''));

const functions: Readonly<Record<string, Function>> = {
  upper: (value = '') => text(value).toUpperCase(),
  lower: (value = '') => text(value).toLowerCase(),
  title: (value = '') => text(value).replace(/\b\p{L}/gu, (letter) => letter.toUpperCase()),
  truncate: (value = '', length = 0) => text(value).slice(0, Number(length)),
  json: (value = '') => JSON.stringify(value),
  index: (map = '', key = '') => (typeof map === 'object' ? (map[text(key)] ?? '') : ''),
};

function wrong(why: string): never {
  throw new EngineError('invalid', `template: log-tag:1: ${why}`);
}

/** Words of one command: strings, numbers, fields, names of functions, something in brackets with a field of it. */
const words = /\s*("(?:[^"\\]|\\.)*"|`[^`]*`|\([^)]*\)(?:\.\w+)?|[^\s"`()]+)/gy;

function operand(word: string, facts: TagFacts): Value {
  if (word.startsWith('"')) return JSON.parse(word) as string;
  if (word.startsWith('`')) return word.slice(1, -1);
  if (/^\d+$/.test(word)) return Number(word);
  const attribute = /^\(\s*\.ExtraAttributes nil\s*\)\.(\w+)$/.exec(word)?.[1];
  if (attribute !== undefined) return facts.attributes[attribute] ?? '<no value>';
  const name = /^\.(\w+)$/.exec(word)?.[1];
  if (name === undefined) {
    return wrong(`${word}: only fields, texts and the functions ${Object.keys(functions).join(', ')} are supported`);
  }
  if (name === 'ContainerLabels') return facts.labels;
  const value = Object.hasOwn(facts.fields, name) ? facts.fields[name] : undefined;
  if (value !== undefined) return value;
  throw new EngineError(
    'invalid',
    `template: log-tag:1:2: executing "log-tag" at <.${name}>: can't evaluate field ${name} in type *logger.Info`,
  );
}

function command(said: string, piped: Value[], facts: TagFacts): Value {
  const [first, ...rest] = [...said.trim().matchAll(words)].map((match) => match[1] ?? '');
  if (first === undefined) return wrong('missing value for command');
  if (!/^[a-z]\w*$/i.test(first)) return operand(first, facts);
  const call = Object.hasOwn(functions, first) ? functions[first] : undefined;
  if (!call) return wrong(`function ${JSON.stringify(first)} not defined`);
  return call(...rest.map((word) => operand(word, facts)), ...piped);
}

/**
 * A tag by its template: the part of Go's templates that log tags use, `{{.Name}}/{{upper .ID}}`, with pipes.
 * @throws EngineError `invalid` in Go's words.
 */
export function renderTag(template: string, facts: TagFacts): string {
  let made = '';
  for (let rest = template; rest !== ''; ) {
    const begin = rest.indexOf('{{');
    if (begin < 0) return made + rest;
    const end = rest.indexOf('}}', begin);
    if (end < 0) return wrong('unclosed action');
    const piped: Value[] = [];
    for (const said of rest.slice(begin + 2, end).split('|')) piped.splice(0, 1, command(said, [...piped], facts));
    made += rest.slice(0, begin) + text(piped[0]);
    rest = rest.slice(end + 2);
  }
  return made;
}
