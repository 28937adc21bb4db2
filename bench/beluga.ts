import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { byApi } from './api.ts';
import type { Engine, EngineParts } from './engine.ts';
import { outputOf } from './processes.ts';

const launcher = fileURLToPath(new URL('../dist/engine/launcher.mjs', import.meta.url));

/** Our engine, as it was built. */
export async function openBeluga({ root, archive }: EngineParts): Promise<Engine> {
  mkdirSync(root, { recursive: true });
  const flags = ['--data-root', path.join(root, 'data'), '--exec-root', path.join(root, 'run')];
  const { listed, load, ...api } = byApi(path.join(root, 'run/docker.sock'));
  const log = openSync(path.join(root, 'log'), 'a');
  let child: ChildProcess | undefined;
  const start = () => {
    const began = performance.now();
    child = spawn(process.execPath, [launcher, ...flags], { stdio: ['ignore', log, log] });
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
  const parts = (Components ?? []).slice(1).map((part) => `${part.Name} ${part.Version}`);
  return {
    ...api,
    name: 'beluga',
    version: [`beluga ${Version}`, `Node ${process.version}`, ...parts].join(', '),
    furtherProcesses() {
      const { pid } = JSON.parse(readFileSync(path.join(root, 'run/holder.json'), 'utf8')) as { pid: number };
      return [pid];
    },
    start,
    stop,
    async close() {
      await api.clear();
      await stop();
      await outputOf(process.execPath, launcher, ...flags, '--release');
      closeSync(log);
      rmSync(root, { recursive: true });
    },
  };
}
