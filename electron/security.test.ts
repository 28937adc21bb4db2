import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const repo = path.resolve(fileURLToPath(new URL('..', import.meta.url)));
const read = (file: string) => readFileSync(path.join(repo, file), 'utf8');
const sources = globSync('{electron,renderer}/**/*.{ts,tsx,html}', { cwd: repo }).filter(
  (file) => !/\.test\.tsx?$/.test(file),
);
const filesWith = (pattern: RegExp) => sources.filter((file) => pattern.test(read(file)));

test('docs/security.md has each item of the checklist, and each names tests that exist', () => {
  const rows = [...read('docs/security.md').matchAll(/^\| (T?\d+) \|(.*)\|$/gm)];
  assert.deepEqual(
    rows.map(([, number]) => number).filter((number) => !number?.startsWith('T')),
    Array.from({ length: 20 }, (_, index) => String(index + 1)),
  );
  for (const [, number, row = ''] of rows) {
    const tests = [...(row.split('|').at(-1) ?? '').matchAll(/`([^`]+)`: “([^”]+)”/g)];
    assert.ok(tests.length > 0, `item ${number} names no test`);
    for (const [, file = '', title = ''] of tests)
      assert.ok(read(file).includes(`test('${title}'`), `item ${number}: ${file} has no test “${title}”`);
  }
});

test('addresses are handed to the system in one place only, which checks them', () => {
  assert.deepEqual(
    filesWith(/\bopenExternal\b|\bopenPath\b/).filter((file) => file !== 'electron/windows/open-external.ts'),
    [],
  );
  assert.deepEqual(filesWith(/\bopenInBrowser\(/).sort(), [
    'electron/handlers/port-handlers.ts',
    'electron/windows/open-external.ts',
  ]);
  assert.match(
    read('electron/handlers/port-handlers.ts'),
    /publishedAddress\(url, [\s\S]*?if \(!address\) throw[\s\S]*?openInBrowser\(address\)/,
  );
});

test('nothing switches on what the checklist forbids', () => {
  assert.deepEqual(filesWith(/enableBlinkFeatures|experimentalFeatures: true|allowRunningInsecureContent: true/), []);
  assert.deepEqual(filesWith(/webSecurity: false|sandbox: false|contextIsolation: false|nodeIntegration\w*: true/), []);
  assert.deepEqual(filesWith(/webviewTag: true|<webview|allowpopups|ignore-certificate-errors|certificate-error/), []);
  assert.deepEqual(filesWith(/loadFile\(|['"`]file:\/\//), []);
  assert.deepEqual(filesWith(/dangerouslySetInnerHTML|\.innerHTML\b|\beval\(|new Function\(/), []);
});

test('main listens to the page in one file only, and each of its listeners asks who sent it', () => {
  assert.deepEqual(filesWith(/\bipcMain\b/), ['electron/windows/ipc.ts']);
  const listeners = read('electron/windows/ipc.ts')
    .split(/ipcMain\.\w+\(/)
    .slice(1);
  assert.ok(listeners.length > 0);
  for (const listener of listeners) assert.match(listener, /isOurs\(event\)/);
  assert.deepEqual(filesWith(/\bipcRenderer\b/), ['electron/preload.ts']);
});
