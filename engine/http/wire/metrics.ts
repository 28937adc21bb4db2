import type { EngineMetrics } from '../../services/system/metrics-service.ts';
import type { EngineCounts, EngineFacts } from '../../services/system/system-service.ts';
import { graphDriverName } from './system.ts';

type Labels = Readonly<Record<string, string>>;

/** Figures of the engine's own process; times in seconds. */
export interface ProcessFigures {
  cpuSeconds: number;
  residentBytes: number;
  heapBytes: number;
  openFiles: number;
  /** Since the epoch. */
  startSeconds: number;
}

export interface MetricsParts {
  facts: EngineFacts;
  counts: EngineCounts;
  metrics: EngineMetrics;
  process: ProcessFigures;
  /** Clients that listen to events now. */
  subscribers: number;
}

const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function sample(name: string, labels: Labels, value: number): string {
  const list = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}${list.length > 0 ? `{${list.join(',')}}` : ''} ${value}`;
}

type Family = readonly [
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly (readonly [Labels, number])[],
];

/** dockerd's, by its names. */
function daemonFamilies({ facts, counts, metrics, subscribers }: MetricsParts): Family[] {
  const info = {
    architecture: facts.architecture,
    commit: '',
    daemon_id: facts.id,
    graphdriver: graphDriverName(facts.snapshotter),
    kernel: facts.kernel,
    os: facts.operatingSystem,
    os_type: 'linux',
    os_version: facts.operatingSystemVersion,
    version: facts.version,
  };
  const checks = metrics.healthChecks();
  const states = { paused: counts.paused, running: counts.running, stopped: counts.stopped };
  return [
    [
      'engine_daemon_engine_info',
      'gauge',
      'The information related to the engine and the OS it is running on',
      [[info, 1]],
    ],
    [
      'engine_daemon_engine_cpus_cpus',
      'gauge',
      'The number of cpus that the host system of the engine has',
      [[{}, facts.cpus]],
    ],
    [
      'engine_daemon_engine_memory_bytes',
      'gauge',
      'The number of bytes of memory that the host system of the engine has',
      [[{}, facts.memoryBytes]],
    ],
    [
      'engine_daemon_container_states_containers',
      'gauge',
      'The count of containers in various states',
      Object.entries(states).map(([state, count]) => [{ state }, count] as const),
    ],
    ['engine_daemon_events_total', 'counter', 'The number of events logged', [[{}, metrics.events()]]],
    [
      'engine_daemon_events_subscribers_total',
      'gauge',
      'The number of current subscribers to events',
      [[{}, subscribers]],
    ],
    ['engine_daemon_health_checks_total', 'counter', 'The total number of health checks', [[{}, checks.all]]],
    [
      'engine_daemon_health_checks_failed_total',
      'counter',
      'The total number of failed health checks',
      [[{}, checks.failed]],
    ],
  ];
}

function ownFamilies({ counts, metrics, process }: MetricsParts): Family[] {
  const answers = [...metrics.answers()].sort(([a], [b]) => a - b);
  return [
    ['beluga_images', 'gauge', 'Images in the store', [[{}, counts.images]]],
    [
      'beluga_http_answers_total',
      'counter',
      'Requests that were answered, by status',
      answers.map(([code, count]) => [{ code: String(code) }, count] as const),
    ],
    ['beluga_heap_bytes', 'gauge', 'Bytes of JavaScript objects', [[{}, process.heapBytes]]],
    [
      'process_cpu_seconds_total',
      'counter',
      'Total user and system CPU time spent in seconds.',
      [[{}, process.cpuSeconds]],
    ],
    ['process_open_fds', 'gauge', 'Number of open file descriptors.', [[{}, process.openFiles]]],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', [[{}, process.residentBytes]]],
    [
      'process_start_time_seconds',
      'gauge',
      'Start time of the process since unix epoch in seconds.',
      [[{}, process.startSeconds]],
    ],
  ];
}

/** Content type of the text below. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus' text exposition format, version 0.0.4. */
export function metricsToText(parts: MetricsParts): string {
  const families = [...daemonFamilies(parts), ...ownFamilies(parts)];
  const lines = families.flatMap(([name, type, help, samples]) => [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => sample(name, labels, value)),
  ]);
  return `${lines.join('\n')}\n`;
}
