import type { ContainerPart } from '../features/container/part-tabs.tsx';
import { InspectView } from '../features/inspect/inspect-view.tsx';
import { LogView } from '../features/logs/log-view.tsx';
import { StatsView } from '../features/stats/stats-view.tsx';
import { useTerminalCount } from '../features/terminals/terminal-store.ts';
import { TerminalView } from '../features/terminals/terminal-view.tsx';

/** The tabs of a container's page, in their order. */
export const containerParts: readonly ContainerPart[] = [
  { path: 'logs', title: 'logs.title', View: LogView },
  { path: 'stats', title: 'stats.title', View: StatsView },
  { path: 'inspect', title: 'inspect.title', View: InspectView },
  { path: 'terminal', title: 'terminals.title', View: TerminalView, useCount: useTerminalCount },
];
