import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { openRecords } from './records.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'beluga-records-'));
after(() => rmSync(directory, { recursive: true }));

const reasonOf = (reason: string) => (error: unknown) => error instanceof EngineError && error.reason === reason;

test('a change is kept across a reopen, a failed transaction leaves nothing and tells nobody', () => {
  const file = path.join(directory, 'a.db');
  const records = openRecords(file);
  const told: string[] = [];
  const put = (key: string) => records.database.prepare('INSERT INTO meta VALUES (?, ?)').run(key, 'v');
  records.transaction(() => {
    put('one');
    records.transaction(() => put('two'));
    records.afterCommit(() => told.push('one'));
  });
  assert.throws(() =>
    records.transaction(() => {
      put('three');
      records.afterCommit(() => told.push('three'));
      put('one');
    }),
  );
  records.close();
  const again = openRecords(file);
  assert.deepEqual(
    again.database
      .prepare('SELECT key FROM meta ORDER BY key')
      .all()
      .map((row) => row.key),
    ['one', 'two'],
  );
  assert.deepEqual(told, ['one']);
  again.close();
});

test('a light transaction waits for no disk, is kept across a reopen, and leaves the others durable', () => {
  const file = path.join(directory, 'light.db');
  const records = openRecords(file);
  const told: string[] = [];
  const put = (key: string) => {
    records.database.prepare('INSERT INTO meta VALUES (?, ?)').run(key, 'v');
    return records.database.prepare('PRAGMA synchronous').get()?.synchronous;
  };
  const [normal, full] = [1, 2];
  assert.equal(
    records.lightTransaction(() => {
      records.afterCommit(() => told.push('light'));
      return put('light');
    }),
    normal,
  );
  assert.throws(() => records.lightTransaction(() => put('light')));
  assert.equal(
    records.transaction(() => records.lightTransaction(() => put('inner'))),
    full,
  );
  assert.deepEqual(told, ['light']);
  records.close();
  const again = openRecords(file);
  assert.equal(again.database.prepare('SELECT count(*) AS n FROM meta').get()?.n, 2);
  again.close();
});

test('a newer schema is refused and the file stays as it was', () => {
  const file = path.join(directory, 'newer.db');
  openRecords(file).close();
  const database = new DatabaseSync(file);
  database.exec('PRAGMA user_version = 99');
  database.close();
  const before = readFileSync(file);
  assert.throws(() => openRecords(file), reasonOf('data-root.newer-schema'));
  assert.deepEqual(readFileSync(file), before);
});

test('a foreign database or file is refused', () => {
  const file = path.join(directory, 'foreign.db');
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE other (x); PRAGMA user_version = 3');
  database.close();
  assert.throws(() => openRecords(file), reasonOf('data-root.foreign'));
  const text = path.join(directory, 'text.db');
  writeFileSync(text, 'not a database, but longer than nothing at all'.repeat(40));
  assert.throws(() => openRecords(text), reasonOf('data-root.foreign'));
});

test('with space set aside, thousands of changes go on without the files growing', () => {
  const file = path.join(directory, 'aside.db');
  const records = openRecords(file);
  records.setSpaceAside();
  const sizes = () => [file, `${file}-wal`].map((place) => statSync(place).size);
  const before = sizes();
  for (let n = 0; n < 2000; n += 1)
    records.transaction(() =>
      records.database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)').run(`key ${n % 200}`, 'x'.repeat(3000)),
    );
  assert.deepEqual(sizes(), before);
  records.close();
});

test('a full disk undoes the change in words that help, and the reserve is taken again when there is room', () => {
  const file = path.join(directory, 'full.db');
  const records = openRecords(file);
  const reserve = `${file}.reserve`;
  const put = (key: string) =>
    records.transaction(() => records.database.prepare('INSERT INTO meta VALUES (?, ?)').run(key, 'x'.repeat(100_000)));
  assert.ok(existsSync(reserve), 'space is set aside from the start');
  const places = [file, `${file}-wal`, reserve];
  assert.deepEqual(
    places.map((place) => statSync(place).mode & 0o777),
    [0o600, 0o600, 0o600],
  );
  const pages = Number(records.database.prepare('PRAGMA page_count').get()?.page_count);
  records.database.exec(`PRAGMA max_page_count = ${pages}`);
  assert.throws(() => put('large'), reasonOf('storage.disk-full'));
  assert.ok(!existsSync(reserve), 'it was given free for the second attempt');
  assert.throws(() => put('large'), reasonOf('storage.disk-full'));
  records.database.exec('PRAGMA max_page_count = 100000');
  put('large');
  assert.ok(existsSync(reserve));
  records.close();
});
