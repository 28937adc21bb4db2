import { EngineError } from '../../base/errors.ts';
import { parseReference } from '../../registry/reference.ts';
import type { BuildClient } from '../../services/build/build-service.ts';
import type { ImageService } from '../../services/images/image-service.ts';
import type { Progress } from './progress.ts';

interface Pusher {
  images: Pick<ImageService, 'push'>;
  /** Whose login is used, and kept nowhere. */
  client: BuildClient;
  progress: Progress;
  signal: AbortSignal;
}

/** Pushes an image that was built to the registry of its name, with a line of progress. @throws EngineError `registry.*` */
export async function pushBuilt({ images, client, progress, signal }: Pusher, name: string): Promise<void> {
  const vertex = progress.begin(`pushing ${name}`);
  const { domain } = parseReference(name);
  try {
    const login = await client.login(domain === 'docker.io' ? 'https://index.docker.io/v1/' : domain);
    const messages = images.push(name.includes('@') || hasTag(name) ? name : `${name}:latest`, login);
    const leave = () => void messages.return();
    signal.addEventListener('abort', leave, { once: true });
    for await (const message of messages) {
      if ('pushed' in message) vertex.status(`pushing manifest ${message.pushed.digest}`, { current: 0, isDone: true });
      else if ('layer' in message) tellLayer(vertex, message.layer, message.progress);
    }
    signal.removeEventListener('abort', leave);
    if (signal.aborted) throw new EngineError('cancelled', 'the build was cancelled');
    vertex.done();
  } catch (error) {
    vertex.done({ error });
    throw error;
  }
}

const hasTag = (name: string) => parseReference(name).tag !== undefined;

type Message = Extract<Awaited<ReturnType<ReturnType<ImageService['push']>['next']>>['value'], { layer: string }>;

function tellLayer(vertex: ReturnType<Progress['begin']>, layer: string, at: Message['progress']): void {
  if (at.state === 'pushing') vertex.status(`pushing layer ${layer}`, { current: at.current, total: at.total });
  else if (at.state !== 'preparing') vertex.status(`pushing layer ${layer}`, { current: 0, isDone: true });
}
