import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeJsonFile } from './json-file.ts';
import { openSettings } from './settings-file.ts';

const defaults = { language: 'system', theme: 'system', onQuit: 'ask' };

function place(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'settings.json');
}

test('settings are kept and told', (t) => {
  const file = place(t);
  const told: unknown[] = [];
  const settings = openSettings(file, (changed) => told.push(changed));
  assert.deepEqual(settings.current, defaults);
  settings.change({ language: 'zh-CN' });
  settings.change({ onQuit: 'keep' });
  const expected = { ...defaults, language: 'zh-CN', onQuit: 'keep' };
  assert.deepEqual(openSettings(file, () => undefined).current, expected);
  assert.deepEqual(told, [{ ...defaults, language: 'zh-CN' }, expected]);
  assert.deepEqual(readdirSync(path.dirname(file)), ['settings.json'], 'no temporary file stays');
});

test('a damaged file is the defaults; an unknown value is the default of its setting alone', (t) => {
  const file = place(t);
  writeFileSync(file, '{"theme": "da');
  assert.deepEqual(openSettings(file, () => undefined).current, defaults);
  writeFileSync(file, '{"theme":"dark","language":"tlh","future":1}');
  assert.deepEqual(openSettings(file, () => undefined).current, { ...defaults, theme: 'dark' });
});

test('a write that fails leaves the old file and nothing beside it', (t) => {
  const file = place(t);
  writeJsonFile(file, { a: 1 });
  const circle: { self?: unknown } = {};
  circle.self = circle;
  assert.throws(() => writeJsonFile(file, circle));
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).a, 1);
  const folder = path.join(path.dirname(file), 'folder');
  writeJsonFile(path.join(folder, 'x.json'), {});
  assert.throws(() => writeJsonFile(folder, { a: 2 }), 'a folder is in the way');
  assert.deepEqual(readdirSync(path.dirname(file)).sort(), ['folder', 'settings.json']);
});
