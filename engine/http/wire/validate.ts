import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { EngineError } from '../../base/errors.ts';
import type { RequestBodies } from './request-bodies.ts';
import schemas from './schemas.generated.json' with { type: 'json' };

/** With the first body: it prepares much. */
let ajv: Ajv | undefined;
const compiled = new Map<string, ValidateFunction>();

function validatorOf(name: keyof RequestBodies): ValidateFunction {
  const known = compiled.get(name);
  if (known) return known;
  ajv ??= new Ajv({ allErrors: false, strict: false, verbose: true });
  const made = ajv.compile(schemas.properties[name]);
  compiled.set(name, made);
  return made;
}

/** As Go's decoder: a field that is null is a field that is not there. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)]])),
  );
}

const goNameOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return value === null ? 'null' : typeof value;
};

function describe(error: ErrorObject): EngineError {
  const field = error.instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || 'body';
  const wanted = Array.isArray(error.schema) ? error.schema.join(' or ') : String(error.schema);
  return new EngineError(
    'invalid',
    `invalid JSON: cannot unmarshal ${goNameOf(error.data)} into field ${field} of type ${wanted}`,
    {
      reason: 'request.invalid',
      params: { field },
    },
  );
}

/**
 * A parsed body as the type it should be: unknown fields pass, null is absent.
 * @throws EngineError `invalid` (`request.invalid`) that names the first field of a wrong type.
 */
export function validate<Name extends keyof RequestBodies>(name: Name, value: unknown): RequestBodies[Name] {
  const body = withoutNulls(value);
  const check = validatorOf(name);
  if (!check(body)) {
    const [error] = check.errors ?? [];
    throw error ? describe(error) : new EngineError('invalid', 'invalid JSON', { reason: 'request.invalid' });
  }
  return body as RequestBodies[Name];
}
