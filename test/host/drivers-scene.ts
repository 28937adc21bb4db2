import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { findProgram } from '../../engine/base/program-file.ts';
import type { Roots } from '../../engine/cli/mount-namespace.ts';
import { createMounter } from '../../engine/drivers/mounts/mounter.ts';
import { bundleDirectory } from '../../engine/drivers/mounts/namespace-record.ts';
import { openNamespaces } from '../../engine/drivers/network/namespaces.ts';
import { type AttachLimits, createAttachHub } from '../../engine/drivers/oci/attach-hub.ts';
import { createCgroups } from '../../engine/drivers/oci/cgroups.ts';
import { createConmonRuntime } from '../../engine/drivers/oci/conmon-runtime.ts';
import { openExitFiles } from '../../engine/drivers/oci/exit-files.ts';
import { type FastPaths, plainPaths } from '../../engine/drivers/oci/fast-paths.ts';
import { probeRuntimes, usableRuntimes } from '../../engine/drivers/oci/probe-runtimes.ts';
import type { ExecRequest, Runtime } from '../../engine/drivers/oci/runtime.ts';
import type { RuntimeProgram } from '../../engine/drivers/oci/runtime-program.ts';
import { sealedProgram } from '../../engine/drivers/oci/sealed-program.ts';
import { buildSpec } from '../../engine/drivers/oci/spec-builder.ts';
import { readSpecHost } from '../../engine/drivers/oci/spec-host.ts';
import type { SpecRequest } from '../../engine/drivers/oci/spec-request.ts';
import { filesOf, sampleLayer } from '../sample.ts';

const applets = ['sh', 'cat', 'ls', 'sleep', 'head', 'id', 'grep', 'mount', 'stty', 'ifconfig', 'seq', 'true', 'kill'];

/** A folder with empty roots and a small root filesystem of busybox. */
export async function makeFolders(): Promise<Roots & { folder: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'beluga-drivers-'));
  const rootfs = path.join(folder, 'rootfs');
  for (const name of ['data', 'run', 'rootfs/bin', 'rootfs/proc', 'rootfs/dev', 'rootfs/sys', 'rootfs/etc']) {
    mkdirSync(path.join(folder, name), { recursive: true });
  }
  writeFileSync(path.join(rootfs, 'bin/busybox'), await busybox(), { mode: 0o755 });
  for (const applet of applets) symlinkSync('busybox', path.join(rootfs, 'bin', applet));
  writeFileSync(path.join(rootfs, 'etc/plain'), 'not a program\n', { mode: 0o644 });
  return { folder, dataRoot: path.join(folder, 'data'), runRoot: path.join(folder, 'run') };
}

async function busybox(): Promise<Buffer> {
  const file = (await filesOf(Readable.from([await sampleLayer()]))).get('bin/busybox');
  if (!file) throw new Error('the sample image has no bin/busybox');
  return file;
}

type Asked = 'terminal' | 'user' | 'privileged' | 'resources' | 'seccomp' | 'mounts' | 'noNewPrivileges';

export interface RunRequest extends Partial<Pick<SpecRequest, Asked>> {
  args: readonly string[];
  stdin?: boolean;
  network?: 'none' | 'host';
}

/** The runtimes with their shortcuts, and with the plain twins of these. */
export const variants = ['crun-fast', 'crun-plain', 'runc-plain'] as const;
export type Variant = (typeof variants)[number];

const fastPaths: FastPaths = { start: true, delete: true, seccomp: true, sealed: true };

/** The runtime behind a script that writes down what it is called for: a shortcut that is taken is one call less. */
async function writtenDown(folder: string, name: string, { sealed }: FastPaths): Promise<RuntimeProgram> {
  const program = usableRuntimes(await probeRuntimes()).find((candidate) => candidate.name === name);
  if (!program) throw new Error(`${name} cannot be used here`);
  const file = path.join(folder, name);
  const { file: called } = sealed ? sealedProgram(program) : program;
  const script = `#!/bin/sh\necho "$*" >> ${file}.calls\nexec ${called} "$@"\n`;
  writeFileSync(file, script, { mode: 0o755 });
  writeFileSync(`${file}.calls`, '');
  return { ...program, file };
}

