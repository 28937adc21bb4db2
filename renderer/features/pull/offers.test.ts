import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Image } from '../../../electron/bridge/host.ts';
import { completionOf, offersFor, repositoryToAsk } from './offers.ts';

const image = (...references: string[]): Image => ({
  id: references[0] ?? '',
  references,
  digests: [],
  unverified: [],
  size: 1,
  createdAt: '',
  containers: 0,
});
const found = {
  known: true,
  names: [
    { registry: 'docker.io', name: 'library/postgres', official: true },
    { registry: 'docker.io', name: 'postgis/postgis' },
    { registry: '127.0.0.1:5000', name: 'team/postgres' },
  ],
  unsearchable: [],
};

test('what is here comes first, then each registry by its name', () => {
  const groups = offersFor('postg', [image('my/postgres:1'), image('postgres:17'), image('nginx:1')], found);
  assert.deepEqual(
    groups.map(({ registry, offers }) => [registry, offers.map(({ value }) => value)]),
    [
      [undefined, ['postgres:17', 'my/postgres:1']],
      ['docker.io', ['postgres', 'postgis/postgis']],
      ['127.0.0.1:5000', ['127.0.0.1:5000/team/postgres']],
    ],
  );
  assert.equal(completionOf('postg', groups), 'postgres:17');
  assert.equal(completionOf('', groups), undefined);
  assert.equal(completionOf('nothing', groups), undefined);
});

test('tags are asked for where the name is known, chosen or written out, not while a word grows', () => {
  const groups = offersFor('postg', [], found);
  assert.equal(repositoryToAsk('postg', groups, ''), undefined);
  assert.equal(repositoryToAsk('postgres', groups, ''), 'postgres');
  assert.equal(repositoryToAsk('docker.io/library/postgres:17', groups, ''), 'postgres');
  assert.equal(repositoryToAsk('other', groups, 'other'), 'other');
  assert.equal(repositoryToAsk('other:', groups, ''), 'other');
  assert.equal(repositoryToAsk('127.0.0.1:5000/a', groups, ''), '127.0.0.1:5000/a');
  assert.equal(repositoryToAsk('127.0.0.1:5000/', groups, ''), undefined);
});
