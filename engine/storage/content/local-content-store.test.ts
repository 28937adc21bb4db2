import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { contentStoreConformance } from './content-store.conformance.ts';
import { openLocalContentStore } from './local-content-store.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-content-'));
after(() => rmSync(directory, { recursive: true }));
let roots = 0;
const newRoot = () => path.join(directory, String(++roots));

contentStoreConformance('local', () => openLocalContentStore({ root: newRoot() }));

test('what a crash left unfinished is dropped at open, but for the refs to keep', async () => {
  const root = newRoot();
  const before = await openLocalContentStore({ root });
  for (const ref of ['lost', 'kept']) {
    const ingest = await before.ingest(ref);
    await ingest.write(Buffer.from(ref));
    await ingest.pause();
  }
  const after = await openLocalContentStore({ root, keep: ['kept'] });
  const kept = await after.ingest('kept');
  assert.equal(kept.offset, 4);
  await kept.abort();
  const lost = await after.ingest('lost');
  assert.equal(lost.offset, 0);
  await lost.abort();
  assert.deepEqual(readdirSync(path.join(root, 'ingest')), []);
});
