import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { createTransport } from '../../registry/transport/transport.ts';
import { openRecords } from '../../storage/records/records.ts';
import { createDownloads, downloadName } from './downloads.ts';
import { openKeptFolders } from './kept-folders.ts';

const dataRoot = mkdtempSync(path.join(tmpdir(), 'beluga-downloads-'));
const records = openRecords(path.join(dataRoot, 'records.db'));
const kept = openKeptFolders(records);
const transport = createTransport({ certificateFolders: [], proxiesFor: () => ({}), userAgent: 'test' });
const downloads = createDownloads({ dataRoot, kept, transport });
const asked: IncomingMessage[] = [];
let content = 'one';
const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` as const;
const modified = 'Tue, 15 Nov 1994 12:45:26 GMT';
const server = createServer((request, response) => {
  asked.push(request);
  const etag = `"${digestOf(content)}"`;
  if (request.url === '/moved') response.writeHead(302, { location: '/file.txt' }).end();
  else if (request.url === '/cut') response.writeHead(200, { 'content-length': 10 }).end('half');
  else if (request.url === '/silent') response.writeHead(200, { 'content-length': 10 }).write('half');
  else if (request.url !== '/file.txt') response.writeHead(404).end();
  else if (request.headers['if-none-match'] === etag) response.writeHead(304).end();
  else response.writeHead(200, { etag, 'last-modified': modified }).end(content);
});
let base = '';
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  transport.close();
  server.closeAllConnections();
  server.close();
  records.close();
  rmSync(dataRoot, { recursive: true });
});

const fetch = (name: string, checksum?: `sha256:${string}`, signal = new AbortController().signal) =>
  downloads.fetch({ address: `${base}${name}`, signal, using: () => {}, ...(checksum && { checksum }) });
const textOf = ({ directory, name }: { directory: string; name: string }) =>
  readFileSync(path.join(directory, name), 'utf8');

test('a file is asked for again with its etag, and comes again when it has changed', async () => {
  const first = await fetch('/moved');
  assert.equal(textOf(first), 'one');
  assert.equal(statSync(path.join(first.directory, first.name)).mtime.toUTCString(), modified);
  assert.deepEqual(await fetch('/moved'), first);
  assert.equal(asked.at(-1)?.headers['if-none-match'], `"${digestOf('one')}"`);
  assert.equal(kept.all().length, 1);
  content = 'two';
  assert.equal(textOf(await fetch('/moved')), 'two');
  assert.equal(textOf(first), 'one', 'who has it still has it');
});

test('a checksum: wrong bytes are not taken, right ones are not asked for again', async () => {
  await assert.rejects(fetch('/file.txt', digestOf('other')), { reason: 'build.download', message: /digest mismatch/ });
  await fetch('/file.txt', digestOf('two'));
  const before = asked.length;
  await fetch('/file.txt', digestOf('two'));
  assert.equal(asked.length, before);
});

test('failures: a status, an answer that is cut off, one that is left; nothing of them stays', async () => {
  const there = readdirSync(path.join(dataRoot, 'build/downloads'));
  await assert.rejects(fetch('/none'), /failed to load http:.*: invalid response status 404/);
  await assert.rejects(fetch('/cut'), { reason: 'build.download' });
  const leaving = new AbortController();
  const left = fetch('/silent', undefined, leaving.signal);
  setTimeout(() => leaving.abort(new Error('left')), 50);
  await assert.rejects(left, /left/);
  assert.deepEqual(readdirSync(path.join(dataRoot, 'build/downloads')), there);
  const names = ['http://x/', 'http://x/a/%2e%2e%2f', 'http://x/a%20b?c', 'http://x/100%'].map(downloadName);
  assert.deepEqual(names, ['__unnamed__', '__unnamed__', 'a b', '100%']);
});
