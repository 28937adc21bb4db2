import { randomBytes } from 'node:crypto';
import type { DockerHost, HostLogin } from '../../engine/compose/docker-host.ts';
import type { BelugaBuild, BelugaBuildLine, BelugaBuilds } from '../../engine/http/extension-types.ts';
import type { Build, BuildDetail, BuildForm, BuildLogLine } from '../bridge/builds.ts';
import { HostError } from '../hosts/host-error.ts';
import { createPulse, pause } from '../hosts/pulse.ts';
import { registryOf } from '../hosts/registry-of.ts';
import type { BuildFolders } from './build-folders.ts';
import type { BuildRecipes } from './build-recipes.ts';
import { packContext } from './context-tar.ts';
import { walkContext } from './context-walk.ts';
import { imagesOf } from './dockerfile-offers.ts';
import { createOwnBuilds, type OwnBuilds } from './own-builds.ts';

/** Milliseconds before a subscription that broke off is asked for again, and between two lists that are told. */
const RETRY = 500;
const INTERVAL = 100;

export interface BuildSources {
  readonly host: DockerHost;
  /** Resolves when the engine runs, or at the abort. */
  readonly engineRuns: (signal: AbortSignal) => Promise<void>;
  /** The engine that runs is one of ours, and remembers builds itself. */
  readonly isBeluga: () => boolean;
  readonly folders: BuildFolders;
  readonly recipes: BuildRecipes;
  readonly loginFor: (host: string) => Promise<HostLogin | undefined>;
}

/** Builds of one host, wherever they are kept. */
export interface Builds {
  watch(signal: AbortSignal): AsyncGenerator<readonly Build[]>;
  follow(id: string, signal: AbortSignal): AsyncGenerator<BuildDetail>;
  log(id: string, step: number, signal: AbortSignal): AsyncGenerator<BuildLogLine>;
  /** @throws HostError that names what cannot be read */
  start(form: BuildForm): Promise<string>;
  cancel(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ends what hangs on this process. */
  close(): void;
}

/** What the host itself remembers. */
interface Told {
  builds: ReadonlyMap<string, BelugaBuilds['builds'][number]>;
}

const isList = (value: unknown): value is BelugaBuilds =>
  typeof value === 'object' && value !== null && 'builds' in value && Array.isArray(value.builds);

const onward = (id: string, rest = '') => `/beluga/builds/${encodeURIComponent(id)}${rest}`;

async function followEngine(
  { host, engineRuns, isBeluga }: BuildSources,
  tell: (builds: BelugaBuilds['builds']) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await engineRuns(signal);
    try {
      if (!isBeluga()) tell([]);
      const lists = isBeluga() ? host.system.followExtension('/beluga/builds?follow=1', signal) : [];
      for await (const list of lists) if (isList(list)) tell(list.builds);
    } catch {
      // the engine went, or is one that remembers no builds: it is asked again
    }
    await pause(RETRY, signal);
  }
}

/** The host's word goes first; why nothing could be sent is known here alone. */
function merged<T extends Build>(theirs: T, own: Build | undefined): T {
  const folder = own?.folder;
  const told = { ...theirs, ...(folder !== undefined && { folder }) };
  if (!own?.error || theirs.error || theirs.state === 'running') return told;
  return { ...told, state: 'failed', error: own.error };
}

/** Logins for the registries that base images come from. */
async function loginsFor(source: string, loginFor: BuildSources['loginFor']): Promise<Record<string, HostLogin>> {
  const hosts = [...new Set(imagesOf(source).map(registryOf))];
  const found = await Promise.all(hosts.map(async (host) => [host, await loginFor(host)] as const));
  const name = (host: string) => (host === 'docker.io' ? 'https://index.docker.io/v1/' : host);
  return Object.fromEntries(found.flatMap(([host, login]) => (login ? [[name(host), login]] : [])));
}

