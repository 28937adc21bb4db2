import { EngineError } from '../../base/errors.ts';
import type { BelugaImportQuestion, BelugaLogin, BelugaMirrorQuestion } from '../extension-types.ts';

const refuse = (field: string, words: string): never => {
  throw new EngineError('invalid', `invalid JSON: ${field} has to be ${words}`, {
    reason: 'request.invalid',
    params: { field },
  });
};

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  return refuse('the body', 'an object');
}

function text(fields: Readonly<Record<string, unknown>>, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : refuse(name, 'a string');
}

const formats = ['daemon.json', 'hosts.toml', 'registries.conf'] as const;

/** @throws EngineError `invalid` (`request.invalid`) naming the field. */
export function importFromWire(body: unknown): BelugaImportQuestion {
  const fields = fieldsOf(body);
  const format = formats.find((one) => one === fields.format) ?? refuse('format', formats.join(', '));
  const registry = fields.registry === undefined ? '' : text(fields, 'registry');
  return { format, text: text(fields, 'text'), ...(registry && { registry }) };
}

/** @throws EngineError `invalid` (`request.invalid`) naming the field. */
export function mirrorQuestionFromWire(body: unknown): BelugaMirrorQuestion {
  const fields = fieldsOf(body);
  return { url: text(fields, 'url'), prefix: text(fields, 'prefix') };
}

/** @throws EngineError `invalid` (`request.invalid`) naming the field; nothing of it is told. */
export function registryLoginFromWire(body: unknown): BelugaLogin {
  const fields = fieldsOf(body);
  const identityToken = fields.identityToken === undefined ? '' : text(fields, 'identityToken');
  const login = { username: text(fields, 'username'), password: text(fields, 'password') };
  return { ...login, ...(identityToken && { identityToken }) };
}
