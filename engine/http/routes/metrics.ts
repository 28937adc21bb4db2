import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { EventBus } from '../../events/event-bus.ts';
import type { EngineMetrics } from '../../services/system/metrics-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import type { Route } from '../route.ts';
import { metricsToText, metricsType, type ProcessFigures } from '../wire/metrics.ts';

export interface MetricsDependencies {
  system: SystemService;
  metrics: EngineMetrics;
  events: Pick<EventBus, 'watchers'>;
}

function processFigures(): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  return {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: memory.rss,
    heapBytes: memory.heapUsed,
    openFiles: readdirSync('/proc/self/fd').length,
    startSeconds: Date.now() / 1000 - process.uptime(),
  };
}

/** Answers with every figure as it is now. */
export async function sendMetrics(
  { system, metrics, events }: MetricsDependencies,
  response: ServerResponse,
): Promise<void> {
  const text = metricsToText({
    facts: system.facts(),
    counts: await system.counts(),
    metrics,
    process: processFigures(),
    subscribers: events.watchers(),
  });
  response.writeHead(200, { 'Content-Type': metricsType, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

/** GET /metrics on the socket, which dockerd has only at an address of its own. */
export const metricsRoutes = (dependencies: MetricsDependencies): readonly Route[] => [
  { method: 'GET', path: '/metrics', handler: ({ response }) => sendMetrics(dependencies, response) },
];
