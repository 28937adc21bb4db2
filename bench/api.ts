import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { sampleImage } from '../test/sample.ts';
import type { Engine } from './engine.ts';
import { checkOutput, pourFrames, writing } from './output.ts';

type ByApi = Required<Pick<Engine, 'docker' | 'run' | 'add' | 'exec' | 'write' | 'pull' | 'clear'>> & {
  /** Milliseconds after `began` (of performance.now) when the list of all containers was answered. */
  listed(began: number): Promise<number>;
  load(archive: string): Promise<void>;
};

/** An engine by Docker's API: the same client and the same requests for each. */
export function byApi(socketPath: string): ByApi {
  const docker = new Docker({ socketPath });
  const create = (network: string, Cmd: string[]) =>
    docker.createContainer({ Image: sampleImage, Cmd, HostConfig: { NetworkMode: network } });
  return {
    docker,
    async listed(began) {
      for (;;) {
        try {
          await docker.listContainers({ all: true });
          return performance.now() - began;
        } catch (error) {
          // it does not listen yet: nothing tells when another engine does
          if (performance.now() - began > 60_000) throw error;
          await sleep(1);
        }
      }
    },
    async load(archive) {
      const answer = await docker.loadImage(createReadStream(archive));
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(answer, (error) => (error ? reject(error) : resolve())),
      );
    },
    async run(network) {
      const container = await create(network, ['true']);
      try {
        await container.start();
        const { StatusCode } = (await container.wait()) as { StatusCode: number };
        if (StatusCode !== 0) throw new Error(`true ended with ${StatusCode}`);
      } finally {
        await container.remove({ force: true });
      }
    },
    async add(network, started) {
      const container = await create(network, ['sleep', '1000000']);
      if (started) await container.start();
      return container.id;
    },
    async exec(id) {
      const exec = await docker.getContainer(id).exec({ Cmd: ['true'], AttachStdout: true, AttachStderr: true });
      const stream = await exec.start({});
      stream.resume();
      await once(stream, 'end');
      const { ExitCode } = await exec.inspect();
      if (ExitCode !== 0) throw new Error(`true ended with ${ExitCode}`);
    },
    async write(bytes) {
      const container = await create('none', writing(bytes));
      try {
        const began = performance.now();
        await container.start();
        const { StatusCode } = (await container.wait()) as { StatusCode: number };
        if (StatusCode !== 0) throw new Error(`the writer ended with ${StatusCode}`);
        const took = performance.now() - began;
        await checkOutput(bytes, async (into) => {
          const log = await container.logs({ stdout: true, stderr: true, follow: true });
          await pourFrames(log, into);
        });
        return took;
      } finally {
        await container.remove({ force: true });
      }
    },
    async pull(name) {
      const answer = await docker.pull(name);
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(answer, (error) => (error ? reject(error) : resolve())),
      );
      await docker.getImage(name).inspect();
    },
    async clear() {
      const all = await docker.listContainers({ all: true });
      for (const { Id } of all) await docker.getContainer(Id).remove({ force: true });
    },
  };
}
