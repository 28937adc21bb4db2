// npm run compare [-- WORD...] [--write]: Beluga beside every dockerd, those groups whose name has a word; --write makes
// docs/compatibility.md of it. Ends with 1 when a difference is not listed, or a listed one is gone.
import { writeFileSync } from 'node:fs';
import { groups, longGroups } from './cases/catalogue.ts';
import { allInWords, compareAll } from './comparison.ts';
import { compatibilityFile, compatibilityPage } from './compatibility-page.ts';
import { judge } from './judge.ts';

const args = process.argv.slice(2);
const words = args.filter((arg) => !arg.startsWith('-'));
const all = [...groups, ...longGroups];
const compared = await compareAll(
  all.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word))),
);
const judged = judge(compared.differences);
for (const words of allInWords(judged.unlisted)) console.log(words);
const gone = words.length > 0 ? [] : judged.gone;
for (const { where, field } of gone) console.log(`no longer: ${where}: ${field}`);
console.log(
  `${compared.steps} steps, ${compared.differences.length} differences, ${judged.unlisted.length} unlisted, ${gone.length} gone`,
);
if (args.includes('--write')) writeFileSync(compatibilityFile, compatibilityPage(judged));
process.exitCode = judged.unlisted.length + gone.length > 0 ? 1 : 0;
