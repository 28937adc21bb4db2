import { setTimeout as sleep } from 'node:timers/promises';
import type { RepositoryWork } from '../fetch.ts';
import type { RegistryClient } from '../registry-client.ts';
import { loginMissing, RegistryFailure } from '../registry-failure.ts';
import { type Answer, askInTurn } from './ask-in-turn.ts';
import type { HealthBook } from './health-book.ts';
import type { MirrorLimits } from './registry-settings.ts';
import type { Attempt, Source, SourceNote } from './source.ts';
import { SourcesFailure } from './source.ts';
import type { SourceOrder } from './source-order.ts';

export interface AskOptions<T> {
  what: SourceNote['what'];
  digest?: string;
  candidates: readonly Source[];
  /** Another one can be asked although it is no candidate. */
  brisk?: boolean;
  signal: AbortSignal;
  note(note: SourceNote): void;
  /** Lets go of an answer that came too late. */
  drop?(value: T): void;
  ask(work: RepositoryWork, source: Source): Promise<T>;
}

export interface SourceAskerParts {
  path: string;
  client: RegistryClient;
  health: HealthBook;
  order: SourceOrder;
  limits: MirrorLimits;
  /** Whether there is a login for exactly this host. */
  hasLogin(host: string): Promise<boolean>;
}

/** Asks sources and keeps the books: health, who refuses, notes. */
export interface SourceAsker {
  /** @throws SourcesFailure; what is no RegistryFailure as it is. */
  ask<T>(options: AskOptions<T>): Promise<Answer<T>>;
  /** As `ask`, for what comes as a whole: who asks to wait (Retry-After) is waited for, and who served is noted. */
  askWhole<T>(options: AskOptions<T>): Promise<T>;
  failed(attempt: Attempt, note: Omit<SourceNote, 'endpoint' | 'role'>): SourceNote;
  workAt(source: Source, signal: AbortSignal, brisk?: boolean): RepositoryWork;
}

const mostWaits = 3;
/** Milliseconds. */
const longestWait = 60_000;

export function createSourceAsker(parts: SourceAskerParts): SourceAsker {
  const { path, client, health, order, limits } = parts;
  const { connect, answer, stall } = limits;

  const workAt = (source: Source, signal: AbortSignal, brisk = false): RepositoryWork => ({
    session: client.session(source.endpoint, brisk ? { connect, answer, stall } : undefined),
    path,
    signal,
  });
  const failed = ({ source, failure }: Attempt, note: Omit<SourceNote, 'endpoint' | 'role'>): SourceNote => {
    const { status } = failure.details;
    health.failed(source.text, failure);
    order.failed(source);
    if (source.role === 'mirror' && (status === 401 || status === 403)) order.refuse(source);
    const { reason, params, message } = failure;
    const why = { ...(reason && { reason }), params, message, ...(status !== undefined && { status }) };
    return { endpoint: source.text, role: source.role, ...note, ...why };
  };
  /** A 401 without a login of ours says what is missing; the registry itself keeps its own words. */
  const explained = async (error: unknown, { role, endpoint }: Source): Promise<unknown> => {
    const isAuth = error instanceof RegistryFailure && error.details.status === 401 && role === 'mirror';
    return isAuth && !(await parts.hasLogin(endpoint.host)) ? loginMissing(error) : error;
  };
  const ask = async <T>(options: AskOptions<T>): Promise<Answer<T>> => {
    const { what, digest, note } = options;
    const about = { what, ...(digest && { digest }) };
    const found = await askInTurn<T>({
      candidates: options.candidates,
      hedge: limits.hedge,
      signal: options.signal,
      drop: options.drop ?? (() => {}),
      async ask(source, { signal, last }) {
        health.asking(source.text);
        try {
          return await options.ask(workAt(source, signal, options.brisk || !last), source);
        } catch (error) {
          throw await explained(error, source);
        }
      },
      onHedge: ({ text, role }) => note({ endpoint: text, role, ...about, event: 'hedged', took: limits.hedge }),
      onFailure: (attempt, took) => note(failed(attempt, { ...about, event: 'failed', took })),
    });
    health.answered(found.source.text, found.took);
    return found;
  };
  return {
    ask,
    workAt,
    failed,
    async askWhole(options) {
      const { what, digest, note, signal } = options;
      for (let waits = 0; ; waits++) {
        try {
          const { source, value, took } = await ask(options);
          note({ endpoint: source.text, role: source.role, what, ...(digest && { digest }), event: 'served', took });
          return value;
        } catch (error) {
          const wait = error instanceof SourcesFailure ? shortestWait(error.attempts) : undefined;
          if (wait === undefined || waits === mostWaits) throw error;
          await sleep(wait, undefined, { signal });
        }
      }
    },
  };
}

/** Milliseconds until the first of them wants to be asked again; undefined where none says so, or it is too long. */
function shortestWait(attempts: readonly Attempt[]): number | undefined {
  const waits = attempts.flatMap(({ failure: { details } }) => details.retryAfter ?? []);
  const shortest = Math.min(...waits);
  return shortest <= longestWait ? shortest : undefined;
}
