import type { DockerHost, HostLogin } from '../../engine/compose/docker-host.ts';
import type {
  BelugaNames,
  BelugaTags,
  BelugaTransferRequest,
  BelugaTransfers,
} from '../../engine/http/extension-types.ts';
import type { FoundNames, FoundTags, Transfer } from '../bridge/transfers.ts';
import { HostError } from './host-error.ts';
import { createOwnTransfers } from './own-transfers.ts';
import { createPulse, pause } from './pulse.ts';
import { registryOf } from './registry-of.ts';

/** Milliseconds before a subscription that broke off is asked for again. */
const RETRY = 500;
/** Milliseconds between two lists that are told. */
const INTERVAL = 100;

export interface TransferSources {
  readonly host: DockerHost;
  /** Resolves when the engine runs, or at the abort. */
  readonly engineRuns: (signal: AbortSignal) => Promise<void>;
  /** The engine that runs is one of ours, and has transfers of its own. */
  readonly isBeluga: () => boolean;
  /** For exactly this host (`ghcr.io`, `127.0.0.1:5000`), wherever it is kept. */
  readonly loginFor?: (host: string) => Promise<HostLogin | undefined>;
}

/** Pulls and pushes of one host, wherever they are kept. */
export interface Transfers {
  /** Newest first, at once and after each change. */
  watch(signal: AbortSignal): AsyncGenerator<readonly Transfer[]>;
  pull(request: BelugaTransferRequest): Promise<string>;
  push(reference: string): Promise<string>;
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  names(text: string): Promise<FoundNames>;
  tags(name: string): Promise<FoundTags>;
  /** Ends what hangs on this process. */
  close(): void;
}

const isList = (value: unknown): value is BelugaTransfers =>
  typeof value === 'object' && value !== null && 'transfers' in value && Array.isArray(value.transfers);

/** Follows the engine's own list for as long as there is an engine. */
async function followEngine(
  { host, engineRuns, isBeluga }: TransferSources,
  told: (transfers: readonly Transfer[]) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await engineRuns(signal);
    try {
      const lists = isBeluga() ? host.system.followExtension('/beluga/transfers?follow=1', signal) : [];
      for await (const list of lists)
        if (isList(list)) told(list.transfers.map((transfer) => ({ ...transfer, kind: 'pull', detailed: true })));
    } catch {
      // the engine went, or is one that has no transfers: it is asked again
    }
    await pause(RETRY, signal);
  }
}

function isCreated(value: unknown): value is { id: string } {
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string';
}

function notThere(): HostError {
  return new HostError('not-implemented', 'This engine cannot do that. Update it.');
}

const onward = (id: string, verb = '') => `/beluga/transfers/${encodeURIComponent(id)}${verb && `/${verb}`}`;

/** Makes them for one host. */
export function createTransfers(sources: TransferSources): Transfers {
  const { host, isBeluga, loginFor = async () => undefined } = sources;
  const changed = createPulse();
  const own = createOwnTransfers(changed);
  const command = async (path: string, method: 'POST' | 'DELETE'): Promise<void> => {
    await host.system.extension(path, { method });
  };
  const refuseOwn = (id: string) => {
    if (own.has(id)) throw notThere();
  };

  return {
    async *watch(signal) {
      let engines: readonly Transfer[] = [];
      const following = followEngine(
        sources,
        (list) => {
          engines = list;
          changed.beat();
        },
        signal,
      );
      for (let seen = -1; !signal.aborted; ) {
        await changed.after(seen, signal);
        seen = changed.count;
        yield [...own.list(), ...engines].sort((a, b) => b.startedAt - a.startedAt);
        await pause(INTERVAL, signal);
      }
      await following;
    },
    async pull(request) {
      const { reference, platform } = request;
      const login = await loginFor(registryOf(reference));
      if (isBeluga()) {
        const created = await host.system.extension('/beluga/transfers', { method: 'POST', body: request }, login);
        if (isCreated(created)) return created.id;
      }
      const run = (signal: AbortSignal) =>
        host.images.pull({ reference, ...(platform && { platform }), ...(login && { login }) }, signal);
      return own.begin({ kind: 'pull', reference, ...(platform && { platform }), run });
    },
    async push(reference) {
      const login = await loginFor(registryOf(reference));
      return own.begin({ kind: 'push', reference, run: (signal) => host.images.push(reference, login, signal) });
    },
    async pause(id) {
      refuseOwn(id);
      await command(onward(id, 'pause'), 'POST');
    },
    async resume(id) {
      refuseOwn(id);
      await command(onward(id, 'resume'), 'POST');
    },
    async cancel(id) {
      if (own.has(id)) own.cancel(id);
      else await command(onward(id), 'DELETE');
    },
    async names(text) {
      const found = isBeluga() && (await host.system.extension(`/beluga/names?${new URLSearchParams({ text })}`));
      return found ? { ...(found as BelugaNames), known: true } : { names: [], unsearchable: [], known: false };
    },
    async tags(name) {
      const login = await loginFor(registryOf(name));
      const path = `/beluga/tags?${new URLSearchParams({ name })}`;
      const found = isBeluga() && (await host.system.extension(path, undefined, login));
      return found ? { ...(found as BelugaTags), known: true } : { tags: [], endpoint: '', known: false };
    },
    close: own.close,
  };
}
