import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildsSection } from './build-differences.ts';
import { shown } from './comparison.ts';
import type { Difference } from './differ.ts';
import { accepted } from './differences.ts';
import type { Judged } from './judge.ts';

export const compatibilityFile = path.resolve(fileURLToPath(new URL('../../docs/compatibility.md', import.meta.url)));

const head = `# Compatibility

What Beluga answers differently from dockerd, and why. Made by \`npm run compare -- --write\`: test/compare plays one
catalogue of calls of the docker CLI and of the API on Beluga and on a real dockerd (20.10 in API 1.41, 26.1 in API 1.45),
and compares exit codes, words, statuses and JSON field by field. A difference that is not here fails the suite, and so does
one that is here and gone. The reasons stand in test/compare/differences.ts.
`;

/** Calls shown for one reason: the others are of the same kind. */
const shownAtMost = 4;

const cell = (text: string) => {
  const short = text.length > 160 ? `${text.slice(0, 157)}...` : text;
  return `\`${short.replaceAll('|', '\\|').replaceAll('`', "'")}\``;
};

const row = ({ peer, where, field, dockerd, beluga }: Difference) =>
  `| ${peer.replace('dockerd ', '')} | ${cell(where)} | ${cell(field)} | ${cell(shown(dockerd))} | ${cell(shown(beluga))} |`;

const headingOf = (reason: string) => `## ${reason}`;

/** docs/compatibility.md of a comparison in which all was listed. */
export function compatibilityPage({ explained }: Judged): string {
  const sections = [...explained].map(([{ reason }, differences]) => {
    const rows = differences.slice(0, shownAtMost).map(row);
    const more = differences.length - rows.length;
    const others = more > 0 ? `\nand ${more} more of this kind\n` : '';
    return `${headingOf(reason)}\n\n| dockerd | call | field | dockerd says | Beluga says |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n${others}`;
  });
  return [head, ...sections, buildsSection()].join('\n');
}

/** Reasons that are listed and not on the page, and those that are there and not listed. */
export function headingsMissingIn(page: string): string[] {
  const listed = accepted.map(({ reason }) => headingOf(reason));
  const told = page.split('\n').filter((line) => line.startsWith('## '));
  return [...listed.filter((line) => !told.includes(line)), ...told.filter((line) => !listed.includes(line))];
}

/** Lines of the page that this comparison does not bear out, and reasons that it lacks. */
export function untrueIn(page: string, { explained }: Judged): string[] {
  const headings = [...explained.keys()].map(({ reason }) => headingOf(reason));
  const rows = [...explained.values()].flat().map(row);
  const known = new Set([...headings, ...rows]);
  const lines = page.split('\n').filter((line) => /^(##|\| \d)/.test(line));
  return [...lines.filter((line) => !known.has(line)), ...headings.filter((line) => !lines.includes(line))];
}
