import { EngineError } from '../../base/errors.ts';
import type { ContainerService } from '../../services/containers/container-service.ts';
import type { ImageService } from '../../services/images/image-service.ts';
import type { SystemService } from '../../services/system/system-service.ts';
import { isAtLeast } from '../api-version.ts';
import { type Exchange, param, type Route, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import { historyToWire, imageSummaryToWire, imageToWire, removedToWire } from '../wire/image.ts';
import { filterImages, imageFilters } from '../wire/image-filter.ts';
import { platformFromWire } from '../wire/platform.ts';
import { loginFromWire, pullMessageToWire, pushMessageToWire } from '../wire/pull.ts';
import { flag, parseFilters } from '../wire/query.ts';
import { importArchive } from './image-archives.ts';

interface Services {
  images: ImageService;
  containers: ContainerService;
  system: SystemService;
}

async function list({ images, containers }: Services, x: Exchange): Promise<void> {
  const filters = parseFilters(x.query, imageFilters);
  const found = await filterImages(await images.list(), filters, (name) => images.inspect(name));
  const users = Map.groupBy(await containers.list({ all: true }), ({ imageId }) => imageId);
  const sharedOf = flag(x.query, 'shared-size') ? (await images.space.layers()).shared : undefined;
  sendJson(
    x,
    200,
    found.map((image) => {
      const shared = sharedOf?.get(image.id);
      const figures = { containers: users.get(image.id)?.length ?? 0, ...(shared !== undefined && { shared }) };
      return imageSummaryToWire(image, figures, x.version);
    }),
  );
}

/** POST /images/create with `fromImage`: pulls. What fails before the first line has a status of its own. */
async function pull(images: ImageService, x: Exchange, name: string): Promise<void> {
  const tag = x.query.get('tag');
  const platform = x.query.get('platform');
  const login = loginFromWire(x.request.headers['x-registry-auth']);
  const messages = images.pull({
    reference: tag ? `${name}${tag.includes(':') ? '@' : ':'}${tag}` : name,
    // clients that want `latest` say so
    allTags: !tag,
    ...(platform && { platform }),
    ...(login && { login }),
  });
  await sendJsonLines(x, messages, pullMessageToWire, { late: true });
}

/** POST /images/create: a pull, or an import with `fromSrc`. */
function create({ images }: Services, x: Exchange): Promise<void> {
  const fromImage = x.query.get('fromImage');
  return fromImage ? pull(images, x, fromImage) : importArchive(images, x);
}

/** POST /images/NAME/push */
async function push({ images }: Services, x: Exchange): Promise<void> {
  const tag = x.query.get('tag');
  const name = param(x, 'name');
  const login = loginFromWire(x.request.headers['x-registry-auth']);
  await sendJsonLines(x, images.push(tag ? `${name}:${tag}` : name, login), pushMessageToWire, { late: true });
}

async function tag({ images }: Services, x: Exchange): Promise<void> {
  const repository = x.query.get('repo') ?? '';
  const name = x.query.get('tag');
  await images.tag(param(x, 'name'), name ? `${repository}:${name}` : repository);
  x.response.writeHead(201, { 'Content-Length': 0 }).end();
}

/** Images: list, look, name, pull, push, remove. */
export function imageRoutes(services: Services): readonly Route[] {
  const { images, system } = services;
  return [
    { method: 'GET', path: '/images/json', handler: (x) => list(services, x) },
    { method: 'POST', path: '/images/create', handler: (x) => create(services, x) },
    {
      method: 'GET',
      path: '/images/:name/json',
      handler: async (x) => {
        if (isAtLeast(x.version, [1, 49]) && x.query.get('platform') && flag(x.query, 'manifests')) {
          const words = 'conflicting options: manifests and platform options cannot both be set';
          throw new EngineError('invalid', words, { reason: 'request.invalid', params: { field: 'platform' } });
        }
        const image = await images.inspect(param(x, 'name'), platformFromWire(x.query));
        sendJson(x, 200, imageToWire(image, system.facts().snapshotter, x.version));
      },
    },
    {
      method: 'GET',
      path: '/images/:name/history',
      handler: async (x) =>
        sendJson(x, 200, historyToWire(await images.inspect(param(x, 'name'), platformFromWire(x.query)))),
    },
    { method: 'POST', path: '/images/:name/push', handler: (x) => push(services, x) },
    { method: 'POST', path: '/images/:name/tag', handler: (x) => tag(services, x) },
    {
      method: 'DELETE',
      path: '/images/:name',
      handler: async (x) => {
        const options = { force: flag(x.query, 'force'), prune: !flag(x.query, 'noprune') };
        sendJson(x, 200, removedToWire(await images.remove(param(x, 'name'), options)));
      },
    },
  ];
}
