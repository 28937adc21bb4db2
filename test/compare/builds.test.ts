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
  [beluga, dockerd] = await Promise.all([openSubject('beluga', '1.41'), openSubject('dockerd 26.1', '1.41')]);
});
after(async () => {
  await Promise.all([beluga?.close(), dockerd?.close()]);
  rmSync(folder, { recursive: true });
});

const peer = 'BuildKit of dockerd 26.1';
for (const of of buildCases)
  test(`${peer}: ${of.name}`, () =>
    compareBuild({ beluga, dockerd, peer, builder: 'buildkit', folder }, of, (result) => result));
