import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DockerCli, dockerCli } from '../docker-cli.ts';
import { startEngine } from '../engine-fixture.ts';
import { sampleArchive } from '../sample.ts';

/** What the suite speaks to. */
export interface Subject {
  docker: DockerCli;
  /** Path of the API's socket. */
  socket: string;
  /** False when the suite runs against a dockerd, to see that it expects what Docker really does. */
  isBeluga: boolean;
  close(): Promise<void>;
}

async function peer(socket: string): Promise<Subject> {
  const configFolder = mkdtempSync(path.join(tmpdir(), 'beluga-peer-'));
  const docker = dockerCli(`unix://${socket}`, configFolder);
  return {
    docker,
    socket,
    isBeluga: false,
    async close() {
      const containers = (await docker('ps', '-aq')).split('\n').filter(Boolean);
      if (containers.length > 0) await docker('rm', '-f', ...containers);
      const images = (await docker('images', '-aq')).split('\n').filter(Boolean);
      if (images.length > 0) await docker('rmi', '-f', ...new Set(images));
      rmSync(configFolder, { recursive: true });
    },
  };
}

/**
 * A Beluga engine of this suite's own with the sample image loaded. With `BELUGA_TEST_PEER=<socket of a dockerd>` it is
 * that dockerd instead: every expectation that is not marked as ours alone must hold there too.
 *
 * @param flags of the engine of our own
 */
export async function startSubject(flags: readonly string[] = []): Promise<Subject> {
  const peerSocket = process.env.BELUGA_TEST_PEER;
  let subject: Subject;
  if (peerSocket) subject = await peer(peerSocket);
  else {
    const engine = await startEngine({ flags });
    subject = {
      docker: engine.docker,
      socket: engine.folders.socket,
      isBeluga: true,
      close: () => engine[Symbol.asyncDispose](),
    };
  }
  await subject.docker('load', '-i', sampleArchive());
  return subject;
}
