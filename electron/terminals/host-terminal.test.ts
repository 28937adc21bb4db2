import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openHostTerminal } from './host-terminal.ts';

/** What is written until `wanted` was seen. */
async function read(output: AsyncIterable<Uint8Array>, wanted: RegExp): Promise<string> {
  let said = '';
  for await (const bytes of output) {
    said += Buffer.from(bytes).toString();
    if (wanted.test(said)) return said;
  }
  return assert.fail(`it ended without ${wanted}: ${said}`);
}

test('the shell of this computer gets our engine, and nothing that belongs to the app alone', async () => {
  const secret = {
    ELECTRON_RUN_AS_NODE: '1',
    NODE_OPTIONS: '--no-warnings',
    BELUGA_DATA_ROOT: '/x',
    npm_config_x: 'y',
  };
  const before = { ...process.env };
  Object.assign(process.env, secret, { KEPT_FOR_THE_USER: 'kept', SHELL: '/bin/sh' });
  const terminal = openHostTerminal('/run/x/docker.sock', { columns: 200, rows: 24 });
  try {
    await terminal.write(Buffer.from('env; echo e""nd\n'));
    const said = await read(terminal.output, /end\r\n/);
    assert.match(said, /^DOCKER_HOST=unix:\/\/\/run\/x\/docker\.sock\r$/m);
    assert.match(said, /^KEPT_FOR_THE_USER=kept\r$/m);
    for (const name of Object.keys(secret)) assert.doesNotMatch(said, new RegExp(`^${name}=`, 'm'));
  } finally {
    terminal.close();
    process.env = before;
  }
});
