import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { contentSecurityPolicy, fileOf, mayLoad, serveFile } from './app-protocol.ts';
import { isTrusted } from './trusted-sender.ts';
import { placeWindow, windowStateSchema } from './window-state.ts';

const root = '/app/renderer';

test('only files of the page are served, and only to its own address', () => {
  assert.equal(fileOf(root, 'app://beluga/'), '/app/renderer/index.html');
  assert.equal(fileOf(root, 'app://beluga/assets/a%20b.js?x#y'), '/app/renderer/assets/a b.js');
  for (const address of [
    'app://other/index.html',
    'file://beluga/index.html',
    'https://beluga/index.html',
    'app://beluga/x/..%2f..%2f..%2frenderer-other/passwd',
    'app://beluga/..%2f..%2fetc%2fpasswd',
    'app://beluga/..%5c..%5cx%00',
    'app://beluga/%E0%A4%A',
  ]) {
    assert.equal(fileOf(root, address), undefined, address);
  }
});

test('a served file carries the policy, its type, and no guess', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-page-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'page'));
  writeFileSync(path.join(folder, 'page', 'index.html'), '<!doctype html>');
  writeFileSync(path.join(folder, 'sample.tar'), 'tar');
  const page = path.join(folder, 'page');
  const index = await serveFile(page, 'app://beluga/index.html');
  assert.equal(index.status, 200);
  assert.equal(index.headers['content-security-policy'], contentSecurityPolicy);
  assert.equal(index.headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(index.headers['x-content-type-options'], 'nosniff');
  for (const name of ['missing.js', '%2e%2e/sample.tar', 'sample.tar']) {
    assert.equal((await serveFile(page, `app://beluga/${name}`)).status, 404, name);
  }
  const extra = new Map([['app://beluga/sample.tar', path.join(folder, 'sample.tar')]]);
  assert.equal((await serveFile(page, 'app://beluga/sample.tar', extra)).status, 200);
});

test('a page may load what we serve, and nothing from anywhere else', () => {
  for (const address of [
    'app://beluga/index.html',
    'app://beluga/assets/a.js',
    'devtools://devtools/x.html',
    'about:blank',
  ])
    assert.ok(mayLoad(address), address);
  for (const address of [
    'https://example.org/',
    'http://127.0.0.1:2375/containers/json',
    'ws://127.0.0.1/',
    'file:///etc/passwd',
    'data:text/html,x',
    'ftp://example.org/',
    'app://other/index.html',
    'app://beluga.evil/index.html',
    'blob:app://other/5f1',
    'about:srcdoc',
  ])
    assert.ok(!mayLoad(address), address);
});

test('scripts come from files of ours only, and nothing may frame or be framed', () => {
  const directives = new Map(contentSecurityPolicy.split('; ').map((each) => [each.split(' ')[0], each]));
  assert.equal(directives.get('script-src'), "script-src 'self'");
  assert.equal(directives.get('default-src'), "default-src 'none'");
  assert.equal(directives.get('connect-src'), "connect-src 'self'");
  for (const name of ['img-src', 'font-src']) assert.equal(directives.get(name), `${name} 'self'`);
  assert.doesNotMatch(contentSecurityPolicy, /unsafe-eval|https?:|data:|blob:|\*/);
  assert.equal(directives.get('frame-ancestors'), "frame-ancestors 'none'");
  assert.ok(!directives.has('frame-src'), 'none, by default-src');
});

test('IPC is taken from the top frame of our window while it shows our page', () => {
  const frame = { url: 'app://beluga/index.html#/images', parent: null };
  assert.ok(isTrusted({ contentsId: 1, frame }, 1));
  assert.ok(!isTrusted({ contentsId: 2, frame }, 1), 'another window');
  assert.ok(!isTrusted({ contentsId: 1, frame }, undefined), 'before there is a window');
  assert.ok(!isTrusted({ contentsId: 1, frame: null }, 1), 'a frame that is gone');
  assert.ok(!isTrusted({ contentsId: 1, frame: { ...frame, parent: {} } }, 1), 'an inner frame');
  for (const url of ['https://beluga/', 'app://beluga.evil/', 'app://belugaevil', 'about:blank', 'data:text/html,x']) {
    assert.ok(!isTrusted({ contentsId: 1, frame: { url, parent: null } }, 1), url);
  }
});

test('the window opens where it was, if a screen is still there', () => {
  const screens = [
    { x: 0, y: 0, width: 1920, height: 1040 },
    { x: 1920, y: 0, width: 1280, height: 1024 },
  ];
  const saved = { x: 2000, y: 50, width: 1000, height: 700 };
  assert.deepEqual(placeWindow(saved, screens), saved);
  assert.deepEqual(placeWindow(saved, screens.slice(0, 1)), { width: 1280, height: 800 }, 'that screen is gone');
  assert.deepEqual(placeWindow({ ...saved, width: 5000, height: 300 }, screens), {
    ...saved,
    width: 1280,
    height: 520,
  });
  assert.equal(placeWindow({ ...saved, y: -30 }, screens).y, 0, 'its bar can be reached');
  assert.deepEqual(placeWindow(undefined, screens), { width: 1280, height: 800 });
  assert.deepEqual(windowStateSchema.parse({ bounds: { x: 'a' }, maximized: 3 }), {
    bounds: undefined,
    maximized: false,
  });
});
