import { listTags } from '../../../registry/lists.ts';
import { SourcesFailure, sourceOf } from '../../../registry/mirrors/source.ts';
import { RegistryFailure } from '../../../registry/registry-failure.ts';
import type { ImageParts } from '../image-parts.ts';
import { inDockersWords } from './dockers-words.ts';
import { type PullImage, pullImage } from './pull-image.ts';
import type { LayerPuller } from './pull-layers.ts';

/** One tag after the other, as the registry itself lists them (`docker pull --all-tags`). @throws as `pullImage`. */
export async function pullAllTags(parts: ImageParts & { puller: LayerPuller }, pull: PullImage): Promise<void> {
  const { reference, sources, signal } = pull;
  const tags: string[] = [];
  const work = sources.upstream();
  try {
    for await (const page of listTags(work)) tags.push(...page);
  } catch (failure) {
    if (!(failure instanceof RegistryFailure)) throw failure;
    const attempt = { source: sourceOf(work.session.endpoint, 'upstream'), failure };
    throw inDockersWords(new SourcesFailure([attempt]), reference);
  }
  for (const tag of tags) {
    signal.throwIfAborted();
    await pullImage(parts, { ...pull, reference: { ...reference, tag } });
  }
}
