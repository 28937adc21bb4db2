import { EngineError } from '../../base/errors.ts';
import type { ContainerRecord } from './container-record.ts';
import type { ContainerState, ListContainers } from './container-service.ts';
import { networkOf } from './host-options.ts';
import { mountPointsOf } from './mounts/plan-mounts.ts';
import { isLive } from './state-machine.ts';

/** What a filter may need beside the container itself. */
export interface FilterContext {
  /** @throws EngineError `not-found`. */
  resolve(name: string): ContainerRecord;
  /** Ids of the images that are, or stand on, the named one; empty when there is none. */
  imagesFrom(name: string): ReadonlySet<string>;
}

const healths = ['none', 'starting', 'healthy', 'unhealthy'];

type Test = (record: ContainerRecord) => boolean;

const states = ['created', 'restarting', 'running', 'removing', 'paused', 'exited', 'dead'] satisfies ContainerState[];

/** Every filter of Docker's container list: a list of values, any of which matches (labels: all). */
const filters: Readonly<Record<string, (values: readonly string[], context: FilterContext) => Test>> = {
  id: (values) => (record) => values.some((value) => record.id.startsWith(value)),
  name: (values) => {
    const patterns = values.map(namePattern);
    return ({ name }) => patterns.some((matches) => matches(name) || matches(`/${name}`));
  },
  label: (values) => (record) => values.every((value) => hasLabel(record.fixed.config.labels, value)),
  'label!': (values) => (record) => !values.some((value) => hasLabel(record.fixed.config.labels, value)),
  status: (values) => {
    const unknown = values.find((value) => !(states as readonly string[]).includes(value));
    if (unknown !== undefined) throw invalid(`invalid filter 'status=${unknown}'`);
    return ({ state }) => values.includes(state);
  },
  exited: (values) => {
    const codes = values.map(exitCodeOf);
    return ({ state, status }) => state === 'exited' && codes.includes(status.exitCode);
  },
  ancestor: (values, context) => {
    const ids = values.map((value) => context.imagesFrom(value));
    return ({ fixed }) => ids.some((set) => set.has(fixed.imageId));
  },
  before: (values, context) => {
    const limit = values.map((value) => context.resolve(value).createdNano);
    return ({ createdNano }) => limit.some((other) => createdNano < other);
  },
  since: (values, context) => {
    const limit = values.map((value) => context.resolve(value).createdNano);
    return ({ createdNano }) => limit.some((other) => createdNano > other);
  },
  network: (values) => (record) => values.includes(networkOf(record.fixed.hostConfig.networkMode)),
  volume: (values) => (record) => {
    const places = mountPointsOf(record).flatMap(({ name, source, target }) => [name ?? source, target]);
    return values.some((value) => places.includes(value));
  },
  health: (values) => {
    const unknown = values.find((value) => !healths.includes(value));
    if (unknown !== undefined) throw invalid(`unrecognized filter value for health: ${unknown}`);
    return ({ status }) => values.includes(status.health?.status ?? 'none');
  },
  // of a swarm, which there is none of
  'is-task': (values) => {
    const [isTask, ...more] = values.map(booleanOf);
    if (isTask === undefined || more.some((one) => one !== isTask)) {
      throw invalid(`invalid filter 'is-task=[${values.join(' ')}]'`);
    }
    return () => !isTask;
  },
  // of Windows
  isolation: () => () => true,
  publish: (values) => {
    const asked = values.map((value) => portRange('publish', value));
    return (record) =>
      livePorts(record).some(({ host, protocol }) => asked.some((range) => isIn(range, host, protocol)));
  },
  expose: (values) => {
    const asked = values.map((value) => portRange('expose', value));
    return (record) =>
      livePorts(record).some(({ inside, protocol }) => asked.some((range) => isIn(range, inside, protocol)));
  },
};

/**
 * The containers a list request asks for, newest first.
 * @throws EngineError `invalid` for an unknown filter or value.
 */
export function listContainers(
  records: readonly ContainerRecord[],
  request: ListContainers,
  context: FilterContext,
): ContainerRecord[] {
  const asked = Object.entries(request.filters ?? {}).filter(([, values]) => values.length > 0);
  const tests = asked.map(([name, values]) => {
    const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (!filter) throw new EngineError('invalid', `invalid filter '${name}'`);
    return filter(values, context);
  });
  const limit = request.limit ?? 0;
  // as in Docker only a state that is asked for says that stopped ones are meant
  const everything = request.all || limit > 0 || asked.some(([name]) => name === 'status');
  const found = records.filter((record) => (everything || isLive(record.state)) && tests.every((test) => test(record)));
  found.reverse();
  return limit > 0 ? found.slice(0, limit) : found;
}

/** A regular expression, as Go writes its flags; what is none is part of a name. */
function namePattern(value: string): (name: string) => boolean {
  const [flags = '', letters = ''] = /^\(\?([ims]+)\)/.exec(value) ?? [];
  try {
    const pattern = new RegExp(value.slice(flags.length), letters);
    return (name) => pattern.test(name);
  } catch {
    return (name) => name.includes(value);
  }
}

function hasLabel(labels: Readonly<Record<string, string>>, asked: string): boolean {
  const equals = asked.indexOf('=');
  if (equals < 0) return Object.hasOwn(labels, asked);
  return labels[asked.slice(0, equals)] === asked.slice(equals + 1);
}

function exitCodeOf(value: string): number {
  if (/^[-+]?\d+$/.test(value)) return Number(value);
  throw invalid(`invalid filter 'exited=${value}': strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`);
}

function booleanOf(value: string): boolean | undefined {
  if (['1', 'true'].includes(value)) return true;
  return ['0', 'false'].includes(value) ? false : undefined;
}

interface PortRange {
  first: number;
  last: number;
  protocol: string;
}

/** `80`, `80/udp`, `8000-8010/tcp`. @throws EngineError `invalid` in Docker's words */
function portRange(filter: string, value: string): PortRange {
  if (value.includes(':')) throw invalid(`filter for '${filter}' should not contain ':': ${value}`);
  const [ports = '', protocol = 'tcp'] = value.split('/');
  const [from = '', to = from] = ports.split('-');
  const refuse = (why: string) => invalid(`error while looking up for ${filter} ${value}: ${why}`);
  const number = (text: string) => {
    const why = /^\d+$/.test(text) ? (Number(text) > 65535 ? 'value out of range' : '') : 'invalid syntax';
    if (why) throw refuse(`strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`);
    return Number(text);
  };
  const range = { first: number(from), last: number(to), protocol: protocol.toLowerCase() };
  if (range.last < range.first) throw refuse(`invalid range specified for port: ${ports}`);
  return range;
}

const isIn = ({ first, last, protocol }: PortRange, port: number | undefined, of: string) =>
  port !== undefined && protocol === of && port >= first && port <= last;

/** What `docker ps` shows of a container that is on the bridge now: as in Docker the filters know no other ports. */
function livePorts({ status, fixed }: ContainerRecord): { host?: number; inside: number; protocol: string }[] {
  if (!status.endpoint) return [];
  const exposed = fixed.config.exposedPorts.map((port) => {
    const [inside = '', protocol = 'tcp'] = port.split('/');
    return { inside: Number(inside), protocol };
  });
  const published = (status.endpoint.ports ?? []).map(({ hostPort, containerPort, protocol }) => ({
    ...{ host: hostPort, inside: containerPort, protocol },
  }));
  return [...exposed, ...published];
}

const invalid = (message: string) =>
  new EngineError('invalid', message, { reason: 'request.invalid', params: { field: 'filters' } });
