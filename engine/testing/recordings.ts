import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Two of a container that computes, two seconds apart, and two of it paused, as far apart. */
export type Sample = 'first' | 'second' | 'frozen' | 'still-frozen';

/** Files of a real container's cgroup by their names, and `proc/stat` and others; recordings/README.md tells of whom. */
export function recordedFiles(version: 1 | 2, sample: Sample): ReadonlyMap<string, string> {
  const text = readFileSync(new URL(`recordings/cgroup-v${version}.txt`, import.meta.url), 'utf8');
  const sections = text.split(/^==> /m).slice(1);
  return new Map(
    sections.flatMap((section) => {
      const [, name, file = '', content = ''] = /^([^/]+)\/(\S+) <==\n(.*)$/s.exec(section) ?? [];
      return name === sample ? [[file, content] as const] : [];
    }),
  );
}

/** Puts the recorded files where code that reads a cgroup can find them; v1's are in a folder per controller. */
export function writeRecordedFiles(directory: string, version: 1 | 2, sample: Sample): void {
  for (const [file, content] of recordedFiles(version, sample)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), content);
  }
}
