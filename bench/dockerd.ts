import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { byApi } from './api.ts';
import type { Engine, EngineParts } from './engine.ts';
import { removeCgroup, unmountBelow } from './processes.ts';

/** Debian's dockerd with its containerd and runc, out of the unpacked packages in `programs`. */
export async function openDockerd({
  root,
  archive,
  cgroup,
  programs,
}: EngineParts & { programs: string }): Promise<Engine> {
  mkdirSync(root, { recursive: true });
  const socket = path.join(root, 'docker.sock');
  const folders = ['usr/bin', 'usr/sbin'].map((folder) => path.join(programs, folder));
  const env = { ...process.env, PATH: [...folders, process.env.PATH].join(':') };
  const flags = [
    ...['--data-root', path.join(root, 'data'), '--exec-root', path.join(root, 'run')],
    ...['--pidfile', path.join(root, 'pid'), '-H', `unix://${socket}`, '--cgroup-parent', `/${cgroup}`],
  ];
  const { listed, load, ...api } = byApi(socket);
  const log = openSync(path.join(root, 'log'), 'a');
  let child: ChildProcess | undefined;
  const start = () => {
    const began = performance.now();
    child = spawn(path.join(programs, 'usr/sbin/dockerd'), flags, { env, stdio: ['ignore', log, log] });
    return listed(began);
  };
  const stop = async () => {
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    child = undefined;
  };
  try {
    await start();
    await load(archive);
  } catch (error) {
    await stop();
    throw error;
  }
  const { Version, Components } = await api.docker.version();
  const parts = (Components ?? [])
    .filter(({ Name }) => ['containerd', 'runc'].includes(Name))
    .map((part) => `${part.Name} ${part.Version}`);
  return {
    ...api,
    name: 'dockerd',
    version: [`dockerd ${Version}`, ...parts].join(', '),
    start,
    stop,
    async close() {
      await api.clear();
      await stop();
      await unmountBelow(root);
      await removeCgroup(cgroup);
      closeSync(log);
      rmSync(root, { recursive: true });
    },
  };
}
