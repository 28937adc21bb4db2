import { spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { sampleImage } from '../test/sample.ts';
import type { Engine, EngineParts } from './engine.ts';
import { checkOutput, pour, writing } from './output.ts';
import { outputOf, removeCgroup, unmountBelow } from './processes.ts';

const program = 'podman';
// podman's defaults are above the hard limits of a root without CAP_SYS_RESOURCE
const limits = ['--ulimit', 'nofile=1024', '--ulimit', 'nproc=4096'];

/** What makes a podman of its own of it, with all its data below this folder. */
export const podmanArguments = (root: string): string[] => [
  ...['--root', path.join(root, 'data'), '--runroot', path.join(root, 'run'), '--tmpdir', path.join(root, 'tmp')],
  // crun refuses hosts with both cgroup versions, which Beluga knows how to present to it
  ...['--runtime', 'runc', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
];

/** podman by its CLI: it has no daemon. */
export async function openPodman({ root, archive, cgroup }: EngineParts): Promise<Engine> {
  mkdirSync(root, { recursive: true });
  const global = podmanArguments(root);
  const podman = (...args: string[]) => outputOf(program, ...global, ...args);
  const logOf = (id: string) => spawn(program, [...global, 'logs', id], { stdio: ['ignore', 'pipe', 'inherit'] });
  const own = [...limits, '--cgroup-parent', `/${cgroup}`];
  await podman('load', '-q', '-i', archive);
  const clear = async () => {
    await podman('rm', '-f', '-t', '0', '-a');
  };
  return {
    name: 'podman (CLI)',
    version: `podman ${await podman('version', '--format', '{{.Client.Version}}')}, ${(await outputOf('runc', '--version')).split('\n')[0]}`,
    async start() {
      const began = performance.now();
      await podman('ps', '-a');
      return performance.now() - began;
    },
    stop: async () => undefined,
    async run(network) {
      await podman('run', '--rm', ...own, '--network', network, `docker.io/${sampleImage}`, 'true');
    },
    async add(network, started) {
      const command = started ? ['run', '-d'] : ['create'];
      return podman(...command, ...own, '--network', network, `docker.io/${sampleImage}`, 'sleep', '1000000');
    },
    async exec(id) {
      await podman('exec', id, 'true');
    },
    async write(bytes) {
      const id = await podman('create', ...own, '--network', 'none', `docker.io/${sampleImage}`, ...writing(bytes));
      try {
        const began = performance.now();
        await podman('start', id);
        const code = await podman('wait', id);
        if (code !== '0') throw new Error(`the writer ended with ${code}`);
        const took = performance.now() - began;
        await checkOutput(bytes, (into) => pour(logOf(id).stdout, into));
        return took;
      } finally {
        await podman('rm', '-f', '-t', '0', id);
      }
    },
    async pull(name) {
      await podman('pull', '-q', '--tls-verify=false', name);
    },
    clear,
    async close() {
      await clear();
      await unmountBelow(root);
      await removeCgroup(cgroup);
      rmSync(root, { recursive: true });
    },
  };
}
