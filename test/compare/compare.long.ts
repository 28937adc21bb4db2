import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { groups, longGroups } from './cases/catalogue.ts';
import { allInWords, type Compared, compareAll } from './comparison.ts';
import { compatibilityFile, untrueIn } from './compatibility-page.ts';
import { judge } from './judge.ts';

let compared: Compared;
before(
  async () => {
    compared = await compareAll([...groups, ...longGroups]);
  },
  { timeout: 3_600_000 },
);

test('what Beluga answers differently from dockerd 20.10 and 26.1 is listed, all of it', () => {
  assert.deepEqual(allInWords(judge(compared.differences).unlisted), []);
});

test('what is listed still differs', () => {
  const gone = judge(compared.differences).gone.map(({ where, field }) => `${where}: ${field}`);
  assert.deepEqual(gone, [], 'take it out of test/compare/differences.ts');
});

test('docs/compatibility.md tells nothing that is no longer so', () => {
  const untrue = untrueIn(readFileSync(compatibilityFile, 'utf8'), judge(compared.differences));
  assert.deepEqual(untrue, [], 'npm run compare -- --write makes it anew');
});
