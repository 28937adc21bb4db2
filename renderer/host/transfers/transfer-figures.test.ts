import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transfer, TransferLayer, TransferNote } from '../../../electron/bridge/transfers.ts';
import { askedLines, endpointName, lastRemark, layerView, shareOf, sourcesOf, timeLeft } from './transfer-figures.ts';

const layer = (part: Partial<TransferLayer>): TransferLayer => ({
  digest: 'sha256:aa',
  size: 100,
  current: 0,
  state: 'waiting',
  speed: 0,
  servedBy: [],
  kept: 0,
  ...part,
});
const transfer = (part: Partial<Transfer>): Transfer => ({
  id: 't',
  kind: 'pull',
  detailed: true,
  reference: 'a:1',
  owner: 'engine',
  state: 'running',
  startedAt: 0,
  layers: [],
  current: 0,
  total: 0,
  speed: 0,
  log: [],
  ...part,
});
const note = (part: Partial<TransferNote>): TransferNote => ({
  at: 0,
  endpoint: 'https://a.example',
  role: 'mirror',
  what: 'layer',
  event: 'failed',
  ...part,
});

test('endpoints are named as in references', () => {
  assert.equal(endpointName('https://registry-1.docker.io'), 'docker.io');
  assert.equal(endpointName('http://127.0.0.1:5000/'), '127.0.0.1:5000');
  assert.equal(endpointName('https://m.example/hub'), 'm.example/hub');
});

test('sources in the order in which they first gave something', () => {
  const layers = [
    layer({ servedBy: [{ endpoint: 'b', bytes: 1 }] }),
    layer({
      servedBy: [
        { endpoint: 'a', bytes: 2 },
        { endpoint: 'b', bytes: 4 },
      ],
    }),
  ];
  assert.deepEqual(sourcesOf(transfer({ layers })), [
    { endpoint: 'b', bytes: 5 },
    { endpoint: 'a', bytes: 2 },
  ]);
});

test('share and time left are told only where they are known', () => {
  assert.equal(shareOf(transfer({})), undefined);
  assert.equal(shareOf(transfer({ current: 1, total: 4 })), 0.25);
  assert.equal(shareOf(transfer({ layers: [layer({ state: 'there' })] })), 1);
  assert.equal(timeLeft(transfer({ current: 1, total: 4 })), undefined);
  assert.equal(timeLeft(transfer({ current: 1, total: 4, speed: 2 })), 1500);
  assert.equal(timeLeft(transfer({ current: 1, total: 4, speed: 2, state: 'paused' })), undefined);
});

test('a layer that goes on from elsewhere, or from an earlier try, is resumed', () => {
  const two = [
    { endpoint: 'a', bytes: 1 },
    { endpoint: 'b', bytes: 1 },
  ];
  const words = [
    layer({}),
    layer({ state: 'downloading', current: 50 }),
    layer({ state: 'downloading', kept: 5 }),
    layer({ state: 'downloading', servedBy: two }),
    layer({ state: 'downloaded' }),
    layer({ state: 'there' }),
  ].map((each) => layerView(each).word);
  assert.deepEqual(words, ['waiting', 'coming', 'resumed', 'resumed', 'unpacking', 'there']);
});

test('the same answer to the same question is one line; the last one that left is the remark', () => {
  const log = [
    note({ status: 404 }),
    note({ status: 404, digest: 'other' }),
    note({ status: 500 }),
    note({ event: 'served', endpoint: 'b' }),
  ];
  assert.deepEqual(
    askedLines(log).map(({ note: { status, event }, times }) => [event, status, times]),
    [
      ['failed', 404, 2],
      ['failed', 500, 1],
      ['served', undefined, 1],
    ],
  );
  assert.equal(lastRemark(transfer({ log }))?.status, 500);
});
