import { useEffect, useMemo, useState } from 'react';
import type { PortAnswer, PortQuestion } from '../../../electron/bridge/ports.ts';
import { call } from '../../host/bridge-client.ts';
import { useHost } from '../../host/host-store.ts';
import { questionsOf } from './form-request.ts';
import type { RunForm } from './run-form.ts';

const wordOf = ({ address, port, protocol }: PortQuestion) => `${address} ${port}/${protocol}`;

/**
 * Who has the ports that the form asks for, by row; asked anew when they changed or containers did. Only what is taken is
 * told, and only of a row that still asks for the same.
 * @param settled the form once it rested
 */
export function usePortCheck(form: RunForm, settled: RunForm): ReadonlyMap<number, PortAnswer> {
  const containers = useHost((state) => state.containers);
  const [answers, setAnswers] = useState<ReadonlyMap<string, PortAnswer>>(new Map());
  const asked = useMemo(() => questionsOf(settled).map(({ question }) => question), [settled]);
  const words = asked.map(wordOf).join();
  useEffect(() => {
    let left = false;
    if (asked.length === 0) return;
    void call('ports.ask', { ports: asked.slice(0, 256) }).then((outcome) => {
      // a host that cannot tell checks nothing: the start will say
      if (!left && outcome.ok) setAnswers(new Map(outcome.value.map((answer) => [wordOf(answer), answer])));
    });
    return () => {
      left = true;
    };
  }, [words, containers]);
  return useMemo(() => {
    const rows = questionsOf(form).flatMap(({ row, question }) => {
      const answer = answers.get(wordOf(question));
      return answer && answer.state !== 'free' ? [[row, answer] as const] : [];
    });
    return new Map(rows);
  }, [form, answers]);
}
