import type { Step } from './steps.ts';
import type { Subject } from './subjects.ts';

/** What came of a step: of the CLI `exit`, `stdout`, `stderr`; of a request `status`, `type`, `body`. */
export type Outcome = Readonly<Record<string, unknown>>;

/** What earlier steps of the group kept, by its word. */
export type Kept = Map<string, string>;

const hex64 = /\b[0-9a-f]{64}\b/g;

/** What differs from run to run on any engine, and what stands for it. JSON stays JSON. */
const everywhere: readonly (readonly [RegExp, string])[] = [
  [/\bsha256:[0-9a-f]{64}\b/g, '<digest>'],
  [hex64, '<id>'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{12}\b/g, '<short id>'],
  [/\b(?!0001)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? [+-]\d{4} [A-Z]+\b/g, '<time>'],
  [/\b1[789]\d{8}\.\d+\b/g, '1700000000.5'],
  [/\b1[789]\d{17}\b/g, '1700000000000000000'],
  [/\b1[789]\d{8}\b/g, '1700000000'],
  [/"Pid": ?[1-9]\d*/g, '"Pid":4242'],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, '<mac>'],
  [/\b172\.\d+\.\d+\.\d+\b/g, '<address>'],
  [/\b(?:Less than a second|About a minute|\d+ (?:second|minute)s?)(?: ago)?\b/g, '<while>'],
];

/** Text of a step without what differs from run to run. */
export function normalised(text: string, subject: Subject, step: Step): string {
  let plain = text.replaceAll(subject.root, '<root>').replaceAll(`/v${subject.api}/`, '/v<api>/');
  for (const [pattern, word] of [...everywhere, ...(step.mask ?? [])]) plain = plain.replaceAll(pattern, word);
  // columns are as wide as their widest id or time
  return plain.replaceAll(/ {2,}/g, '  ').replaceAll(/ +$/gm, '').trimEnd();
}

const sorted = (lines: readonly string[]) => [...lines].sort();

function jsonOf(text: string): unknown {
  if (!/^[[{"]|^null$/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // one value a line, as streams of JSON have it
    try {
      return text.split('\n').map((line) => JSON.parse(line));
    } catch {
      return undefined;
    }
  }
}

/** Lists of JSON that dockerd makes of maps, in no order. */
const unordered = new Set(['Mounts', 'Ports', 'Networks']);

function ordered(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => ordered(item));
    const places = new Map(items.map((item) => [item, JSON.stringify(item)]));
    return unordered.has(key) ? items.sort((a, b) => ((places.get(a) ?? '') < (places.get(b) ?? '') ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, ordered(item, name)]));
}

/** JSON as it is, other text as its lines where there are several. */
export function readable(text: string, step: Step): unknown {
  const json = jsonOf(text);
  if (json !== undefined) return ordered(json, step.anyOrder ? 'Mounts' : '');
  const lines = text.split('\n');
  if (lines.length === 1) return text;
  return step.anyOrder ? sorted(lines) : lines;
}
