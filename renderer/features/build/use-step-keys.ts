import type { KeyboardEvent, RefObject } from 'react';
import type { BuildStep } from '../../../electron/bridge/builds.ts';

interface StepKeys {
  steps: readonly BuildStep[];
  chosen: number | undefined;
  choose: (step: number) => void;
  list: RefObject<HTMLElement | null>;
}

/** Arrows, Home and End in a list box of steps, whose options have the ids `build-step-N`. */
export function useStepKeys({ steps, chosen, choose, list }: StepKeys): (event: KeyboardEvent) => void {
  return (event) => {
    const at = steps.findIndex(({ number }) => number === chosen);
    const by = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1, Home: -steps.length, End: steps.length }[event.key];
    const next = by === undefined ? undefined : steps[Math.max(0, Math.min(steps.length - 1, at + by))];
    if (!next) return;
    event.preventDefault();
    choose(next.number);
    list.current?.querySelector(`#build-step-${next.number}`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  };
}
