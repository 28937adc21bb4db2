import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { weightFileOf } from './weight-file.ts';

test('a device is weighed by its scheduler bfq, else by the cost model where it is enabled, else by nothing', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-weights-'));
  const [devices, root] = [path.join(folder, 'devices'), path.join(folder, 'cgroup')];
  const fileOf = (minor: number) => weightFileOf({ major: 8, minor }, { devices, root });
  for (const [minor, schedulers] of [
    [0, '[none] mq-deadline bfq\n'],
    [16, 'none mq-deadline [bfq]\n'],
  ] as const) {
    mkdirSync(path.join(devices, `8:${minor}`, 'queue'), { recursive: true });
    writeFileSync(path.join(devices, `8:${minor}`, 'queue/scheduler'), schedulers);
  }
  mkdirSync(root);
  assert.deepEqual([0, 16, 17].map(fileOf), [undefined, 'io.bfq.weight', undefined]);
  const qos = (enable: number) => `8:0 enable=${enable} ctrl=auto rpct=0.00\n8:16 enable=1 ctrl=auto\n`;
  writeFileSync(path.join(root, 'io.cost.qos'), qos(0));
  assert.deepEqual([0, 16].map(fileOf), [undefined, 'io.bfq.weight']);
  writeFileSync(path.join(root, 'io.cost.qos'), qos(1));
  assert.deepEqual([0, 16, 1].map(fileOf), ['io.weight', 'io.bfq.weight', undefined]);
  rmSync(folder, { recursive: true });
});
