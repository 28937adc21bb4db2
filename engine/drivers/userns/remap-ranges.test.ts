import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { EngineError } from '../../base/errors.ts';
import { rangesOf } from './remap-ranges.ts';

const etc = mkdtempSync(path.join(tmpdir(), 'beluga-ranges-'));
after(() => rmSync(etc, { recursive: true }));
const given = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(etc, name), text);
};
given({
  passwd: 'root:x:0:0::/:/bin/sh\nme:x:1000:1001::/:/bin/sh\nlone:x:1500:1500::/:/bin/sh\n',
  group: 'root:x:0:\nme:x:1001:\nmine:x:1002:\nothers:x:1000:\n',
  subuid: '# ids\nme:100000:1000\nother:200000:65536\n1000:300000:5\ndockremap:400000:65536\n',
  subgid: 'me:500000:10\ndockremap:400000:65536\n',
});
const range = (inside: number, outside: number, length: number) => ({ inside, outside, length });

test('ranges of a user by name and by number, one after the other from 0 on', () => {
  const mine = { uids: [range(0, 100_000, 1000), range(1000, 300_000, 5)], gids: [range(0, 500_000, 10)] };
  for (const words of ['me', '1000', 'me:mine', 'me:1002', '1000:others']) assert.deepEqual(rangesOf(words, etc), mine);
});

test('default is the user dockremap, who need not be there; root is no remapping', () => {
  const whole = [range(0, 400_000, 65_536)];
  assert.deepEqual(rangesOf('default', etc), { uids: whole, gids: whole });
  for (const words of ['root', '0', 'root:root']) assert.equal(rangesOf(words, etc), undefined);
});

test('who is not there is told as by dockerd', () => {
  const refused: readonly [string, RegExp][] = [
    ['a:b:c', /^Invalid user\/group specification in --userns-remap: "a:b:c"$/],
    ['nobody-here', /^Error during uid lookup for "nobody-here"/],
    ['9999', /^Uid 9999 has no entry in \/etc\/passwd$/],
    ['me:9999', /^Gid 9999 has no entry in \/etc\/group$/],
    ['me:nothing', /^Error during gid lookup for "nothing"/],
    ['lone', /^Error during gid lookup for "lone"/],
  ];
  for (const [words, message] of refused) assert.throws(() => rangesOf(words, etc), { code: 'invalid', message });
});

test('without ranges the sentence gives the line that is missing, behind those that are there', () => {
  given({ subgid: 'me:500000:65536\n' });
  assert.throws(
    () => rangesOf('default', etc),
    (error) => {
      assert.ok(error instanceof EngineError);
      assert.equal(error.reason, 'userns.no-ranges');
      assert.match(
        error.message,
        /^Can't create ID mappings: no subgid ranges found for user "dockremap": add the line/,
      );
      assert.deepEqual(error.params, {
        ...{ user: 'dockremap', file: path.join(etc, 'subgid'), line: 'dockremap:565536:65536' },
      });
      return true;
    },
  );
  for (const line of ['me:x:5', 'me:100000:0', 'me:0:5', 'me:100000']) {
    given({ subuid: `${line}\n` });
    assert.throws(() => rangesOf('me:mine', etc), { code: 'invalid', message: /a line of .*subuid cannot be/ });
  }
});
