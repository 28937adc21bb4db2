import { once } from 'node:events';
import http from 'node:http';
import { EngineError, messageOf } from '../base/errors.ts';
import { errnoCode } from '../base/libc.ts';
import type { Log } from '../base/log.ts';
import { type MetricsDependencies, sendMetrics } from './routes/metrics.ts';

export interface MetricsServer {
  close(): Promise<void>;
}

/**
 * The figures at a TCP address, as dockerd's `metrics-addr`: GET /metrics and nothing else.
 * @throws EngineError `conflict` when it cannot be listened on
 */
export async function listenForMetrics(
  dependencies: MetricsDependencies & { log: Pick<Log, 'error' | 'warn'> },
  { host, port }: { host: string; port: number },
): Promise<MetricsServer> {
  const server = http.createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      return;
    }
    sendMetrics(dependencies, response).catch((error) => {
      dependencies.log.error('the metrics could not be told', { error });
      response.destroy();
    });
  });
  await listen(server, { host, port });
  if (!isLoopback(host)) {
    const words =
      'the metrics are told to everybody who reaches this computer: 127.0.0.1 in their address keeps them here';
    dependencies.log.warn(words, { host: host || '*', port });
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const isLoopback = (host: string) => /^(127\.|::1$|localhost$)/.test(host);

/** @throws EngineError `conflict` in Docker's words */
async function listen(server: http.Server, { host, port }: { host: string; port: number }): Promise<void> {
  const listening = once(server, 'listening');
  server.listen(port, host || undefined);
  try {
    await listening;
  } catch (cause) {
    const isTaken = errnoCode(cause) === 'EADDRINUSE';
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const why = isTaken ? 'bind: address already in use' : messageOf(cause);
    const help = isTaken ? 'stop what listens there, or give another --metrics-addr' : 'give another --metrics-addr';
    const words = `failed to start metrics server: listen tcp ${address}: ${why} (${help})`;
    throw new EngineError('conflict', words, { reason: 'request.invalid', params: { detail: words }, cause });
  }
}
