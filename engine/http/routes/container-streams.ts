import { EngineError, toEngineError } from '../../base/errors.ts';
import type { ContainerService, WaitCondition } from '../../services/containers/container-service.ts';
import { isAtLeast } from '../api-version.ts';
import { createDetachKeys, defaultDetachKeys } from '../detach-keys.ts';
import { serveProcess, streamType } from '../process-stream.ts';
import { type Exchange, param, type Route, sendEmpty } from '../route.ts';
import { frame, pump, sendArchive } from '../stream.ts';
import { logChunks, logOptionsFromWire } from '../wire/log.ts';
import { flag, needed } from '../wire/query.ts';

const waitConditions: Readonly<Record<string, WaitCondition>> = {
  '': 'not-running',
  'not-running': 'not-running',
  'next-exit': 'next-exit',
  removed: 'removed',
};

/** The head goes out once the wait is registered (since API 1.30 clients rely on it), the result when it is there. */
async function wait(containers: ContainerService, x: Exchange): Promise<void> {
  const { response } = x;
  const condition = x.query.get('condition') ?? '';
  const until = Object.hasOwn(waitConditions, condition) ? waitConditions[condition] : undefined;
  if (!until) {
    throw new EngineError('invalid', `invalid condition: "${condition}"`, { reason: 'request.invalid' });
  }
  const channel = await containers.wait(param(x, 'name'), until);
  const leave = () => void channel.return();
  response.once('close', leave);
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.flushHeaders();
  try {
    for await (const { exitCode, error } of channel) {
      response.end(`${JSON.stringify({ StatusCode: exitCode, ...(error && { Error: { Message: error } }) })}\n`);
      return;
    }
    response.end();
  } catch (error) {
    response.end(`${JSON.stringify({ StatusCode: -1, Error: { Message: toEngineError(error).message } })}\n`);
  } finally {
    response.off('close', leave);
  }
}

async function logs(containers: ContainerService, x: Exchange): Promise<void> {
  const name = param(x, 'name');
  const options = logOptionsFromWire(x.query);
  const { config } = await containers.inspect(name);
  const source = await containers.streams.logs(name, options);
  const { response } = x;
  response.writeHead(200, { 'Content-Type': streamType(x, config.terminal) });
  response.flushHeaders();
  const chunksOf = logChunks({ terminal: config.terminal, timestamps: flag(x.query, 'timestamps') });
  try {
    await pump(source, response, chunksOf);
    response.end();
  } catch (error) {
    const message = Buffer.from(`Error grabbing logs: ${toEngineError(error).message}\n`);
    for (const chunk of config.terminal ? [message] : frame('stderr', message)) response.write(chunk);
    response.end();
  }
}

async function attach(containers: ContainerService, x: Exchange, { webSocket = false } = {}): Promise<void> {
  const { query } = x;
  // a WebSocket had all of them before it was asked which
  const has = (name: string) => (webSocket && !isAtLeast(x.version, [1, 42])) || flag(query, name);
  const [stdin, stdout, stderr] = [has('stdin'), has('stdout'), has('stderr')];
  // who wants none of them is through at once, as in Docker: nothing would ever tell that such a client has left
  const stream = flag(query, 'stream') && (stdin || stdout || stderr);
  const options = { logs: flag(query, 'logs'), stream, stdin, stdout, stderr };
  const keys = createDetachKeys(query.get('detachKeys') || defaultDetachKeys);
  const attached = await containers.streams.attach(param(x, 'name'), options);
  const { terminal, inputOnce } = attached;
  await serveProcess(x, attached.stream, {
    terminal,
    stdin: options.stdin && options.stream,
    inputEnds: inputOnce,
    keys: terminal ? keys : undefined,
    onDetached: attached.detached,
    webSocket,
  });
}

/** Routes of containers that stream: logs, attach, wait; and the terminal's size. */
export function containerStreamRoutes({ containers }: { containers: ContainerService }): readonly Route[] {
  return [
    { method: 'POST', path: '/containers/:name/wait', handler: (x) => wait(containers, x) },
    { method: 'GET', path: '/containers/:name/logs', handler: (x) => logs(containers, x) },
    {
      method: 'GET',
      path: '/containers/:name/export',
      handler: (x) => sendArchive(x, containers.streams.export(param(x, 'name'))),
    },
    { method: 'POST', path: '/containers/:name/attach', hijacks: true, handler: (x) => attach(containers, x) },
    {
      method: 'GET',
      path: '/containers/:name/attach/ws',
      hijacks: true,
      handler: (x) => attach(containers, x, { webSocket: true }),
    },
    {
      method: 'POST',
      path: '/containers/:name/resize',
      handler: async (x) => {
        const [rows, columns] = [needed(x.query, 'h'), needed(x.query, 'w')];
        await containers.streams.resize(param(x, 'name'), { rows, columns });
        sendEmpty(x, 200);
      },
    },
  ];
}
