import type { Handlers } from '../bridge/handlers.ts';
import type { transferMethods } from '../bridge/transfers.ts';
import type { Transfers } from '../hosts/transfers.ts';

/** What the renderer may do with pulls and pushes, and ask of registries. */
export function transferHandlers(transfers: Transfers): Pick<Handlers, keyof typeof transferMethods> {
  return {
    'transfers.watch': (_, signal) => transfers.watch(signal),
    'transfers.pull': async ({ reference, platform }) => ({
      id: await transfers.pull({ reference, ...(platform && { platform }) }),
    }),
    'transfers.push': async ({ reference }) => ({ id: await transfers.push(reference) }),
    'transfers.pause': ({ id }) => transfers.pause(id),
    'transfers.resume': ({ id }) => transfers.resume(id),
    'transfers.cancel': ({ id }) => transfers.cancel(id),
    'registries.names': ({ text }) => transfers.names(text),
    'registries.tags': ({ name }) => transfers.tags(name),
  };
}
