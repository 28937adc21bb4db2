import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { checkName, generateName } from './container-names.ts';

test('names: Docker grammar, the slash is optional', () => {
  for (const name of ['web', 'a1', '/web', 'Web_1.2-x', '0a']) assert.equal(checkName(name), name.replace('/', ''));
  for (const name of ['', '/', 'a', '-web', '_x', '.x', 'a b', 'a/b', '//web', 'wéb', 'web\n']) {
    assert.throws(
      () => checkName(name),
      (error) => error instanceof EngineError && error.reason === 'container.name-invalid',
      name,
    );
  }
  assert.throws(
    () => checkName('a b'),
    /^EngineError: Invalid container name \(a b\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_.-\] are allowed$/,
  );
});

test('a generated name is valid and free', () => {
  let asked = 0;
  const name = generateName(() => asked++ < 10);
  assert.equal(checkName(name), name);
  assert.match(name, /^[a-z]+_[a-z]+\d+$/, 'a number after six names were taken');
  assert.match(
    generateName(() => false),
    /^[a-z]+_[a-z]+$/,
  );
});
