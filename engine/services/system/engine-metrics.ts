import type { EngineMetrics } from './metrics-service.ts';

export function createEngineMetrics(): EngineMetrics {
  const checks = { all: 0, failed: 0 };
  const answers = new Map<number, number>();
  let events = 0;
  return {
    healthChecks: () => ({ ...checks }),
    events: () => events,
    answers: () => answers,
    checked(well) {
      checks.all += 1;
      if (!well) checks.failed += 1;
    },
    told() {
      events += 1;
    },
    answered: (status) => void answers.set(status, (answers.get(status) ?? 0) + 1),
  };
}
