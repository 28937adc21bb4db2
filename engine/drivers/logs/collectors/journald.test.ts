import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { adoptDescriptor, openUnixDatagram } from '../../../base/libc-socket.ts';
import type { LogSource } from './collector.ts';
import { journaldAt } from './journald.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-journal-'));
after(() => rmSync(directory, { recursive: true }));

const source: LogSource = {
  ...{ containerId: 'a'.repeat(64), containerName: 'web', imageId: 'sha256:1', imageName: 'nginx', command: 'nginx' },
  ...{ createdAt: new Date(0), hostname: 'host', tag: 'aaaaaaaaaaaa', attributes: { TEAM: 'blue' } },
};

/** Reads an entry as journald does: `NAME=value`, or `NAME`, a length of eight bytes, and so many bytes. */
function fieldsOf(entry: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < entry.length; ) {
    const end = entry.indexOf(10, at);
    const line = entry.toString('utf8', at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields[line.slice(0, equals)] = line.slice(equals + 1);
      at = end + 1;
      continue;
    }
    const length = Number(entry.readBigUInt64LE(end + 1));
    fields[line] = entry.toString('utf8', end + 9, end + 9 + length);
    at = end + 9 + length + 1;
  }
  return fields;
}

test('entries of the native protocol, also with a newline in a value', async () => {
  const socket = path.join(directory, 'socket');
  const journal = adoptDescriptor(openUnixDatagram(socket, { bound: true }));
  const came: Buffer[] = [];
  const both = new Promise<void>((resolve) => {
    journal.on('data', (entry) => {
      if (came.push(entry) === 2) resolve();
    });
  });
  const collector = journaldAt(socket).create({}, source);
  try {
    await collector.open();
    await collector.send([
      { timeNano: 1_000_000_002n, stream: 'stdout', text: 'hello', partial: false },
      { timeNano: 2_000_000_000n, stream: 'stdout', text: '', partial: false },
      { timeNano: 3_000_000_000n, stream: 'stderr', text: 'two\rand\nmore', partial: true },
    ]);
    await both;
  } finally {
    collector.close();
    journal.destroy();
  }
  const [first, second] = came.map(fieldsOf);
  assert.deepEqual(first, {
    ...{ MESSAGE: 'hello', PRIORITY: '6', SYSLOG_TIMESTAMP: '1970-01-01T00:00:01.000000002Z' },
    ...{ CONTAINER_ID: 'a'.repeat(12), CONTAINER_ID_FULL: 'a'.repeat(64), CONTAINER_NAME: 'web' },
    ...{ CONTAINER_TAG: 'aaaaaaaaaaaa', IMAGE_NAME: 'nginx', SYSLOG_IDENTIFIER: 'aaaaaaaaaaaa', TEAM: 'blue' },
  });
  assert.deepEqual(
    [second?.MESSAGE, second?.PRIORITY, second?.CONTAINER_PARTIAL_MESSAGE],
    ['two\rand\nmore', '3', 'true'],
  );
});

test('a host without journald, and names of fields', async () => {
  const driver = journaldAt(path.join(directory, 'none'));
  await assert.rejects(driver.create({}, source).open(), /journald is not enabled on this host/);
  assert.equal(driver.attributeName?.('_com.example-team'), 'COM_EXAMPLE_TEAM');
});
