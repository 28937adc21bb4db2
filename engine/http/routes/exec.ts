import { EngineError } from '../../base/errors.ts';
import type { ExecService } from '../../services/exec/exec-service.ts';
import { readJson } from '../body.ts';
import { createDetachKeys, defaultDetachKeys } from '../detach-keys.ts';
import type { BelugaExecCreated } from '../extension-types.ts';
import { readHijackBody } from '../hijack.ts';
import { serveProcess } from '../process-stream.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { checkSize, createExecFromWire, execToWire, sizeFromWire } from '../wire/exec.ts';
import { whole } from '../wire/query.ts';
import { validate } from '../wire/validate.ts';

async function create(execs: ExecService, x: Exchange): Promise<void> {
  const body = await readJson(x.request);
  if (body === undefined) {
    throw new EngineError('invalid', 'invalid JSON: got EOF while reading request body', { reason: 'request.invalid' });
  }
  const request = createExecFromWire(validate('ExecConfig', body));
  createDetachKeys(request.detachKeys || defaultDetachKeys, 'escape');
  const { id } = await execs.create(param(x, 'name'), request);
  const answer: BelugaExecCreated = { Id: id, ...(request.hangUp && { BelugaHangUp: true }) };
  sendJson(x, 201, answer);
}

async function start(execs: ExecService, x: Exchange): Promise<void> {
  const id = param(x, 'id');
  const { Detach: detach = false, ConsoleSize } = validate('ExecStartConfig', (await readHijackBody(x)) ?? {});
  const size = sizeFromWire(ConsoleSize ?? undefined);
  const { terminal, stdin, hangUp, detachKeys, stream, failure, detached } = await execs.start(id, {
    detach,
    ...(size && { size }),
  });
  if (detach) return sendEmpty(x, 200);
  await serveProcess(x, stream, {
    terminal,
    stdin,
    inputEnds: !terminal,
    keys: terminal && !hangUp ? createDetachKeys(detachKeys || defaultDetachKeys) : undefined,
    onDetached: detached,
    bodyRead: true,
    ...(failure && { failure: failure.message }),
  });
}

/** @throws EngineError `invalid`, as Docker also where it is left out. */
function cells(x: Exchange, name: 'h' | 'w'): number {
  const number = whole(x.query, name);
  if (number !== undefined) return number;
  throw new EngineError('invalid', 'strconv.Atoi: parsing "": invalid syntax', {
    reason: 'request.invalid',
    params: { field: name },
  });
}

/** Processes in running containers. */
export function execRoutes({ execs }: { execs: ExecService }): readonly Route[] {
  return [
    { method: 'POST', path: '/containers/:name/exec', handler: (x) => create(execs, x) },
    { method: 'POST', path: '/exec/:id/start', hijacks: true, handler: (x) => start(execs, x) },
    {
      method: 'GET',
      path: '/exec/:id/json',
      handler: (x) => sendJson(x, 200, execToWire(execs.inspect(param(x, 'id')))),
    },
    {
      method: 'POST',
      path: '/exec/:id/resize',
      handler: (x) => {
        execs.resize(param(x, 'id'), checkSize(cells(x, 'h'), cells(x, 'w')));
        sendEmpty(x, 200);
      },
    },
  ];
}
