import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildsSection } from './build-differences.ts';
import { groups } from './cases/catalogue.ts';
import { allInWords, compareAll } from './comparison.ts';
import { compatibilityFile, headingsMissingIn } from './compatibility-page.ts';
import { judge } from './judge.ts';

test('what Beluga answers differently from dockerd 20.10 and 26.1 is listed', { timeout: 1_200_000 }, async () => {
  const { differences } = await compareAll(groups);
  assert.deepEqual(allInWords(judge(differences).unlisted), []);
});

test('docs/compatibility.md tells every reason that is listed, and no other', () => {
  const missing = headingsMissingIn(readFileSync(compatibilityFile, 'utf8'));
  assert.deepEqual(missing, [], 'npm run compare -- --write makes it anew');
  assert.ok(
    readFileSync(compatibilityFile, 'utf8').endsWith(buildsSection()),
    'and so it does with what is said of builds',
  );
});
