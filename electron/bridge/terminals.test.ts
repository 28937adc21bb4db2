import assert from 'node:assert/strict';
import { test } from 'node:test';
import { terminalMethods } from './terminals.ts';

const size = { columns: 80, rows: 24 };
const shell = { terminal: 't-1', id: 'web', command: ['sh'], ...size };
const accepts = (name: keyof typeof terminalMethods, arg: unknown) => terminalMethods[name].arg.safeParse(arg).success;

test('the page names a container, a command and a size, and nothing that would reach further', () => {
  assert.ok(accepts('terminals.shell', shell));
  assert.ok(accepts('terminals.shell', { ...shell, user: 'root' }));
  for (const wrong of [
    { ...shell, id: '../images' },
    { ...shell, id: 'web/exec?x=' },
    { ...shell, id: '' },
    { ...shell, command: [] },
    { ...shell, command: 'sh' },
    { ...shell, command: ['x'.repeat(5000)] },
    { ...shell, command: Array(65).fill('x') },
    { ...shell, user: '' },
    { ...shell, columns: 0 },
    { ...shell, rows: 1001 },
    { ...shell, rows: 1.5 },
    { ...shell, terminal: '__proto__' },
    { ...shell, privileged: true },
    { ...shell, env: ['A=b'] },
  ])
    assert.ok(!accepts('terminals.shell', wrong), JSON.stringify(wrong).slice(0, 200));
});

test('of this computer’s own shell the page chooses only the size: no program, no arguments, no folder, no variables', () => {
  const host = { terminal: 't-1', ...size };
  assert.ok(accepts('terminals.host', host));
  for (const more of [
    { command: ['sh'] },
    { shell: '/bin/sh' },
    { args: [] },
    { cwd: '/' },
    { env: {} },
    { user: 'root' },
  ])
    assert.ok(!accepts('terminals.host', { ...host, ...more }), JSON.stringify(more));
});

test('resizing and attaching take what they need, too', () => {
  assert.ok(accepts('terminals.resize', { terminal: 't-1', ...size }));
  assert.ok(!accepts('terminals.resize', { terminal: 't-1', columns: -1, rows: 24 }));
  assert.ok(!accepts('terminals.resize', { terminal: 'T 1', ...size }));
  assert.ok(accepts('terminals.attach', { terminal: 't-1', id: 'web', ...size }));
  assert.ok(!accepts('terminals.attach', { terminal: 't-1', id: 'web', command: ['sh'], ...size }));
  assert.ok(!accepts('terminals.shells', { id: '../x' }));
});
