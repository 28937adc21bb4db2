import { EngineError } from '../../base/errors.ts';
import { networkId } from '../../base/network-id.ts';
import type { ContainerDetails, ContainerService } from '../../services/containers/container-service.ts';
import type { ExecService } from '../../services/exec/exec-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import { readJson } from '../body.ts';
import type { BelugaCreated } from '../extension-types.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson, sendJsonBytes } from '../route.ts';
import { containerSummaryToWire, containerToWire, statusWords } from '../wire/container.ts';
import { createContainerFromWire } from '../wire/create-container.ts';
import { type Filters, flag, parseFilters, whole } from '../wire/query.ts';
import { validate } from '../wire/validate.ts';

const listFilters = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

interface Services {
  containers: ContainerService;
  execs: ExecService;
  system: SystemService;
}

/** Networks of a filter by their ids too. */
function withNetworkNames(filters: Filters, instance: string): Filters {
  if (!filters.network) return filters;
  const byId = new Map(['bridge', 'host', 'none'].map((name) => [networkId(instance, name), name]));
  return { ...filters, network: filters.network.map((value) => byId.get(value) ?? value) };
}

const comma = Buffer.from(',');
const summaries = new WeakMap<ContainerDetails, { status: string; bytes: Buffer }>();

/** Lists are asked for again and again, and most containers stay as they are: of a summary, only `Status` follows the clock. */
function summaryBytes(container: ContainerDetails, instance: string): Buffer {
  const status = statusWords(container, Date.now());
  const before = summaries.get(container);
  if (before?.status === status) return before.bytes;
  const bytes = Buffer.from(JSON.stringify(containerSummaryToWire(container, instance)));
  summaries.set(container, { status, bytes });
  return bytes;
}

async function list({ containers, system }: Services, x: Exchange): Promise<void> {
  const limit = whole(x.query, 'limit');
  const { instance } = system.facts();
  const found = await containers.list({
    all: flag(x.query, 'all'),
    ...(flag(x.query, 'size') && { sizes: true }),
    ...(limit !== undefined && limit > 0 && { limit }),
    filters: withNetworkNames(parseFilters(x.query, listFilters), instance),
  });
  const parts = found.flatMap((container) => [comma, summaryBytes(container, instance)]);
  sendJsonBytes(x, 200, Buffer.concat([Buffer.from('['), ...parts.slice(1), Buffer.from(']\n')]));
}

async function create({ containers }: Services, x: Exchange): Promise<void> {
  const body = await readJson(x.request);
  if (body === undefined) {
    throw new EngineError('invalid', 'invalid JSON: got EOF while reading request body', { reason: 'request.invalid' });
  }
  const request = createContainerFromWire(
    validate('ContainerCreateRequest', body),
    { name: x.query.get('name'), platform: x.query.get('platform') },
    x.version,
  );
  const { id, warnings } = await containers.create(request);
  const answer: BelugaCreated = { Id: id, Warnings: warnings.map(({ message }) => message), BelugaWarnings: warnings };
  sendJson(x, 201, answer);
}

/** Docker's rule since API 1.24, which is the oldest of ours: up to 7 bytes are no object. */
function refuseHostConfig({ request }: Exchange): void {
  if (Number(request.headers['content-length'] ?? 0) <= 7 && !('transfer-encoding' in request.headers)) return;
  throw new EngineError(
    'invalid',
    'starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24',
    { reason: 'request.invalid' },
  );
}

const stopOptions = ({ query }: Exchange) => {
  const timeoutSeconds = whole(query, 't');
  const signal = query.get('signal');
  return { ...(timeoutSeconds !== undefined && { timeoutSeconds }), ...(signal && { signal }) };
};

/** Lifecycle of containers: everything that answers once. */
export function containerRoutes(services: Services): readonly Route[] {
  const { containers, execs, system } = services;
  const call = (method: Route['method'], path: string, work: (name: string, x: Exchange) => Promise<void>): Route => ({
    method,
    path,
    handler: async (x) => {
      await work(param(x, 'name'), x);
      sendEmpty(x);
    },
  });
  return [
    { method: 'GET', path: '/containers/json', handler: (x) => list(services, x) },
    { method: 'POST', path: '/containers/create', handler: (x) => create(services, x) },
    {
      method: 'GET',
      path: '/containers/:name/json',
      handler: async (x) => {
        const container = await containers.inspect(param(x, 'name'), { sizes: flag(x.query, 'size') });
        sendJson(x, 200, containerToWire(container, system.facts(), execs.idsOf(container.id)));
      },
    },
    call('POST', '/containers/:name/start', (name, x) => {
      refuseHostConfig(x);
      return containers.start(name);
    }),
    call('POST', '/containers/:name/stop', (name, x) => containers.stop(name, stopOptions(x))),
    call('POST', '/containers/:name/restart', (name, x) => containers.restart(name, stopOptions(x))),
    call('POST', '/containers/:name/kill', (name, x) => containers.kill(name, x.query.get('signal') || undefined)),
    call('POST', '/containers/:name/rename', (name, x) =>
      containers.rename(name, x.query.get('name')?.replace(/^\//, '') ?? ''),
    ),
    call('DELETE', '/containers/:name', (name, { query }) => {
      const options = { force: flag(query, 'force'), volumes: flag(query, 'v') };
      return containers.remove(name, flag(query, 'link') ? { ...options, link: true } : options);
    }),
  ];
}
