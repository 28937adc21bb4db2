import { EngineError, type ErrorParams, toEngineError } from '../../base/errors.ts';
import { mayBeSecret } from '../../dockerfile/secret-names.ts';
import type { BuildMessage, BuildRequest } from '../build/build-service.ts';
import type { BuildRun, BuildRunDetail, BuildRunStep } from './build-run-service.ts';
import type { SecretWords } from './secret-words.ts';
import { createStepBooks } from './step-books.ts';
import type { StepLog } from './step-logs.ts';

/** The books of one build: what it has told so far. */
export interface RunAccount {
  tell(message: BuildMessage): void;
  /** It has come to its end, or was left. */
  end(): Promise<void>;
  fail(error: unknown): Promise<void>;
  view(): BuildRunDetail;
}

type Books = Omit<BuildRunDetail, 'steps' | 'made' | 'cached' | 'current'>;

export interface RunAccountParts {
  id: string;
  request: BuildRequest;
  secrets: SecretWords;
  openLog(step: number): StepLog;
  changed(): void;
}

function booksOf({ id, request, secrets }: RunAccountParts): Books {
  const { references, target, platforms, noCache, pull, network, buildArguments } = request;
  const named = Object.entries(buildArguments).map(([name, value]) => {
    if (value === undefined) return { name };
    if (!mayBeSecret(name)) return { name, value };
    secrets.add(value);
    return { name };
  });
  return {
    ...{ id, state: 'running', startedAt: Date.now(), references },
    dockerfile: request.dockerfile ?? 'Dockerfile',
    ...(target !== undefined && { target }),
    ...(platforms && { platform: platforms.join(',') }),
    ...{ total: 0, arguments: named, noCache, pull, network, warnings: [] },
  };
}

export function openRunAccount(parts: RunAccountParts): RunAccount {
  const { secrets, changed } = parts;
  const books = booksOf(parts);
  const steps = createStepBooks(parts);
  let isBuilt = false;
  const close = async (state: BuildRun['state'], ofRunning: BuildRunStep['state']) => {
    await Promise.all(steps.running().map((step) => steps.end(step, ofRunning)));
    books.state = state;
    books.endedAt = Date.now();
    changed();
  };
  return {
    tell(message) {
      if ('source' in message) books.source = secrets.without(message.source);
      else if ('warning' in message) books.warnings = [...books.warnings, secrets.without(message.warning)];
      else if ('built' in message) {
        isBuilt = true;
        // one that is not here cannot be opened
        if (message.built.isKept) books.imageId = message.built.imageId;
      } else if ('planned' in message) {
        books.total = message.planned.length;
        steps.plan(message.planned);
      } else if (!('push' in message) && !('aside' in message)) {
        if ('started' in message) books.total = message.total;
        steps.tell(message);
      }
      changed();
    },
    end() {
      if (!isBuilt) return close('cancelled', 'cancelled');
      steps.skipRest();
      return close('done', 'done');
    },
    async fail(error) {
      if (error instanceof EngineError && error.code === 'cancelled') return close('cancelled', 'cancelled');
      books.error = failureOf(error, secrets);
      const { line = -1 } = books.error;
      const guilty = steps.running().filter(({ lines }) => lines.first <= line && line <= lines.last);
      await Promise.all((guilty.length > 0 ? guilty : steps.running()).map((step) => steps.end(step, 'failed')));
      return close('failed', 'cancelled');
    },
    view() {
      const all = steps.view();
      const made = all.filter(({ makes, cached }) => makes && cached !== undefined);
      const cached = made.filter((step) => step.cached).length;
      return { ...books, steps: all, current: steps.current(), made: made.length, cached };
    },
  };
}

function failureOf(error: unknown, secrets: SecretWords): NonNullable<BuildRun['error']> {
  const { message, code, reason, params, lines } = toEngineError(error);
  const line = lines?.first;
  const covered: ErrorParams = Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? secrets.without(value) : value]),
  );
  return {
    ...{ message: secrets.without(message), code, params: covered },
    ...(reason !== undefined && { reason }),
    ...(line !== undefined && { line }),
  };
}

/** A line of the list. */
export function summaryOf(run: BuildRunDetail): BuildRun {
  const { arguments: _, noCache, pull, network, source, steps, warnings, ...summary } = run;
  return summary;
}
