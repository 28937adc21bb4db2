import { EngineError } from '../../base/errors.ts';

/**
 * Networks know containers by their ids, people by their names: gives the holder of a port its name.
 * @throws EngineError the failure, with the name in place of the id in `params.container`.
 */
export function namePortHolder(error: unknown, nameOf: (id: string) => string | undefined): never {
  if (!(error instanceof EngineError) || error.reason !== 'container.port-taken-by-container') throw error;
  const id = String(error.params.container);
  const container = nameOf(id) ?? id.slice(0, 12);
  throw new EngineError(error.code, `${error.message} (by container ${container})`, {
    reason: error.reason,
    params: { ...error.params, container },
    cause: error,
  });
}
