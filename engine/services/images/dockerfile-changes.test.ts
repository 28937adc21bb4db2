import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyConfig } from '../../dockerfile/image-config.ts';
import { applyChanges as apply } from './dockerfile-changes.ts';

const applyChanges = (changes: readonly string[], before = emptyConfig) => apply(before, changes);

test('instructions become the config', () => {
  assert.deepEqual(
    applyChanges([
      'CMD ["sh", "-c", "echo hi"]',
      'entrypoint echo "a b"',
      'ENV A=1 B="two words" C=with\\ blank',
      'ENV A changed to this',
      'LABEL "a.b"=c d=\'e f\'',
      'EXPOSE 80 53/UDP 80/tcp',
      'VOLUME ["/one", "/two three"]',
      'VOLUME /four',
      'USER 1:2',
      'WORKDIR /srv',
      'WORKDIR data',
      'STOPSIGNAL SIGQUIT',
    ]),
    {
      command: ['sh', '-c', 'echo hi'],
      entrypoint: ['/bin/sh', '-c', 'echo "a b"'],
      environment: ['A=changed to this', 'B=two words', 'C=with blank'],
      labels: { 'a.b': 'c', d: 'e f' },
      exposedPorts: ['80/tcp', '53/udp'],
      volumes: ['/one', '/two three', '/four'],
      user: '1:2',
      workingDirectory: '/srv/data',
      stopSignal: 'SIGQUIT',
    },
  );
});

test('what is no change is refused', () => {
  assert.throws(() => applyChanges(['RUN make']), /RUN is not a valid change command/);
  assert.throws(() => applyChanges(['ENV A']), /ENV must have two arguments/);
  assert.throws(() => applyChanges(['ENV A=1 B']), /can't find = in "B"/);
  assert.throws(() => applyChanges(['EXPOSE 99999']), /Invalid containerPort: 99999/);
});

test('a health check, triggers, ranges of ports, lines that are joined, and an entrypoint that clears the command', () => {
  const changed = applyChanges(
    [
      '# not this\nHEALTHCHECK --interval=1m30s --retries=2 CMD \\\n  test -e /x',
      'ONBUILD RUN a\nonbuild COPY b c',
      'EXPOSE 8000-8002/udp',
      'WORKDIR ../a',
      'ENTRYPOINT ["x"]',
    ],
    { ...emptyConfig, command: ['old'], workingDirectory: '/b/c' },
  );
  assert.deepEqual(changed, {
    ...emptyConfig,
    healthCheck: { test: ['CMD-SHELL', 'test -e /x'], interval: 90e9, retries: 2 },
    onBuild: ['RUN a', 'COPY b c'],
    exposedPorts: ['8000/udp', '8001/udp', '8002/udp'],
    workingDirectory: '/b/a',
    command: [],
    entrypoint: ['x'],
  });
});

test("Docker's refusals, in its words", () => {
  const words: readonly (readonly [change: string, words: RegExp])[] = [
    ['  ', /^file with no instructions$/],
    ['# c', /^file with no instructions$/],
    ['WORKDIR', /^WORKDIR requires exactly one argument$/],
    ['LABEL', /^LABEL requires at least one argument$/],
    ['STOPSIGNAL XX', /^invalid signal: XX$/],
    ['HEALTHCHECK x', /^Unknown type "X" in HEALTHCHECK \(try CMD\)$/],
    ['HEALTHCHECK --interval=1x CMD t', /^time: unknown unit "x" in duration "1x"$/],
    ['ONBUILD FROM x', /^FROM isn't allowed as an ONBUILD trigger$/],
    ['SHELL ["a"]', /^SHELL is not a valid change command$/],
    ['constructor x', /^CONSTRUCTOR is not a valid change command$/],
  ];
  for (const [change, expected] of words) {
    assert.throws(() => applyChanges([change]), { message: expected }, change);
  }
});
