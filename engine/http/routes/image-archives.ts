import { createChannel } from '../../base/channel.ts';
import type { ImageService, LoadMessage } from '../../services/images/image-service.ts';
import { bodyOf } from '../body.ts';
import { notThereYet } from '../not-there-yet.ts';
import { type Exchange, param, type Route } from '../route.ts';
import { sendArchive, sendJsonLines } from '../stream.ts';
import { loadMessageToWire } from '../wire/image.ts';
import { platformFromWire } from '../wire/platform.ts';
import { flag } from '../wire/query.ts';

/** Progress only when the client did not ask for quiet; what was loaded always. */
async function load(images: ImageService, x: Exchange): Promise<void> {
  const tar = bodyOf(x.request);
  const quiet = flag(x.query, 'quiet');
  const lineOf = (message: LoadMessage) => (quiet && !('loaded' in message) ? undefined : loadMessageToWire(message));
  try {
    await sendJsonLines(x, images.load(tar), lineOf, { late: true });
  } finally {
    tar.destroy();
  }
}

/** POST /images/create with `fromSrc=-`. */
export async function importArchive(images: ImageService, x: Exchange): Promise<void> {
  const { query } = x;
  const source = query.get('fromSrc');
  if (source !== '-') {
    throw notThereYet(`importing from ${source || 'nothing'} instead of the archive itself`);
  }
  const repository = query.get('repo');
  const tag = query.get('tag');
  const message = query.get('message');
  const platform = query.get('platform');
  const tar = bodyOf(x.request);
  try {
    const id = await images.import({
      tar,
      ...(repository && { reference: tag ? `${repository}:${tag}` : repository }),
      ...(message && { message }),
      ...(platform && { platform }),
      changes: query.getAll('changes'),
    });
    const done = createChannel<{ status: string }>();
    done.push({ status: id });
    done.end();
    await sendJsonLines(x, done, (line) => JSON.stringify(line));
  } finally {
    tar.destroy();
  }
}

/** GET /images/get and /images/NAME/get. */
const save = (images: ImageService, x: Exchange, names: readonly string[]): Promise<void> =>
  sendArchive(x, images.save({ names, ...platformFromWire(x.query) }));

/** Archives of images: load, save. */
export function imageArchiveRoutes({ images }: { images: ImageService }): readonly Route[] {
  return [
    { method: 'POST', path: '/images/load', handler: (x) => load(images, x) },
    { method: 'GET', path: '/images/get', handler: (x) => save(images, x, x.query.getAll('names')) },
    { method: 'GET', path: '/images/:name/get', handler: (x) => save(images, x, [param(x, 'name')]) },
  ];
}
