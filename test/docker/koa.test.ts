import assert from 'node:assert/strict';
import { createReadStream, statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { type KoaScene, openKoaScene, page } from '../koa/koa-scene.ts';
import { setRegistries } from '../registry/mirror-scene.ts';
import { ruleFor } from '../registry/registry-door.ts';
import { freePort } from '../registry/registry-process.ts';
import { filesOf } from '../sample.ts';
import { terminalClient } from '../terminal-client.ts';
import { waitUntil } from '../wait-until.ts';

let engine: TestEngine;
let scene: KoaScene;
before(async () => {
  engine = await startEngine();
  scene = await openKoaScene(engine.docker);
  await setRegistries(engine, { rules: [ruleFor('docker.io', [], { upstream: `http://${scene.registry.host}` })] });
});
after(async () => {
  await scene?.[Symbol.asyncDispose]();
  await engine?.[Symbol.asyncDispose]();
});

const image = 'koa-server-image';
const atTerminal = (...args: string[]) => terminalClient(`unix://${engine.folders.socket}`, args);

test('docker image build: the base of the Hub by its short name, npm i, and what .dockerignore leaves out', async () => {
  const { docker } = engine;
  const { stdout } = await docker.run(['image', 'build', '-t', image, '.'], { cwd: scene.folder });
  assert.match(stdout, /^Step 1\/5 : FROM node$/m);
  assert.match(stdout, /added \d+ packages/);
  assert.match(stdout, /Successfully tagged koa-server-image:latest/);
  assert.ok(scene.npm.asked.includes('koa') && scene.npm.asked.includes('koa-compose'));
  assert.equal(await docker('inspect', '-f', '{{json .Config.ExposedPorts}}', image), '{"3000/tcp":{}}');
  const again = await docker.run(['image', 'build', '-t', image, '.'], { cwd: scene.folder });
  assert.equal(again.stdout.match(/---> Using cache/g)?.length, 4);
});

test('docker container run -p 3000 -it: a shell in it, the server, the page from outside, Ctrl-C and Ctrl-D', async () => {
  const { docker } = engine;
  const port = await freePort();
  const terminal = atTerminal('container', 'run', '-p', `${port}:3000`, '--name', 'koa', '-it', image, '/bin/bash');
  await terminal.sees(/#\s*$/);
  terminal.type('pwd; node app.js\r');
  await terminal.sees('listening on 3000');
  assert.match(terminal.said(), /\n\/app\r/);
  assert.equal(await docker('port', 'koa', '3000/tcp'), `0.0.0.0:${port}\n[::]:${port}`);
  const answer = await fetch(`http://127.0.0.1:${port}`);
  assert.equal(await answer.text(), page);
  terminal.type('\x03');
  await waitUntil('the shell is back', () => /\^C[^\n]*\n[^\n]*# $/.test(terminal.said()));
  await assert.rejects(fetch(`http://127.0.0.1:${port}`));
  terminal.type('\x04');
  assert.equal(await terminal.ended, 130, 'of the last command of the shell, as bash ends');
  assert.equal(
    await docker('ps', '-a', '--filter', 'name=koa', '--format', '{{.Status}}').then((is) => is.split(' ')[0]),
    'Exited',
  );
});

test('docker export and import: the same files as an image of one layer', async () => {
  const { docker } = engine;
  const archive = path.join(scene.folder, 'x.zip');
  await docker('export', '-o', archive, 'koa');
  assert.ok(statSync(archive).size > 50_000_000);
  const files = await filesOf(createReadStream(archive));
  assert.match(String(files.get('app/node_modules/koa/package.json')), /"name": "koa"/);
  await docker('import', archive, 'x:test');
  const terminal = atTerminal('run', '--rm', '-it', 'x:test', 'sh');
  await terminal.sees(/#\s*$/);
  terminal.type('cat /app/package.json; node -p "require(\'/app/node_modules/koa\').name"\r');
  await terminal.sees('koa-server');
  await terminal.sees('Application');
  terminal.type('\x04');
  assert.equal(await terminal.ended, 0);
  await docker('rm', 'koa');
});
