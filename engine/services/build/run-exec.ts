import { closeSync, constants, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { diskFull } from '../../base/disk-full.ts';
import { EngineError } from '../../base/errors.ts';
import { errnoCode, openPathOnly } from '../../base/libc.ts';
import { fileTypes, openBeneath, statusAt, unlinkAt } from '../../base/libc-files.ts';
import type { NetworkProvider } from '../../drivers/network/network-provider.ts';
import { madeByStart } from '../../drivers/oci/made-by-start.ts';
import type { OciMount } from '../../drivers/oci/oci-spec.ts';
import type { StepRunner } from '../../drivers/oci/run-step.ts';
import type { OutputChunk } from '../../drivers/oci/runtime.ts';
import { buildSpec } from '../../drivers/oci/spec-builder.ts';
import type { SpecHost } from '../../drivers/oci/spec-host.ts';
import { lookUpUser } from '../../drivers/oci/user-lookup.ts';
import { hostPlatform, platformText } from '../../registry/platform.ts';
import { followInRoot } from '../../storage/files/path-in-root.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildRequest } from './build-service.ts';
import type { StepSecrets } from './exec-secrets.ts';
import type { ExecNode } from './node.ts';
import type { WorkSite } from './work-site.ts';

/** Files of the host's making that a step finds in its /etc. */
export interface StepHostFiles {
  write(
    directory: string,
    request: {
      hostname: string;
      extraHosts: readonly string[];
      dns: readonly string[];
      dnsSearch: readonly string[];
      dnsOptions: readonly string[];
      hostNetwork: boolean;
      endpoint?: { address: string; gateway: string };
    },
  ): Promise<{ hostname: string; hosts: string; resolvConf: string }>;
}

export interface ExecDependencies {
  runner(): StepRunner;
  network: NetworkProvider;
  specHost(): SpecHost;
  hostFiles: StepHostFiles;
  instance: string;
  /** Whether programs of an architecture (GOARCH) run here. */
  runsPrograms(architecture: string): boolean;
}

export interface ExecWork {
  node: ExecNode;
  site: WorkSite;
  /** What is bound from elsewhere. */
  mounts: readonly OciMount[];
  secrets: StepSecrets;
  request: Pick<BuildRequest, 'extraHosts' | 'resources' | 'ulimits' | 'shmSizeBytes' | 'cgroupParent'>;
  output(chunk: OutputChunk): void;
  signal: AbortSignal;
}

/** Bytes. */
const almostNothing = 1 << 20;

/** Programs do not always say so, and the room is back when somebody looks. */
function isFull(directory: string): boolean {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize < almostNothing;
}

/** As BuildKit calls it. */
const hostname = 'buildkitsandbox';

/**
 * Runs one RUN in a root filesystem that is mounted.
 * @throws BuildFailure for an exit code other than 0; EngineError `cancelled`, `invalid`
 */
export async function runExec(dependencies: ExecDependencies, work: ExecWork): Promise<void> {
  const { network, runner } = dependencies;
  const { node, site, signal, output } = work;
  requirePlatform(dependencies, node);
  runner().prepare();
  const { memory } = work.secrets;
  const places = [...work.mounts, ...work.secrets.mounts].flatMap(({ destination }) => pathsTo(destination));
  const missing = missingIn(site.root, [...madeByStart, ...places]);
  // beside the root filesystem: what a crash leaves goes with it
  const directory = path.join(memory ?? path.dirname(site.rootfs), 'step');
  try {
    const { namespacePath, endpoint } = await network.attach(site.id, {
      mode: node.network === 'default' ? 'bridge' : node.network,
      ports: [],
    });
    const files = await dependencies.hostFiles.write(path.join(directory, 'files'), {
      ...{ hostname, extraHosts: work.request.extraHosts, dns: [], dnsSearch: [], dnsOptions: [] },
      ...{ hostNetwork: node.network === 'host', ...(endpoint && { endpoint }) },
    });
    const spec = specOf(dependencies, work, { files, namespacePath });
    const exitCode = await runner().run({
      ...{ id: site.id, directory: path.join(directory, 'bundle'), spec, output, signal },
      // the runtime keeps a copy of the specification, and with it of variables
      ...(memory !== undefined && { stateDirectory: path.join(memory, 'state') }),
    });
    if (exitCode === 0) return;
    if (isFull(site.rootfs)) output({ stream: 'stderr', data: Buffer.from(`${diskFull(undefined).message}\n`) });
    throw new BuildFailure(node.args, exitCode, node.step.lines);
  } finally {
    await network.detach(site.id);
    await rm(directory, { recursive: true, force: true });
    removeMade(site.root, missing);
  }
}

/** @throws EngineError `unavailable` (`build.platform`) */
function requirePlatform({ runsPrograms }: ExecDependencies, { platform }: ExecNode): void {
  if (runsPrograms(platform.architecture)) return;
  const params = { platform: platformText(platform), host: platformText(hostPlatform()) };
  throw new EngineError(
    'unavailable',
    `RUN cannot run programs of ${params.platform} on this machine (${params.host}): no emulator is registered with binfmt_misc, install qemu-user-static`,
    { reason: 'build.platform', params },
  );
}

function specOf(
  { specHost, instance }: ExecDependencies,
  { node, site, request, mounts, secrets }: ExecWork,
  { files, namespacePath }: { files: { hostname: string; hosts: string; resolvConf: string }; namespacePath: string },
) {
  const user = lookUpUser(site.rootfs, node.user, []);
  const environment = [...node.environment, ...node.proxies, ...secrets.environment];
  const hasHome = environment.some((entry) => entry.startsWith('HOME='));
  const options = ['rbind', 'rprivate', 'rw'];
  const parent = request.cgroupParent ? path.posix.join('/', request.cgroupParent) : `/beluga-${instance}`;
  return buildSpec(
    {
      args: node.args,
      environment: [...environment, ...(hasHome ? [] : [`HOME=${user.home}`])],
      workingDirectory: node.workingDirectory,
      user,
      hostname,
      rootfs: { path: site.rootfs, readonly: false },
      terminal: false,
      mounts: [
        { destination: '/etc/resolv.conf', type: 'bind', source: files.resolvConf, options },
        { destination: '/etc/hostname', type: 'bind', source: files.hostname, options },
        { destination: '/etc/hosts', type: 'bind', source: files.hosts, options },
        ...mounts,
        ...secrets.mounts,
      ],
      network: namespacePath,
      cgroupsPath: path.posix.join(parent, site.id),
      resources: request.resources,
      ...{ capabilitiesAdd: [], capabilitiesDrop: [], seccomp: 'default', noNewPrivileges: false },
      privileged: node.isInsecure === true,
      ulimits: request.ulimits,
      sysctls: {},
      ...(request.shmSizeBytes !== undefined && { shmSizeBytes: request.shmSizeBytes }),
    },
    specHost(),
  ).spec;
}

/** A path and those above it, relative to the root. */
function pathsTo(destination: string): string[] {
  const parts = destination.split('/').filter(Boolean);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Where they would be in the root, with the symlinks of the image followed in there. */
function missingIn(root: number, names: readonly string[]): string[] {
  const places = new Set(names.map((name) => followInRoot(root, `/${name}`).slice(1)));
  return [...places].filter((place) => place !== '' && entryOf(root, place) === undefined);
}

/** Gives what lies at a path that no symlink is on, with the directory it is in; undefined: nothing does. */
function withEntry<T>(
  root: number,
  place: string,
  work: (parent: number, base: string, mode: number, size: number) => T,
) {
  const slash = place.lastIndexOf('/');
  const base = place.slice(slash + 1);
  let parent: number | undefined;
  try {
    parent = openBeneath(root, slash < 0 ? '.' : place.slice(0, slash), openPathOnly | constants.O_DIRECTORY);
    const { mode, size } = statusAt(parent, base);
    return work(parent, base, mode & fileTypes.mask, size);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'EXDEV'].includes(errnoCode(error) ?? '')) return undefined;
    throw error;
  } finally {
    if (parent !== undefined) closeSync(parent);
  }
}

const entryOf = (root: number, place: string) => withEntry(root, place, (_parent, _base, type) => type);

/**
 * What a start has made leaves no trace, unless the step has put something there. The step may have put symlinks on the way,
 * which lead anywhere: none is followed.
 */
function removeMade(root: number, made: readonly string[]): void {
  for (const place of made.toReversed()) {
    try {
      withEntry(root, place, (parent, base, type, size) => {
        if (type === fileTypes.directory) unlinkAt(parent, base, { directory: true });
        else if (type === fileTypes.regular && size === 0) unlinkAt(parent, base);
      });
    } catch (error) {
      if (errnoCode(error) !== 'ENOTEMPTY') throw error;
    }
  }
}

/** @throws EngineError where this host cannot run a step */
export function requireRunner(runner: StepRunner | undefined, cannotRun: EngineError | undefined): StepRunner {
  if (cannotRun) throw cannotRun;
  if (!runner) throw new EngineError('unavailable', 'no OCI runtime was found: steps of a build cannot run');
  return runner;
}
