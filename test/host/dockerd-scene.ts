import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DockerCli, dockerCli, runToEnd } from '../docker-cli.ts';
import { mountsBelow } from '../leak-check.ts';
import { waitUntil } from '../wait-until.ts';

/** The unpacked packages of dockerd, containerd, runc and iptables: `npm test` names them. */
export const dockerdPrograms = process.env.BELUGA_DOCKERD_PROGRAMS;

/** A dockerd that touches nothing of a dockerd of the machine. */
export interface Dockerd {
  readonly docker: DockerCli;
  /** Everything of it lies here, its socket as docker.sock. */
  readonly root: string;
  /** Says that nothing is left of it. */
  close(): Promise<void>;
}

/** iptables as Debian's alternatives would name it: the variant on nftables. */
function iptablesFolder(root: string, programs: string): string {
  const folder = path.join(root, 'bin');
  mkdirSync(folder);
  if (!existsSync(path.join(programs, 'usr/sbin/xtables-nft-multi'))) return folder;
  const names = ['iptables', 'iptables-save', 'iptables-restore'].flatMap((name) => [name, name.replace('ip', 'ip6')]);
  for (const name of names) symlinkSync(path.join(programs, 'usr/sbin/xtables-nft-multi'), path.join(folder, name));
  return folder;
}

async function removeCgroup(name: string): Promise<void> {
  const { stdout } = await runToEnd('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`]);
  const folders = stdout.split('\n').filter(Boolean);
  if (folders.length > 0) await runToEnd('rmdir', folders);
}

/**
 * Debian's dockerd with roots, a socket and a cgroup of its own.
 * @param prefix what its command is appended to: a network namespace, or else `more` has to keep it off the host's network
 * @param tools the unpacked packages with iptables and runc, where `programs` has none
 */
export async function openDockerd(
  programs: string,
  prefix: readonly string[],
  more: readonly string[] = [],
  tools: string = programs,
): Promise<Dockerd> {
  const root = mkdtempSync(path.join(tmpdir(), 'beluga-dockerd-'));
  const socket = path.join(root, 'docker.sock');
  const cgroup = path.basename(root);
  const folders = [programs, tools].flatMap((from) => [path.join(from, 'usr/bin'), path.join(from, 'usr/sbin')]);
  const libraries = path.join(tools, 'usr/lib/x86_64-linux-gnu');
  const env = {
    ...process.env,
    PATH: [iptablesFolder(root, tools), ...folders, process.env.PATH].join(':'),
    LD_LIBRARY_PATH: libraries,
    XTABLES_LIBDIR: path.join(libraries, 'xtables'),
  };
  writeFileSync(path.join(root, 'daemon.json'), '{}');
  const flags = [
    ...['--data-root', path.join(root, 'data'), '--exec-root', path.join(root, 'run')],
    ...['--pidfile', path.join(root, 'pid'), '-H', `unix://${socket}`, '--cgroup-parent', `/${cgroup}`],
    ...['--config-file', path.join(root, 'daemon.json'), ...more],
  ];
  const [program = '', ...args] = [...prefix, path.join(programs, 'usr/sbin/dockerd'), ...flags];
  const log = openSync(path.join(root, 'log'), 'a');
  const child: ChildProcess = spawn(program, args, { env, stdio: ['ignore', log, log] });
  const ended = once(child, 'exit');
  const docker = dockerCli(`unix://${socket}`, root);
  await waitUntil('dockerd answers', async () => {
    if (child.exitCode !== null) throw new Error(readFileSync(path.join(root, 'log'), 'utf8').slice(-3000));
    return existsSync(socket) && (await docker('version', '--format', '{{.Server.Version}}'));
  });
  return {
    docker,
    root,
    async close() {
      const all = (await docker('ps', '-aq')).split('\n').filter(Boolean);
      if (all.length > 0) await docker('rm', '-f', ...all);
      child.kill('SIGTERM');
      await ended;
      for (const mount of mountsBelow(root).reverse()) await runToEnd('umount', ['-l', mount]);
      await removeCgroup(cgroup);
      if (mountsBelow(root).length === 0) rmSync(root, { recursive: true });
    },
  };
}
