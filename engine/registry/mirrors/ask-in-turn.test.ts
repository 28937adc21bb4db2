import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseEndpoint } from '../endpoint.ts';
import { answerFailure } from '../registry-failure.ts';
import { askInTurn, type Turn } from './ask-in-turn.ts';
import { SourcesFailure, sourceOf } from './source.ts';

const candidates = ['a.test', 'b.test', 'c.test'].map((host) => sourceOf(parseEndpoint(host), 'mirror'));
const failure = (host: string) => answerFailure('cut', host, 'broken');

/** How each answers, by its host; what happened is in `told`. */
function turn(
  answers: Readonly<Record<string, (signal: AbortSignal) => Promise<string>>>,
  more: Partial<Turn<string>> = {},
) {
  const told: string[] = [];
  const asked: Turn<string> = {
    candidates,
    hedge: 20,
    signal: new AbortController().signal,
    ask({ endpoint: { host } }, { signal, last }) {
      told.push(`ask ${host}${last ? ' last' : ''}`);
      return answers[host]?.(signal) ?? Promise.reject(failure(host));
    },
    drop: (value) => void told.push(`drop ${value}`),
    onHedge: ({ endpoint }) => void told.push(`hedge ${endpoint.host}`),
    onFailure: ({ source }) => void told.push(`failed ${source.endpoint.host}`),
    ...more,
  };
  return { told, answer: askInTurn(asked) };
}

test('the next one is asked when one fails, and the last one has time', async () => {
  const { told, answer } = turn({ 'c.test': async () => 'c' });
  const { value, source } = await answer;
  assert.deepEqual([value, source.endpoint.host], ['c', 'c.test']);
  assert.deepEqual(told, ['ask a.test', 'failed a.test', 'ask b.test', 'failed b.test', 'ask c.test last']);
});

test('all fail: what each said, in their order', async () => {
  await assert.rejects(turn({}).answer, (error) => {
    assert.ok(error instanceof SourcesFailure);
    assert.deepEqual(
      error.attempts.map(({ source }) => source.endpoint.host),
      ['a.test', 'b.test', 'c.test'],
    );
    return true;
  });
});

test('one that is silent is asked beside: the first answer counts, the other is let go', async () => {
  let aborted = false;
  const slow = async (signal: AbortSignal) => {
    signal.addEventListener('abort', () => (aborted = true));
    await sleep(60);
    return 'late';
  };
  const { told, answer } = turn({ 'a.test': slow, 'b.test': async () => 'b' });
  assert.equal((await answer).value, 'b');
  assert.ok(aborted);
  await sleep(80);
  assert.deepEqual(told, ['ask a.test', 'hedge a.test', 'ask b.test', 'drop late']);
});

test('one that was silent may still be the first', async () => {
  const after = (milliseconds: number, value: string) => () => sleep(milliseconds, value);
  const { answer } = turn({ 'a.test': after(50, 'a'), 'b.test': after(500, 'b') });
  assert.equal((await answer).value, 'a');
});

test('a cancel and what is no failure of a registry end it at once', async () => {
  const cancelling = new AbortController();
  const waits = (signal: AbortSignal) =>
    new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const { answer, told } = turn({ 'a.test': waits, 'b.test': waits }, { signal: cancelling.signal });
  setTimeout(() => cancelling.abort(new Error('enough')), 5);
  await assert.rejects(answer, /enough/);
  assert.deepEqual(told, ['ask a.test']);
  await assert.rejects(turn({ 'a.test': () => Promise.reject(new Error('ours')) }).answer, /ours/);
});
