import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Channel, createChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { type Watchers, watchView } from '../../base/watched-view.ts';
import type { Records } from '../../storage/records/records.ts';
import type { BuildMessage, BuildRequest, BuildService, CacheFilter } from '../build/build-service.ts';
import { type BuildRunRows, openBuildRunRows } from './build-run-rows.ts';
import type { BuildRunDetail, BuildRunService } from './build-run-service.ts';
import { openRunAccount, type RunAccount, summaryOf } from './run-account.ts';
import { createSecretWords, listening } from './secret-words.ts';
import { createStepLogs, type LogLimits, type StepLogs } from './step-logs.ts';

/** Runs that are kept after their end. */
const mostKept = 100;
const logLimits: LogLimits = { head: 1 << 20, tail: 256 << 10 };
/** Milliseconds between two tellings, and between two writings of what goes on. */
const tellPause = 200;
const writePause = 300;

export interface RecordedBuildsOptions {
  records: Records;
  /** Does the work. */
  builds: BuildService;
  dataRoot: string;
  log: Pick<Log, 'warn'>;
}

export interface RecordedBuilds {
  /** The same service, of whose builds is written down how they go. */
  builds: BuildService;
  runs: BuildRunService;
}

interface Going {
  account: RunAccount;
  cancel(): void;
  watchers: Watchers;
}

/** What belongs to one engine. */
interface Office extends RecordedBuildsOptions {
  rows: BuildRunRows;
  logs: StepLogs;
  going: Map<string, Going>;
  ended: Map<string, BuildRunDetail>;
  watchers: Watchers;
}

/** Opens the history; what an engine before this one had under way when it was ended is `lost`. */
export async function openRecordedBuilds(options: RecordedBuildsOptions): Promise<RecordedBuilds> {
  const { records, dataRoot, log, builds } = options;
  const rows = openBuildRunRows(records);
  const logs = createStepLogs({ directory: path.join(dataRoot, 'build', 'logs'), limits: logLimits, log });
  const kept = rows.all().map((run) => (run.state === 'running' ? lost(run) : run));
  await logs.keepOnly(new Set(kept.map(({ id }) => id)));
  const office: Office = {
    ...{ ...options, rows, logs, going: new Map(), watchers: new Set() },
    ended: new Map(kept.reverse().map((run) => [run.id, run])),
  };
  for (const run of kept) if (run.state === 'lost') rows.put(run);
  return {
    builds: {
      ...builds,
      build: (request) => run(office, request),
      async prune(filter) {
        const gone = await builds.prune(filter);
        await forget(office, toForget(office, filter));
        return gone;
      },
    },
    runs: serviceOf(office),
  };
}

function lost(run: BuildRunDetail): BuildRunDetail {
  const steps = run.steps.map((step) => (step.state === 'running' ? { ...step, state: 'cancelled' as const } : step));
  return { ...run, state: 'lost', steps };
}

/** A prune that picks parts of the cache, or by size, is about the cache alone. */
function toForget({ ended }: Office, { all, unusedSince, ...picked }: CacheFilter): string[] {
  if (Object.values(picked).some((value) => value !== undefined)) return [];
  const isOld = ({ startedAt, endedAt = startedAt }: BuildRunDetail) => !unusedSince || endedAt < unusedSince.getTime();
  return [...ended.values()].filter(isOld).map(({ id }) => id);
}

async function forget({ rows, ended, logs, watchers }: Office, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  rows.remove(ids);
  for (const id of ids) ended.delete(id);
  for (const tell of watchers) tell();
  for (const id of ids) await logs.remove(id);
}

function run(office: Office, request: BuildRequest): Channel<BuildMessage> {
  const { builds, rows, logs, going, ended, watchers } = office;
  const id = freeId(office, request.id);
  const secrets = createSecretWords();
  const own: Watchers = new Set();
  let timer: NodeJS.Timeout | undefined;
  const changed = () => {
    for (const tell of [...own, ...watchers]) tell();
    timer ??= setTimeout(write, writePause);
  };
  const write = () => {
    timer = undefined;
    if (going.has(id)) rows.put(account.view());
  };
  const openLog = (step: number) => logs.begin(id, step);
  const account = openRunAccount({ id, request, secrets, openLog, changed });
  const { client } = request;
  const inner = builds.build({ ...request, id, ...(client && { client: listening(client, secrets) }) });
  const channel = createChannel<BuildMessage>({ onClose: () => void inner.return() });
  const cancel = () => channel.fail(new EngineError('cancelled', 'the build was cancelled'));
  going.set(id, { account, cancel, watchers: own });
  rows.put(account.view());
  changed();

  const follow = async () => {
    try {
      for await (const message of inner) {
        account.tell(message);
        channel.push(message);
      }
      await account.end();
      channel.end();
    } catch (error) {
      await account.fail(error);
      channel.fail(error);
    }
    clearTimeout(timer);
    going.delete(id);
    ended.set(id, account.view());
    rows.put(account.view());
    for (const tell of [...own, ...watchers]) tell();
    await forget(office, [...ended.keys()].slice(0, -mostKept));
  };
  follow().catch((error: unknown) => channel.fail(error));
  return channel;
}

/** The client's own word, if it is one and nobody has it. */
function freeId({ going, ended }: Office, wanted: string | undefined): string {
  const isFree = wanted !== undefined && /^[0-9a-f]{16}$/.test(wanted) && !going.has(wanted) && !ended.has(wanted);
  return isFree ? wanted : randomBytes(8).toString('hex');
}

function serviceOf(office: Office): BuildRunService {
  const { going, ended, logs, watchers } = office;
  const find = (id: string): BuildRunDetail => {
    const found = going.get(id)?.account.view() ?? ended.get(id);
    if (found) return found;
    throw new EngineError('not-found', `no such build: ${id}`, { reason: 'build.not-found', params: { id } });
  };
  const list = () =>
    [...ended.values(), ...[...going.values()].map(({ account }) => account.view())]
      .map(summaryOf)
      .sort((a, b) => b.startedAt - a.startedAt);
  return {
    list,
    watch: () => watchView(list, watchers, { pause: tellPause }),
    one: find,
    watchOne(id) {
      let last = find(id);
      const own = going.get(id)?.watchers ?? new Set();
      const look = () => (last = going.get(id)?.account.view() ?? ended.get(id) ?? last);
      return watchView(look, own, { pause: tellPause, isOver: () => !going.has(id) });
    },
    log(id, step) {
      find(id);
      return logs.read(id, step);
    },
    cancel(id) {
      const running = going.get(id);
      if (running) return running.cancel();
      find(id);
      throw new EngineError('conflict', `the build ${id} has ended`, { reason: 'build.ended', params: { id } });
    },
    async remove(id) {
      find(id);
      if (going.has(id))
        throw new EngineError('conflict', `the build ${id} runs: cancel it first`, {
          reason: 'build.running',
          params: { id },
        });
      await forget(office, [id]);
    },
  };
}
