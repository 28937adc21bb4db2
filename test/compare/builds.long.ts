import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { buildCases } from './build-cases.ts';
import { compareBuild } from './build-pair.ts';
import { type OpenSubject, openSubject } from './subjects.ts';

let beluga: OpenSubject;
let dockerd: OpenSubject;
let folder: string;
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'beluga-builds-'));
  [beluga, dockerd] = await Promise.all([openSubject('beluga', '1.41'), openSubject('dockerd 20.10', '1.41')]);
});
after(async () => {
  await Promise.all([beluga?.close(), dockerd?.close()]);
  rmSync(folder, { recursive: true });
});

for (const builder of ['classic', 'buildkit'] as const) {
  const peer = `dockerd 20.10, ${builder}` as const;
  for (const of of buildCases.filter(({ isNew, needs }) => !isNew && (!needs || needs === builder)))
    test(`${peer}: ${of.name}`, () =>
      // what the words of a history are has changed since; what the image is has not
      compareBuild({ beluga, dockerd, peer, builder, folder }, of, ({ history: _, ...image }) => image));
}