async function start({ host, folders, recipes, loginFor, isBeluga }: BuildSources, own: OwnBuilds, form: BuildForm) {
  const { folder, dockerfile, target, platform, reference, noCache, pull, leaveOut } = form;
  if (form.secrets.length > 0 && !isBeluga())
    throw new HostError('not-implemented', 'this engine takes secrets from the docker command alone', {
      reason: 'build.secrets-unsupported',
    });
  folders.check(folder);
  const source = await folders.dockerfile(folder, dockerfile);
  const context = { folder, dockerfile, leaveOut };
  // what cannot be read is told before anything is sent
  for await (const _ of walkContext(context));
  const id = randomBytes(8).toString('hex');
  const request = {
    ...{ id, dockerfile, noCache, pull },
    ...(target !== '' && { target }),
    ...(platform !== '' && { platform }),
    references: reference === '' ? [] : [reference],
    arguments: Object.fromEntries(form.arguments.map(({ name, value }) => [name, value])),
    logins: await loginsFor(source, loginFor),
    secrets: Object.fromEntries(form.secrets.map(({ id: name, content }) => [name, content])),
  };
  const run = (signal: AbortSignal) => host.builds.build(request, packContext(context, signal), signal);
  recipes.put(id, form);
  own.begin({ request, folder, source, run });
  return id;
}

/** Makes them for one host. */
export function createBuilds(sources: BuildSources): Builds {
  const { host, recipes } = sources;
  const changed = createPulse();
  const own = createOwnBuilds(changed);
  const closing = new AbortController();
  const told: Told = { builds: new Map() };
  const tell = (builds: BelugaBuilds['builds']) => {
    told.builds = new Map(builds.map((build) => [build.id, build]));
    changed.beat();
  };
  void followEngine(sources, tell, closing.signal);
  const folderOf = (id: string) => recipes.find(id)?.folder;
  const withFolder = <T extends Build>(build: T): T => {
    const folder = build.folder ?? folderOf(build.id);
    return folder === undefined ? build : { ...build, folder };
  };
  const all = () => {
    const theirs = [...told.builds.values()].map((build) => merged(build, own.find(build.id)));
    const ours = own
      .list()
      .filter(({ id }) => !told.builds.has(id))
      .map(summaryOf);
    return [...theirs, ...ours].map(withFolder).sort((a, b) => b.startedAt - a.startedAt);
  };
  return {
    async *watch(signal) {
      for (let seen = -1; !signal.aborted; ) {
        await changed.after(seen, signal);
        seen = changed.count;
        yield all();
        await pause(INTERVAL, signal);
      }
    },
    async *follow(id, signal) {
      for (let seen = -1; !signal.aborted && !told.builds.has(id); ) {
        const view = own.find(id);
        if (view) yield view;
        if (!view || view.endedAt !== undefined) return;
        seen = changed.count;
        await pause(INTERVAL, signal);
        await changed.after(seen, signal);
      }
      for await (const build of host.system.followExtension(onward(id, '?follow=1'), signal))
        yield withFolder(merged({ ...(build as BelugaBuild), detailed: true }, own.find(id)));
    },
    async *log(id, step, signal) {
      if (told.builds.has(id)) {
        const lines = host.system.followExtension(onward(id, `/steps/${step}/log`), signal);
        yield* lines as AsyncIterable<BelugaBuildLine>;
        return;
      }
      yield* ownLog({ own, changed }, { id, step }, signal);
    },
    start: (form) => start(sources, own, form),
    async cancel(id) {
      if (own.find(id)?.state === 'running') own.cancel(id);
      else await host.system.extension(onward(id, '/cancel'), { method: 'POST' });
    },
    async remove(id) {
      if (told.builds.has(id)) await host.system.extension(onward(id), { method: 'DELETE' });
      own.forget(id);
      recipes.remove(id);
    },
    close() {
      closing.abort();
      own.close();
    },
  };
}

async function* ownLog(
  { own, changed }: { own: OwnBuilds; changed: ReturnType<typeof createPulse> },
  { id, step }: { id: string; step: number },
  signal: AbortSignal,
): AsyncGenerator<BuildLogLine> {
  for (let given = 0; !signal.aborted; ) {
    const seen = changed.count;
    const lines = own.log(id, step);
    const runs = own.find(id)?.steps.find(({ number }) => number === step)?.state === 'running';
    for (const line of lines.slice(given)) yield line;
    given = lines.length;
    if (!runs) return;
    await changed.after(seen, signal);
  }
}

function summaryOf(build: BuildDetail): Build {
  const { arguments: _, source, steps, warnings, detailed, ...summary } = build;
  return summary;
}
