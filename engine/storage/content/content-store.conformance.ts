import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Digest } from '../../base/digest.ts';
import { EngineError } from '../../base/errors.ts';
import type { ContentStore } from './content-store.ts';

const digestOf = (bytes: Uint8Array): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const failsWith = (code: string, reason?: string) => (error: unknown) =>
  error instanceof EngineError && error.code === code && error.reason === reason;

async function store(content: ContentStore, bytes: Uint8Array, ref = 'a'): Promise<Digest> {
  const ingest = await content.ingest(ref);
  await ingest.write(bytes);
  return (await ingest.commit()).digest;
}

async function digests(content: ContentStore): Promise<Digest[]> {
  const found: Digest[] = [];
  for await (const { digest } of content.list()) found.push(digest);
  return found.sort();
}

/** What every content store does. `open` gives an empty one. */
export function contentStoreConformance(name: string, open: () => Promise<ContentStore>): void {
  test(`${name}: a blob is there whole after commit, and not before`, async () => {
    const content = await open();
    const bytes = randomBytes(700_000);
    const digest = digestOf(bytes);
    const ingest = await content.ingest('ref', { digest, size: bytes.length });
    assert.equal(ingest.offset, 0);
    for (let at = 0; at < bytes.length; at += 100_000) await ingest.write(bytes.subarray(at, at + 100_000));
    await assert.rejects(content.info(digest), failsWith('not-found'));
    await assert.rejects(content.read(digest), failsWith('not-found'));
    assert.equal(ingest.digest(), digest);
    assert.deepEqual(await ingest.commit(), { digest, size: bytes.length });
    assert.deepEqual(await content.info(digest), { digest, size: bytes.length });
    assert.deepEqual(Buffer.concat(await (await content.read(digest)).toArray()), bytes);
    assert.deepEqual(readFileSync(content.path(digest)), bytes);
    assert.deepEqual(await digests(content), [digest]);
  });

  test(`${name}: a file that somebody else writes is published, given up, or kept for going on`, async () => {
    const content = await open();
    const bytes = randomBytes(100_000);
    const verified = { digest: digestOf(bytes), size: bytes.length };
    const first = await content.ingestFile('other');
    await assert.rejects(content.ingestFile('other'), failsWith('conflict'));
    writeFileSync(first.path, bytes.subarray(0, 1000));
    first.pause();
    const second = await content.ingestFile('other');
    assert.equal(readFileSync(second.path).length, 1000);
    appendFileSync(second.path, bytes.subarray(1000));
    await assert.rejects(content.info(verified.digest), failsWith('not-found'));
    assert.deepEqual(await second.commit(verified), verified);
    assert.deepEqual(Buffer.concat(await (await content.read(verified.digest)).toArray()), bytes);

    const third = await content.ingestFile('other');
    assert.equal(readFileSync(third.path).length, 0);
    await assert.rejects(third.commit(verified), failsWith('internal'));
    assert.equal(existsSync(third.path), false);
    const fourth = await content.ingestFile('other');
    await fourth.abort();
    assert.equal(existsSync(fourth.path), false);
  });

  test(`${name}: parts of a blob`, async () => {
    const content = await open();
    const digest = await store(content, Buffer.from('0123456789'));
    const part = async (range: { offset: number; length?: number }) =>
      Buffer.concat(await (await content.read(digest, range)).toArray()).toString();
    assert.equal(await part({ offset: 3 }), '3456789');
    assert.equal(await part({ offset: 3, length: 4 }), '3456');
    assert.equal(await part({ offset: 8, length: 40 }), '89');
    assert.equal(await part({ offset: 3, length: 0 }), '');
    assert.equal(await part({ offset: 10 }), '');
  });

  test(`${name}: a wrong digest or size publishes nothing and leaves nothing to go on with`, async () => {
    const content = await open();
    const bytes = Buffer.from('content');
    for (const expected of [
      { digest: digestOf(Buffer.from('other')) },
      { digest: digestOf(bytes), size: 8 },
      { size: 6 },
    ]) {
      const ingest = await content.ingest('ref', expected);
      await ingest.write(bytes);
      await assert.rejects(ingest.commit(), failsWith('invalid', 'image.digest-mismatch'));
      assert.deepEqual(await digests(content), []);
    }
    const again = await content.ingest('ref');
    assert.equal(again.offset, 0);
    await again.abort();
  });

  test(`${name}: abort forgets, pause goes on behind what was written`, async () => {
    const content = await open();
    const first = await content.ingest('ref');
    await first.write(Buffer.from('lost'));
    await first.abort();
    const second = await content.ingest('ref');
    assert.equal(second.offset, 0);
    await second.write(Buffer.from('hello '));
    await second.pause();
    const third = await content.ingest('ref', { digest: digestOf(Buffer.from('hello world')), size: 11 });
    assert.equal(third.offset, 6);
    await third.write(Buffer.from('world'));
    assert.equal((await third.commit()).size, 11);
  });

  test(`${name}: one writer for a ref, many refs at once, one blob for the same bytes`, async () => {
    const content = await open();
    const one = await content.ingest('one');
    await assert.rejects(content.ingest('one'), failsWith('conflict'));
    const two = await content.ingest('two');
    for (const ingest of [one, two]) await ingest.write(Buffer.from('same'));
    assert.deepEqual(await one.commit(), await two.commit());
    assert.equal((await digests(content)).length, 1);
    await (await content.ingest('one')).abort();
  });

  test(`${name}: a deleted blob is gone at once, an open reader goes on`, async () => {
    const content = await open();
    const digest = await store(content, Buffer.from('to go'));
    const reader = await content.read(digest);
    const deleted = content.delete(digest);
    await assert.rejects(content.info(digest), failsWith('not-found'));
    await deleted;
    assert.equal(Buffer.concat(await reader.toArray()).toString(), 'to go');
    await assert.rejects(content.delete(digest), failsWith('not-found'));
    assert.deepEqual(await digests(content), []);
  });

  test(`${name}: what blobs and what is unfinished take on the disk`, async () => {
    const content = await open();
    const digest = await store(content, Buffer.alloc(100_000, 1));
    const ingest = await content.ingest('coming');
    await ingest.write(Buffer.alloc(50_000, 1));
    const { blobs, unfinished } = await content.allocated();
    assert.deepEqual([...blobs.keys()], [digest]);
    const bytes = blobs.get(digest) ?? 0;
    assert.ok(bytes >= 100_000 && bytes < 150_000 && bytes % 512 === 0, String(bytes));
    assert.ok(unfinished >= 50_000 && unfinished < 100_000, String(unfinished));
    await ingest.abort();
    assert.equal((await content.allocated()).unfinished, 0);
  });

  test(`${name}: a blob that is set aside is gone at once, and an ingest goes on with all of it`, async () => {
    const content = await open();
    const digest = await store(content, Buffer.from('to go on'));
    const aside = content.setAside(digest);
    await assert.rejects(content.info(digest), failsWith('not-found'));
    await aside;
    const again = await content.ingestFile(`blob:${digest}`);
    assert.equal(readFileSync(again.path, 'utf8'), 'to go on');
    await again.commit({ digest, size: 8 });
    assert.deepEqual(await digests(content), [digest]);
    await assert.rejects(content.setAside(`sha256:${'0'.repeat(64)}`), failsWith('not-found'));
  });

  test(`${name}: only digests are names`, async () => {
    const content = await open();
    for (const name of ['sha256:../../x', 'sha256:ab', 'sha512:00']) {
      await assert.rejects(content.info(name as Digest), failsWith('invalid'));
    }
  });
}
