import http from 'node:http';
import { text } from 'node:stream/consumers';
import type { BelugaTransfers } from '../../engine/http/extension-types.ts';
import type { RegistrySettings } from '../../engine/registry/mirrors/registry-settings.ts';
import type { Transfer } from '../../engine/services/transfers/transfer-service.ts';
import type { TestEngine } from '../engine-fixture.ts';

/** Limits that make a sick mirror cost a test little time. */
export const smallLimits = {
  connect: 500,
  answer: 1500,
  stall: 600,
  hedge: 400,
  floor: 400_000,
  floorWindow: 400,
  sick: 1,
};

/** One call of the engine's extension: status and the answer's JSON. */
export async function callEngine(
  { folders }: { folders: Pick<TestEngine['folders'], 'socket'> },
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const request = http.request({ socketPath: folders.socket, method, path });
  request.setHeader('content-type', 'application/json');
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  request.end(body === undefined ? '' : JSON.stringify(body));
  const response = await answered;
  const said = await text(response);
  return { status: response.statusCode ?? 0, body: said ? JSON.parse(said) : undefined };
}

/** Applies settings for registries. @throws Error with the engine's words when they are refused. */
export async function setRegistries(engine: TestEngine, settings: Partial<RegistrySettings>): Promise<void> {
  const whole = { rules: [], insecure: [], hosts: {}, limits: smallLimits, ...settings };
  const { status, body } = await callEngine(engine, 'PUT', '/beluga/registries', whole);
  if (status !== 200) throw new Error(`the settings were refused: ${JSON.stringify(body)}`);
}

export async function transfersOf(engine: TestEngine): Promise<readonly Transfer[]> {
  const { body } = await callEngine(engine, 'GET', '/beluga/transfers');
  return (body as BelugaTransfers).transfers;
}

/** The decisions of the newest pull, a line each: `layer served http://127.0.0.1:5001 206`. */
export async function decisions(engine: TestEngine): Promise<readonly string[]> {
  const [transfer] = await transfersOf(engine);
  return (transfer?.log ?? []).map(({ what, event, endpoint, status }) =>
    [what, event, endpoint, status].filter((part) => part !== undefined).join(' '),
  );
}
