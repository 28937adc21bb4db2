/** A way to build with a dockerd. */
export type BuildPeer = 'dockerd 20.10, classic' | 'dockerd 20.10, buildkit' | 'BuildKit of dockerd 26.1';

/** Dockerfiles of build-cases.ts whose image is another there, and why. */
export interface BuildDifference {
  peer: BuildPeer;
  cases: readonly string[];
  reason: string;
}

/** What an instruction means is what BuildKit does, as it does it today (decision 15). */
export const buildDifferences: readonly BuildDifference[] = [
  {
    peer: 'BuildKit of dockerd 26.1',
    cases: ['healthcheck', 'healthcheck-none'],
    reason: 'HEALTHCHECK stands in the history as it is written, not as a Go program prints what it has read',
  },
  {
    peer: 'dockerd 20.10, classic',
    cases: ['volume'],
    reason:
      'What a RUN writes below a VOLUME stays in the image, as with BuildKit; directories of volumes come with containers',
  },
  {
    peer: 'dockerd 20.10, classic',
    cases: ['user', 'onbuild'],
    reason: 'A step that changes nothing has a layer, an empty one, as with BuildKit',
  },
  {
    peer: 'dockerd 20.10, classic',
    cases: ['scratch'],
    reason: 'The working directory of an image on scratch is /, as with BuildKit',
  },
  {
    peer: 'dockerd 20.10, classic',
    cases: ['copy-owner'],
    reason:
      '--chown=USER gives the files to the group of that user, as with BuildKit; the classic builder wants a group of that name',
  },
  {
    peer: 'dockerd 20.10, buildkit',
    cases: ['special'],
    reason: 'COPY --from copies pipes too, as newer BuildKit does',
  },
  {
    peer: 'dockerd 20.10, buildkit',
    cases: ['mounts'],
    reason: 'Mount points of RUN --mount are gone after the step, as with newer BuildKit',
  },
];

/** The reason why the image of this Dockerfile is another there; undefined: it is to be the same. */
export const reasonFor = (peer: BuildPeer, name: string): string | undefined =>
  buildDifferences.find((one) => one.peer === peer && one.cases.includes(name))?.reason;

/** The part of docs/compatibility.md about builds. */
export const buildsSection = (): string =>
  [
    '# Builds\n',
    'The Dockerfiles of test/compare/build-cases.ts, built by the docker CLI on Beluga and on real dockerds: files with owner, mode and',
    'links, configuration, layers and, of BuildKit, the words of the history are the same but for these (test/compare/build-differences.ts):\n',
    ...buildDifferences.map(
      ({ peer, cases, reason }) => `* ${reason} (${peer}: ${cases.map((name) => `\`${name}\``).join(', ')}).`,
    ),
    '',
  ].join('\n');
