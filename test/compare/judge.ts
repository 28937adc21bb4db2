import type { Difference } from './differ.ts';
import { accepted } from './differences.ts';
import type { Listed } from './listed.ts';

export interface Judged {
  /** What each entry of the table explains; an entry is the first that matches. */
  readonly explained: ReadonlyMap<Listed, readonly Difference[]>;
  readonly unlisted: readonly Difference[];
  /** Entries of what does not occur any more. */
  readonly gone: readonly Listed[];
}

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** `*` stands for anything. */
const matcher = (pattern: string) => new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`, 's');

function matches(listed: Listed) {
  const [places, fields] = [listed.where, listed.field].map((patterns) => [patterns].flat().map(matcher));
  const fits = (patterns: readonly RegExp[] | undefined, text: string) =>
    patterns?.some((one) => one.test(text)) === true;
  return (difference: Difference) =>
    (listed.peer === undefined || listed.peer === difference.peer) &&
    fits(places, difference.where) &&
    fits(fields, difference.field) &&
    (listed.words === undefined || listed.words.test(String(difference.dockerd))) &&
    (listed.changedLater !== true || difference.changedLater);
}

/** Which differences the table explains, which not, and what of it explains nothing. */
export function judge(differences: readonly Difference[]): Judged {
  const tests = accepted.map((listed) => ({ listed, test: matches(listed), found: [] as Difference[] }));
  const unlisted = differences.filter((difference) => {
    const first = tests.find(({ test }) => test(difference));
    first?.found.push(difference);
    return first === undefined;
  });
  return {
    explained: new Map(tests.map(({ listed, found }) => [listed, found])),
    unlisted,
    gone: tests.filter(({ found }) => found.length === 0).map(({ listed }) => listed),
  };
}
