import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { engineCommand } from './engine-command.ts';
import { readyLine, startFailure, tailEngineLog } from './engine-log.ts';
import { startEngineProcess } from './engine-process.ts';

function logFile(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-engine-process-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return path.join(folder, 'engine.log');
}

const program = (code: string) => ({ file: process.execPath, args: ['-e', code] });
/** The session of a process: field 6 of its stat, which begins behind the name in parentheses. */
const sessionOf = (pid: number) => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[3]);

test('it is ready at its line, and lives in a session of its own', async (t) => {
  const file = logFile(t);
  const code = `console.log('beluga engine ready unix:///x pid ' + process.pid); setInterval(() => {}, 1000)`;
  const engine = startEngineProcess(program(code), file);
  assert.equal(await engine.ready, true);
  const pid = Number(readyLine.exec(readFileSync(file, 'utf8'))?.[1]);
  try {
    assert.equal(sessionOf(pid), pid);
    assert.notEqual(sessionOf(process.pid), pid);
  } finally {
    process.kill(pid, 'SIGTERM');
  }
  assert.equal((await engine.ended).clean, false);
});

test('an exit with 0 is an end on purpose', async (t) => {
  const engine = startEngineProcess(program(`console.log('beluga engine ready unix:///x pid 1')`), logFile(t));
  assert.equal((await engine.ended).clean, true);
});

test('its fatal line says why it did not start; an older one in the log does not', async (t) => {
  const file = logFile(t);
  writeFileSync(
    file,
    '{"level":"fatal","code":"internal","message":"of yesterday"}\nbeluga engine ready unix:///x pid 1\n',
  );
  const fatal = {
    level: 'fatal',
    code: 'unavailable',
    reason: 'program.missing',
    message: 'no crun',
    params: { name: 'crun' },
  };
  const code = `console.error('{"level":"info"}'); console.error(${JSON.stringify(JSON.stringify(fatal))}); process.exit(1)`;
  const engine = startEngineProcess(program(code), file);
  assert.equal(await engine.ready, false);
  const { failure } = await engine.ended;
  assert.equal(failure.final, true);
  const { code: errorCode, reason, message, params } = failure.error;
  assert.deepEqual({ level: 'fatal', code: errorCode, reason, message, params }, fatal);
});

test('a program that is not there', async (t) => {
  const engine = startEngineProcess({ file: '/nonexistent/node', args: [] }, logFile(t));
  assert.equal(await engine.ready, false);
  assert.match((await engine.ended).failure.error.message, /ENOENT/);
});

test('why an engine ended, from its words', () => {
  const busy = startFailure(
    '{"level":"fatal","code":"conflict","reason":"data-root.in-use","message":"in use"}\n',
    'exit 1',
  );
  assert.equal(busy.final, false, 'the other engine may be ending');
  const sudo = startFailure('sudo: a password is required\n', 'exit 1');
  assert.equal(sudo.error.reason, 'engine.needs-sudo');
  assert.equal(sudo.final, true);
  const killed = startFailure('{"level":"info"}\n{"level":"fat', 'SIGKILL');
  assert.equal(killed.error.reason, 'engine.start-failed');
  assert.equal(killed.final, false);
  assert.match(killed.error.message, /SIGKILL/);
});

test('the tail of the log', async (t) => {
  const file = logFile(t);
  assert.equal(await tailEngineLog(file, 5), '');
  writeFileSync(file, Array.from({ length: 10 }, (_, index) => `line ${index}\n`).join(''));
  assert.equal(await tailEngineLog(file, 2), 'line 8\nline 9\n');
  truncateSync(file, 0);
  assert.equal(await tailEngineLog(file, 2), '');
});

test('root starts the engine, a user has sudo start it and gets the socket', () => {
  const places = { appPath: '/a', resourcesPath: '/r', packaged: true, dataRoot: '/d', runRoot: '/run/b' };
  const engine = [
    '/r/engine/launcher.mjs',
    '--data-root',
    '/d',
    '--exec-root',
    '/run/b',
    '--pidfile',
    '/run/b/engine.pid',
  ];
  assert.deepEqual(engineCommand({ ...places, uid: 0 }), { file: '/r/node/bin/node', args: engine });
  assert.deepEqual(engineCommand({ ...places, uid: 7 }), {
    file: '/r/node/bin/node',
    args: [...engine, '--sudo', '--socket-owner', '7'],
  });
  const { file, args } = engineCommand({ ...places, packaged: false, uid: 0 });
  assert.match(file, /^\/a\/node_modules\//);
  assert.equal(args[0], '/a/dist/engine/launcher.mjs');
});
