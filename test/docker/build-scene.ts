import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sampleImage } from '../sample.ts';
import { type Subject, startSubject } from './subject.ts';

/** An engine and folders to build from. */
export interface BuildScene {
  subject: Subject;
  folder: string;
  /** A folder with these files; the Dockerfile is joined of its lines. */
  context(dockerfile: readonly string[], files?: Readonly<Record<string, string>>): string;
  build(place: string, ...options: string[]): ReturnType<Subject['docker']['run']>;
  /** What it says to standard error. */
  failsToBuild(place: string, code: number, ...options: string[]): Promise<string>;
  run(image: string, ...command: string[]): Promise<string>;
  close(): Promise<void>;
}

export const from = `FROM ${sampleImage}`;
export const cachedSteps = (stdout: string): number => stdout.split('Using cache').length - 1;

export async function openBuildScene(): Promise<BuildScene> {
  const subject = await startSubject();
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-build-'));
  let contexts = 0;
  return {
    ...{ subject, folder },
    context(dockerfile, files = {}) {
      const place = path.join(folder, String(++contexts));
      for (const [name, content] of Object.entries({ Dockerfile: `${dockerfile.join('\n')}\n`, ...files })) {
        mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
        writeFileSync(path.join(place, name), content);
      }
      return place;
    },
    build: (place, ...options) => subject.docker.run(['build', ...options, place]),
    failsToBuild: async (place, code, ...options) =>
      (await subject.docker.run(['build', ...options, place], { exits: code })).stderr,
    run: (image, ...command) => subject.docker('run', '--rm', '--network', 'none', image, ...command),
    async close() {
      rmSync(folder, { recursive: true });
      await subject.close();
    },
  };
}
