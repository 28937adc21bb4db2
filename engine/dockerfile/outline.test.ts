import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintOf, outlineOf, targetsOf } from './outline.ts';
import { parseDockerfile } from './parse-dockerfile.ts';
import { stagesOf } from './stages.ts';

const read = (...lines: string[]) => stagesOf(parseDockerfile(lines.join('\n')));

const stages = read(
  'ARG BASE=alpine',
  'FROM $BASE AS tools',
  'ARG TOOL=1',
  'RUN --mount=type=secret,id=token,required=true --mount=type=cache,target=/c true',
  'FROM --platform=linux/arm64 busybox AS other',
  'ARG NEVER',
  'FROM tools',
  'ARG TOOL',
  'ARG V',
  'RUN --mount=type=ssh true',
  'COPY --from=0 /x /x',
);

test('targets: names, bases, platforms, and which is built when nobody says', () => {
  const seen = targetsOf(stages).map(({ name, base, platform, isDefault }) => [name, base, platform, isDefault]);
  assert.deepEqual(seen, [
    ['tools', '$BASE', undefined, false],
    ['other', 'busybox', 'linux/arm64', false],
    [undefined, 'tools', undefined, true],
  ]);
});

test('an outline has what the stages ask for that the target needs, and no others', () => {
  const { args, secrets, ssh, caches } = outlineOf(stages, 2, { V: 'given' });
  assert.deepEqual(
    args.map(({ name, value }) => [name, value]),
    [
      ['BASE', 'alpine'],
      ['TOOL', '1'],
      ['V', 'given'],
    ],
  );
  assert.deepEqual(
    secrets.map(({ name, required, lines }) => [name, required, lines.first]),
    [['token', true, 4]],
  );
  assert.deepEqual([ssh.map(({ name }) => name), caches.map(({ id }) => id)], [['default'], ['/c']]);
  assert.deepEqual(
    outlineOf(stages, 1, {}).args.map(({ name }) => name),
    ['BASE', 'NEVER'],
  );
});

test('checks', () => {
  const found = lintOf(
    read('FROM a AS b', 'MAINTAINER x', 'ENV API_KEY=1', 'CMD echo', 'CMD ["x"]', 'FROM b AS b', 'ENTRYPOINT ["e"]'),
  );
  assert.deepEqual(
    found.map(({ rule, lines }) => `${rule} ${lines.first}`),
    [
      ...['DuplicateStageName 6', 'MultipleInstructionsDisallowed 4', 'MaintainerDeprecated 2'],
      ...['SecretsUsedInArgOrEnv 3', 'JSONArgsRecommended 4'],
    ],
  );
});
