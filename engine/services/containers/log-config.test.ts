import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLogging, resolveLogging } from './log-config.ts';
import { renderTag } from './log-tag.ts';

const asked = (logDriver: string, logOptions: Record<string, string> = {}) => ({ logDriver, logOptions });

test('the daemon’s options count for its driver only; those of the cache for every one that forwards', () => {
  const defaults = { driver: 'json-file', options: { 'max-size': '1m', 'cache-max-size': '2m' } };
  assert.deepEqual(resolveLogging(asked(''), defaults), asked('json-file', defaults.options));
  const own = { 'max-size': '3m', 'max-file': '2' };
  assert.deepEqual(resolveLogging(asked('json-file', own), defaults).logOptions, { ...defaults.options, ...own });
  assert.deepEqual(resolveLogging(asked('local'), defaults).logOptions, {});
  assert.deepEqual(resolveLogging(asked('syslog'), defaults).logOptions, { 'cache-max-size': '2m' });
  assert.throws(() => checkLogging({ driver: 'nope', options: {} }), /plugin "nope" not found/);
});

test('tags: fields, texts, pipes and functions; what is wrong is told as Go does', () => {
  const facts = { fields: { ID: 'abcdef', Name: 'web' }, labels: { a: 'x' }, attributes: { team: 'blue' } };
  const made = (template: string) => renderTag(template, facts);
  assert.equal(made('plain'), 'plain');
  assert.equal(made('{{.Name}}/{{ truncate .ID 3 }}!'), 'web/abc!');
  assert.equal(made('{{.Name | upper}}{{lower "X"}}{{title `ab cd`}}'), 'WEBxAb Cd');
  assert.equal(made('{{index .ContainerLabels "a"}} {{json .ContainerLabels}}'), 'x {"a":"x"}');
  assert.equal(made('{{(.ExtraAttributes nil).team}}{{(.ExtraAttributes nil).none}}'), 'blue<no value>');
  assert.throws(() => made('{{.Nope}}'), /at <.Nope>: can't evaluate field Nope in type \*logger.Info/);
  assert.throws(() => made('{{.toString}}'), /can't evaluate field toString/);
  assert.throws(() => made('a{{.Name'), /unclosed action/);
  assert.throws(() => made('{{}}'), /missing value for command/);
  assert.throws(() => made('{{nothing .ID}}'), /function "nothing" not defined/);
});
