import { type Channel, createChannel } from '../../base/channel.ts';
import type { BuildMessage, BuildService } from '../../services/build/build-service.ts';
import { bodyOf } from '../body.ts';
import { notThereYet } from '../not-there-yet.ts';
import { type Exchange, type Route, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { buildFromWire, buildPrinter, loginsFromWire, pruneFromWire, quietLine } from '../wire/build.ts';
import { flag } from '../wire/query.ts';

async function build(builds: BuildService, x: Exchange): Promise<void> {
  if (x.query.get('version') === '2') throw notThereYet('building with BuildKit (POST /build?version=2)');
  const request = buildFromWire(x.query);
  const logins = loginsFromWire(x.request.headers['x-registry-config']);
  const tar = bodyOf(x.request);
  try {
    const lines = linesOf(builds.build({ ...request, ...idOf(x), logins, tar }), flag(x.query, 'q'));
    await sendJsonLines(x, lines, (line) => line, { late: true });
  } finally {
    tar.destroy();
  }
}

/** Clients of ours choose by which id they will ask about it. */
function idOf({ request }: Exchange): { id?: string } {
  const id = request.headers['x-beluga-build'];
  return typeof id === 'string' ? { id } : {};
}

/** What clients of the classic builder read. One that is to be quiet says everything only when it fails. */
function linesOf(messages: Channel<BuildMessage>, isQuiet: boolean): Channel<string> {
  const lines = createChannel<string>({ onClose: () => void messages.return() });
  const print = buildPrinter();
  const kept: string[] = [];
  const go = async () => {
    try {
      for await (const message of messages) {
        const printed = print(message);
        if (!isQuiet) for (const line of printed) lines.push(line);
        else if ('built' in message) lines.push(quietLine(message.built.imageId));
        else kept.push(...printed);
      }
      lines.end();
    } catch (error) {
      for (const line of kept) lines.push(line);
      lines.fail(error);
    }
  };
  void go();
  return lines;
}

/** Building images by the classic API. */
export function buildRoutes({ builds }: { builds: BuildService }): readonly Route[] {
  return [
    { method: 'POST', path: '/build', handler: (x) => build(builds, x) },
    {
      method: 'POST',
      path: '/build/prune',
      handler: async (x) => {
        const { ids, bytes } = await builds.prune(pruneFromWire(x.query));
        sendJson(x, 200, { CachesDeleted: ids.length > 0 ? ids : null, SpaceReclaimed: bytes });
      },
    },
  ];
}
