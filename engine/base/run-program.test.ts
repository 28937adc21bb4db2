import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from './errors.ts';
import { runProgram } from './run-program.ts';

const failsWith = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof EngineError && error.code === code && words.test(error.message);

test('arguments go as they are, output and exit code come back', async () => {
  const { stdout } = await runProgram('printf', ['%s|', 'a b', '$HOME', '`x`']);
  assert.equal(stdout, 'a b|$HOME|`x`|');
  const accepted = await runProgram('false', [], { acceptedExitCodes: [0, 1] });
  assert.equal(accepted.exitCode, 1);
});

test('stdin is given and ended; without it there is none', async () => {
  assert.equal((await runProgram('cat', [], { input: 'hello' })).stdout, 'hello');
  assert.equal((await runProgram('cat', [])).stdout, '');
});

test('a failure carries what the program wrote to stderr', async () => {
  await assert.rejects(runProgram('ls', ['/does-not-exist']), failsWith('internal', /exit code 2: .*does-not-exist/));
});

test('a missing program names the package', async () => {
  await assert.rejects(runProgram('beluga-no-such-program', []), (error) => {
    assert.ok(error instanceof EngineError);
    assert.equal(error.reason, 'program.missing');
    assert.equal(error.code, 'unavailable');
    assert.equal(error.params.program, 'beluga-no-such-program');
    return true;
  });
});

test('a program that does not end is killed, also when another holds its output', async () => {
  await assert.rejects(
    runProgram('sleep', ['1000'], { timeoutMilliseconds: 50 }),
    failsWith('internal', /did not end within 0.05 s/),
  );
  const abort = new AbortController();
  const running = runProgram('sleep', ['1000'], { signal: abort.signal });
  abort.abort();
  await assert.rejects(running, failsWith('cancelled', /cancelled/));
});

test('output over the limit is dropped, not waited for', async () => {
  const { stdout } = await runProgram('head', ['-c', '3000000', '/dev/zero'], { maximumOutput: 1000 });
  assert.equal(stdout.length, 1000);
});