/** The drivers put together, on the roots of `makeFolders`; for use inside the engine's mount namespace. */
export async function openScene(folder: string, variant: Variant, limits: Partial<AttachLimits> = {}) {
  const roots = { dataRoot: path.join(folder, 'data'), runRoot: path.join(folder, 'run') };
  const { runRoot } = roots;
  const [name = '', how] = variant.split('-');
  const chosen = how === 'fast' ? fastPaths : plainPaths;
  const program = await writtenDown(folder, name, chosen);
  const exits = openExitFiles(path.join(runRoot, 'exits'));
  const attachments = createAttachHub({ runRoot, limits: { spoolDirectory: roots.dataRoot, ...limits } });
  const namespaces = openNamespaces(runRoot);
  const mounter = createMounter({ runRoot });
  const conmon = findProgram('conmon') ?? '';
  const runtime = createConmonRuntime({
    ...{ runRoot, conmon, program, exits, attachments, cgroups: createCgroups() },
    fastPaths: chosen,
  });
  const host = readSpecHost();
  const logOf = (id: string) => path.join(roots.dataRoot, id, 'log');
  const rootfsOf = (id: string) => path.join(bundleDirectory(runRoot, id), 'rootfs');

  const create = async (request: RunRequest): Promise<string> => {
    const id = randomBytes(32).toString('hex');
    const data = path.join(roots.dataRoot, id);
    for (const part of ['upper', 'work']) mkdirSync(path.join(data, part), { recursive: true });
    mkdirSync(rootfsOf(id), { recursive: true, mode: 0o711 });
    const options = [`lowerdir=${folder}/rootfs`, `upperdir=${data}/upper`, `workdir=${data}/work`];
    await mounter.mount([{ type: 'overlay', source: 'overlay', options }], rootfsOf(id));
    const namespacePath = request.network === 'host' ? 'host' : namespaces.make(id);
    const { spec } = buildSpec(
      {
        environment: [],
        workingDirectory: '/',
        user: { uid: 0, gid: 0, additionalGids: [0] },
        hostname: 'box',
        rootfs: { path: rootfsOf(id), readonly: false },
        terminal: false,
        mounts: [],
        network: namespacePath,
        cgroupsPath: `/${path.basename(folder)}/${id}`,
        resources: {},
        capabilitiesAdd: [],
        capabilitiesDrop: [],
        privileged: false,
        seccomp: 'default',
        noNewPrivileges: false,
        ulimits: [],
        sysctls: {},
        ...request,
      },
      host,
    );
    const stdin = request.stdin ?? false;
    const directory = bundleDirectory(runRoot, id);
    try {
      await runtime.create({
        id,
        name: 'test',
        directory,
        spec,
        openStdin: stdin,
        stdinOnce: stdin,
        logPath: logOf(id),
      });
    } catch (error) {
      await remove(id);
      throw error;
    }
    return id;
  };
  const exec = (id: string, args: readonly string[], options: Partial<ExecRequest> = {}) =>
    runtime.exec({
      id,
      execId: randomBytes(32).toString('hex'),
      args,
      environment: [],
      workingDirectory: '/',
      terminal: false,
      streams: { stdin: true, stdout: true, stderr: true },
      detached: false,
      ...options,
    });
  const remove = async (id: string): Promise<void> => {
    await runtime.delete(id);
    namespaces.remove(id);
    await mounter.unmount(rootfsOf(id));
    rmSync(bundleDirectory(runRoot, id), { recursive: true, force: true });
    rmSync(path.join(roots.dataRoot, id), { recursive: true, force: true });
  };
  return {
    ...{ runtime, namespaces, mounter, exits, create, exec, remove, logOf, rootfsOf, runRoot, program },
    fast: how === 'fast',
    /** What the runtime was called for about this container, in order: `create`, `start`, … */
    calls(id: string): string[] {
      const lines = readFileSync(`${program.file}.calls`, 'utf8').split('\n');
      const words = lines.filter((line) => line.includes(id)).map((line) => line.split(' '));
      return words.flatMap((line) => line.find((word) => /^(create|start|state|delete|exec)$/.test(word)) ?? []);
    },
    /** Runs to the end: everything it wrote, as stdout and stderr, and its exit code. */
    async run(request: RunRequest, meanwhile: (runtime: Runtime, id: string) => Promise<void> = async () => {}) {
      const id = await create(request);
      try {
        const { output } = await runtime.attach(id);
        const text = { stdout: '', stderr: '' };
        const reading = (async () => {
          for await (const { stream, data } of output) text[stream] += Buffer.from(data).toString();
        })();
        const exit = runtime.wait(id);
        await runtime.start(id);
        await meanwhile(runtime, id);
        const { exitCode } = await exit;
        await reading;
        return { exitCode, ...text };
      } finally {
        await remove(id);
      }
    },
    close() {
      attachments.close();
      exits.close();
    },
  };
}
