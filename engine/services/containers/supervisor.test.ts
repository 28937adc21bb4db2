import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFull } from '../../base/disk-full.ts';
import { createKeyedLock } from '../../base/keyed-lock.ts';
import { createLog } from '../../base/log.ts';
import { createSupervisor } from './supervisor.ts';

test('an exit that a full disk kept from being recorded is told, and recorded when there is room', async () => {
  let recorded = 0;
  let room = false;
  const supervisor = createSupervisor({
    lock: createKeyedLock(),
    log: createLog({ level: 'info', write() {} }),
    wait: async () => ({ exitCode: 3, finishedAt: new Date(), oomKilled: false }),
    async onExit(_id, { exitCode }) {
      if (!room) throw diskFull(undefined);
      recorded = exitCode;
    },
  });
  supervisor.watch('a');
  await assert.rejects(supervisor.ended('a'), { reason: 'storage.disk-full' });
  room = true;
  await supervisor.ended('a');
  assert.equal(recorded, 3);
  supervisor.close();
});
