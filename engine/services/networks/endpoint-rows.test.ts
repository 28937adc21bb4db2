import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openRecords } from '../../storage/records/records.ts';
import { openEndpointRows } from './endpoint-rows.ts';

test('what was put is there after a reopen, what was removed is not', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-endpoints-'));
  const endpoint = {
    address: '10.0.0.2',
    prefixLength: 24,
    gateway: '10.0.0.1',
    macAddress: '02:42:0a:00:00:02',
    ports: [],
  };
  try {
    const records = openRecords(path.join(folder, 'x.db'));
    const rows = openEndpointRows(records);
    assert.equal(rows.bridge(), undefined);
    rows.setBridge('10.0.0.1/24');
    rows.put('a', endpoint);
    rows.put('b', { ...endpoint, address: '10.0.0.3' });
    rows.remove('a');
    rows.remove('never');
    records.close();
    const again = openRecords(path.join(folder, 'x.db'));
    const read = openEndpointRows(again);
    assert.equal(read.bridge(), '10.0.0.1/24');
    assert.deepEqual(read.all(), [{ containerId: 'b', endpoint: { ...endpoint, address: '10.0.0.3' } }]);
    assert.equal(read.find('a'), undefined);
    again.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
