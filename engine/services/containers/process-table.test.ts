import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listProcesses, parseProcesses } from './process-table.ts';

const printed = `    PID TTY      STAT   TIME COMMAND
      1 ?        Ss     0:01 /sbin/init splash
     70 ?        S      0:00 sh -c sleep 1  2
      - -        -      0:00 -
     71 ?        S      0:00 other
      - -        -      0:00 -
`;

test('the rows of these pids, with their threads; the command keeps its words', () => {
  assert.deepEqual(parseProcesses(printed, new Set([70])), {
    titles: ['PID', 'TTY', 'STAT', 'TIME', 'COMMAND'],
    processes: [
      ['70', '?', 'S', '0:00', 'sh -c sleep 1 2'],
      ['-', '-', '-', '0:00', '-'],
    ],
  });
  assert.throws(() => parseProcesses('USER\nroot\n', new Set([1])), {
    message: "Couldn't find PID field in ps output",
  });
});

test('the real ps: by default, and with arguments that take no list of pids', async () => {
  const mine = new Set([String(process.pid)]);
  for (const args of ['', 'aux', 'axf', '-o pid,comm']) {
    const { titles, processes } = await listProcesses([process.pid], args);
    assert.deepEqual(new Set(processes.map((row) => row[titles.indexOf('PID')])), mine, args);
  }
  await assert.rejects(listProcesses([process.pid], '-o args= PIDS'), {
    message: 'specifying "args=PIDS" is not allowed',
  });
  await assert.rejects(listProcesses([process.pid], 'a\0x'), { code: 'invalid', message: 'ps: invalid argument' });
  await assert.rejects(listProcesses([process.pid], '-o foo'), /^\w+: ps: error: .*"foo"$/);
});
