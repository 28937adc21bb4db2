import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from '../base/errors.ts';
import { canonicalReference, familiarReference, parseReference, repositoryOf, withDefaultTag } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test('names in all their forms', () => {
  const cases: [string, string, string][] = [
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['busybox:1.36', 'docker.io/library/busybox:1.36', 'busybox:1.36'],
    ['team/web', 'docker.io/team/web:latest', 'team/web:latest'],
    ['docker.io/busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['index.docker.io/team/web:1', 'docker.io/team/web:1', 'team/web:1'],
    ['localhost/web', 'localhost/web:latest', 'localhost/web:latest'],
    ['localhost:5000/a/b/c:x', 'localhost:5000/a/b/c:x', 'localhost:5000/a/b/c:x'],
    ['[::1]:5000/web', '[::1]:5000/web:latest', '[::1]:5000/web:latest'],
    ['MyHost/web', 'MyHost/web:latest', 'MyHost/web:latest'],
    ['quay.io/a__b/c-d.e:V1_2.3-x', 'quay.io/a__b/c-d.e:V1_2.3-x', 'quay.io/a__b/c-d.e:V1_2.3-x'],
    [`web@${digest}`, `docker.io/library/web@${digest}`, `web@${digest}`],
    [`web:1@${digest}`, `docker.io/library/web:1@${digest}`, `web:1@${digest}`],
  ];
  for (const [text, canonical, familiar] of cases) {
    const reference = withDefaultTag(parseReference(text));
    assert.equal(canonicalReference(reference), canonical);
    assert.equal(familiarReference(reference), familiar);
    assert.deepEqual(parseReference(canonical), reference);
  }
  assert.equal(repositoryOf(parseReference('localhost:5000/web:1')), 'localhost:5000/web');
});

test("what is no name, in Docker's words", () => {
  const cases: [string, RegExp][] = [
    ['', /^invalid reference format$/],
    ['a b', /^invalid reference format$/],
    ['web:', /^invalid reference format$/],
    ['web:-x', /^invalid reference format$/],
    ['-web', /^invalid reference format$/],
    ['a//b', /^invalid reference format$/],
    ['a/../b', /^invalid reference format$/],
    ['web@sha256:abc', /^invalid reference format$/],
    [`web:${'x'.repeat(129)}`, /^invalid reference format$/],
    ['host.com/', /^invalid reference format$/],
    ['Web', /^invalid reference format: repository name \(library\/Web\) must be lowercase$/],
    ['quay.io/Team/web:A', /^invalid reference format: repository name \(Team\/web\) must be lowercase$/],
    ['a'.repeat(64), /^invalid repository name \(a{64}\), cannot specify 64-byte hexadecimal strings$/],
    [`a/${'b'.repeat(255)}`, /must not be more than 255 characters$/],
  ];
  for (const [text, words] of cases) {
    assert.throws(
      () => parseReference(text),
      (error) =>
        error instanceof EngineError && error.reason === 'image.reference-invalid' && words.test(error.message),
      text,
    );
  }
});
