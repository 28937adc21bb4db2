import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { BuildCase } from './build-cases.ts';
import { type BuildPeer, reasonFor } from './build-differences.ts';
import { type BuiltResult, buildOn, dockerOf2010, writeContext } from './build-results.ts';
import type { OpenSubject } from './subjects.ts';

export interface BuildPair {
  beluga: OpenSubject;
  dockerd: OpenSubject;
  peer: BuildPeer;
  builder: 'classic' | 'buildkit';
  /** For contexts. */
  folder: string;
}

/** Builds on both: the same has to come out, or, where it is listed, something else. */
export async function compareBuild(
  { beluga, dockerd, peer, builder, folder }: BuildPair,
  of: BuildCase,
  look: (result: BuiltResult) => unknown,
): Promise<void> {
  const place = path.join(folder, `${of.name}-${builder}`);
  mkdirSync(place);
  writeContext(place, of);
  const [ours, theirs] = await Promise.allSettled(
    [beluga, dockerd].map((subject, index) => {
      const aside = `${place}-${index}`;
      mkdirSync(aside);
      return buildOn(subject, { program: dockerOf2010, builder, folder: place, of, aside });
    }),
  );
  if (ours?.status !== 'fulfilled') throw ours?.reason;
  if (reasonFor(peer, of.name) === undefined) {
    if (theirs?.status !== 'fulfilled') throw theirs?.reason;
    assert.deepEqual(look(ours.value), look(theirs.value));
  } else if (theirs?.status === 'fulfilled')
    assert.notDeepEqual(look(ours.value), look(theirs.value), 'it is the same: take it out of build-differences.ts');
}
