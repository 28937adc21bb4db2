import type { PlannedStep } from './build-service.ts';
import { type Node, sourcesOf } from './node.ts';
import type { Plan } from './plan-build.ts';

/** The steps of a plan with what each begins with. Pure. */
export function plannedSteps({ result, steps }: Plan): readonly PlannedStep[] {
  const after = new Map<number, Set<number>>();
  const seen = new Set<Node>();
  const visit = (node: Node): void => {
    if (node.op === 'scratch' || seen.has(node)) return;
    seen.add(node);
    const own = after.get(node.step.number) ?? new Set();
    after.set(node.step.number, own);
    if (node.op === 'image') return;
    for (const other of [node.input, ...sourcesOf(node)]) {
      if (other.op !== 'scratch' && other.step.number !== node.step.number) own.add(other.step.number);
      visit(other);
    }
  };
  visit(result.node);
  return steps.map(({ number, words, lines, stage }) => {
    const makes = after.get(number);
    const named = stage === undefined ? {} : { stage };
    return {
      number,
      words,
      ...named,
      lines,
      after: [...(makes ?? [])].sort((a, b) => a - b),
      makes: makes !== undefined,
    };
  });
}
