import { useEffect, useState } from 'react';
import type { Failure, Outcome } from '../../../electron/bridge/failure.ts';
import type { FoundNames, FoundTags } from '../../../electron/bridge/transfers.ts';
import { call } from '../../host/bridge-client.ts';

export interface Answer<T> {
  /** What was asked for; an older answer stays until the next one is there. */
  readonly question: string;
  readonly value?: T;
  readonly failure?: Failure;
}

/** Asks once the question has rested; `undefined` asks nothing. */
function useAnswer<T>(
  question: string | undefined,
  rest: number,
  ask: (question: string) => Promise<Outcome<T>>,
): { answer: Answer<T> | undefined; busy: boolean } {
  const [answer, setAnswer] = useState<Answer<T>>();
  const open = question !== undefined && answer?.question !== question;
  useEffect(() => {
    if (question === undefined || !open) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const outcome = await ask(question);
      if (!wanted) return;
      setAnswer(outcome.ok ? { question, value: outcome.value } : { question, failure: outcome.failure });
    }, rest);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [question, open, rest, ask]);
  return { answer: question === undefined ? undefined : answer, busy: open };
}

const askNames = (text: string) => call('registries.names', { text });
const askTags = (name: string) => call('registries.tags', { name });

/** Repositories whose names go on so. */
export function useNames(text: string) {
  return useAnswer<FoundNames>(text.length >= 2 ? text : undefined, 400, askNames);
}

/** Tags of a repository that was chosen or written out. */
export function useTags(name: string | undefined) {
  return useAnswer<FoundTags>(name, 250, askTags);
}
