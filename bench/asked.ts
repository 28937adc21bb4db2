import type Docker from 'dockerode';
import type { Engine } from './engine.ts';
import type { Figures } from './figures.ts';

/** An engine with its figures, and the client of its API. */
export type Asked = Figures & { engine: string; values: number[]; docker: Docker; of: Engine };

/** Those that have an API, a row each. */
export function asked(engines: readonly Engine[], what: string): Asked[] {
  return engines.flatMap((of) =>
    of.docker ? [{ what, engine: of.name, values: [] as number[], docker: of.docker, of }] : [],
  );
}

/** As the table wants them. */
export const figuresOf = (rows: readonly Asked[]): Figures[] => rows.map(({ docker: _docker, of: _of, ...row }) => row);

/** Works through `items`, a few at a time. */
export async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}
