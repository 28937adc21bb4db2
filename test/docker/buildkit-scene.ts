import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DockerCli, dockerCli } from '../docker-cli.ts';
import { startEngine, type TestEngine } from '../engine-fixture.ts';
import { sampleArchive, sampleImage } from '../sample.ts';

const programs = (variable: string, file: string) => path.join(process.env[variable] ?? '', file);
const plugins = {
  'docker-buildx': programs('BELUGA_BUILDX', 'usr/libexec/docker/cli-plugins/docker-buildx'),
  'docker-compose': programs('BELUGA_COMPOSE', 'usr/libexec/docker/cli-plugins/docker-compose'),
};

/** An engine, clients that speak BuildKit's protocol, and folders to build from. */
export interface BuildKitScene {
  engine: TestEngine;
  folder: string;
  /** The CLI with buildx 0.13 and compose 2.26. */
  docker: DockerCli;
  /** The CLI of 20.10, which speaks BuildKit's protocol itself. */
  old: DockerCli;
  /** A folder with these files; the Dockerfile is joined of its lines. */
  context(dockerfile: readonly string[], files?: Readonly<Record<string, string>>): string;
  /** What `docker buildx build` says. */
  buildx(place: string, ...options: string[]): Promise<string>;
  failsToBuild(place: string, ...options: string[]): Promise<string>;
  run(image: string, ...command: string[]): Promise<string>;
  close(): Promise<void>;
}

export const from = `FROM ${sampleImage}`;

/** @param flags of the engine */
export async function openBuildKitScene(flags: readonly string[] = []): Promise<BuildKitScene> {
  const engine = await startEngine({ flags });
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-buildkit-'));
  const configuration = path.join(folder, 'docker');
  mkdirSync(path.join(configuration, 'cli-plugins'), { recursive: true });
  for (const [name, file] of Object.entries(plugins)) symlinkSync(file, path.join(configuration, 'cli-plugins', name));
  const host = `unix://${engine.folders.socket}`;
  const docker = dockerCli(host, configuration, { env: { BUILDKIT_PROGRESS: 'plain' } });
  const old = dockerCli(host, configuration, {
    program: programs('BELUGA_DOCKERD_PROGRAMS', 'usr/bin/docker'),
    env: { DOCKER_BUILDKIT: '1', BUILDKIT_PROGRESS: 'plain' },
  });
  await docker('load', '-i', sampleArchive());
  let contexts = 0;
  return {
    ...{ engine, folder, docker, old },
    context(dockerfile, files = {}) {
      const place = path.join(folder, String(++contexts));
      for (const [name, content] of Object.entries({ Dockerfile: `${dockerfile.join('\n')}\n`, ...files })) {
        mkdirSync(path.dirname(path.join(place, name)), { recursive: true });
        writeFileSync(path.join(place, name), content);
      }
      return place;
    },
    buildx: async (place, ...options) => (await docker.run(['buildx', 'build', ...options, place])).stderr,
    failsToBuild: async (place, ...options) =>
      (await docker.run(['buildx', 'build', ...options, place], { exits: 1 })).stderr,
    run: (image, ...command) => docker('run', '--rm', '--network', 'none', image, ...command),
    async close() {
      try {
        // whatever failed in between: every build has given back what it had
        const contexts = path.join(engine.folders.dataRoot, 'build/contexts');
        assert.deepEqual(existsSync(contexts) ? readdirSync(contexts) : [], []);
      } finally {
        rmSync(folder, { recursive: true });
        await engine[Symbol.asyncDispose]();
      }
    },
  };
}
