import { type Digest, isDigest } from '../../base/digest.ts';
import {
  type BlobBytes,
  type FetchedManifest,
  fetchBlob,
  fetchConfig,
  fetchManifest,
  headManifest,
  type RepositoryWork,
} from '../fetch.ts';
import { answerFailure, type RegistryFailure } from '../registry-failure.ts';
import type { HealthBook } from './health-book.ts';
import type { MirrorLimits } from './registry-settings.ts';
import type { RepositoryEndpoints } from './rules.ts';
import { type Attempt, type Source, type SourceNote, SourcesFailure } from './source.ts';
import { createSourceAsker, type SourceAsker, type SourceAskerParts } from './source-asker.ts';
import { createSourceOrder, type SourceOrder } from './source-order.ts';

/** Whose word it is that a name means a digest. */
export interface TagSource {
  endpoint: string;
  /** False: a mirror's word, which the registry itself did not confirm. */
  verified: boolean;
}

export interface ResolvedName {
  document: FetchedManifest;
  /** Undefined for a digest, which needs nobody's word. */
  tagFrom?: TagSource;
}

export interface OpenBlob extends BlobBytes {
  source: Source;
  /** To be called once with what it gave, at its end or its failure; a reader that is cancelled does not. */
  end(bytes: number, failure?: RegistryFailure): void;
}

export interface BlobQuestion {
  digest: Digest;
  /** Bytes that are there already. */
  offset: number;
  /** One at least. */
  candidates: readonly Source[];
  signal: AbortSignal;
  note(note: SourceNote): void;
}

/** One repository, wherever it can be had from: the registry itself and its mirrors, by their rules and health. */
export interface RepositorySources {
  readonly limits: MirrorLimits;
  /**
   * What a tag means is the registry's own word; a mirror's where it cannot be had. The document comes from any.
   * @throws SourcesFailure; EngineError `invalid` (`image.schema-1`).
   */
  resolve(asked: string): Promise<ResolvedName>;
  /** @throws SourcesFailure. */
  manifest(digest: Digest): Promise<FetchedManifest>;
  /** @throws SourcesFailure. */
  config(digest: Digest): Promise<Buffer>;
  /** In the order in which they are to be asked for a blob. */
  candidates(): readonly Source[];
  /** @throws SourcesFailure of all candidates. */
  openBlob(question: BlobQuestion): Promise<OpenBlob>;
  /** It gave other bytes than those of the digest. */
  blame(source: Source, about: { digest: Digest; note(note: SourceNote): void }): void;
  /** The registry itself, for what no mirror is asked: a push, its tags. */
  upstream(): RepositoryWork;
}

export interface RepositorySourcesParts extends Omit<SourceAskerParts, 'order'> {
  endpoints: RepositoryEndpoints;
  health: HealthBook;
  signal: AbortSignal;
  note(note: SourceNote): void;
}

/** What belongs to one piece of work. */
interface Desk extends RepositorySourcesParts {
  order: SourceOrder;
  asker: SourceAsker;
}

export function openRepositorySources(parts: RepositorySourcesParts): RepositorySources {
  const order = createSourceOrder(parts);
  const asker = createSourceAsker({ ...parts, order });
  const desk = { ...parts, order, asker };
  const { signal, note } = parts;
  return {
    limits: parts.limits,
    candidates: () => order.candidates('layer'),
    upstream: () => asker.workAt(order.upstream, signal),
    manifest: (digest) => manifestOf(desk, digest),
    config: (digest) =>
      asker.askWhole({
        ...{ what: 'config', digest, signal, note, candidates: order.candidates('config') },
        ask: (work) => fetchConfig(work, digest),
      }),
    resolve: (asked) => resolve(desk, asked),
    openBlob: (question) => openBlob(desk, question),
    blame(source, { digest, note: tell }) {
      const failure = answerFailure(
        'wrong',
        source.endpoint.host,
        `digest mismatch: it gave other bytes for ${digest}`,
      );
      tell(asker.failed({ source, failure }, { what: 'layer', digest, event: 'failed' }));
    },
  };
}

function manifestOf({ asker, order, signal, note }: Desk, digest: Digest): Promise<FetchedManifest> {
  return asker.askWhole({
    ...{ what: 'manifest', digest, signal, note, candidates: order.candidates('manifest') },
    ask: (work) => fetchManifest(work, digest),
  });
}

async function resolve(desk: Desk, asked: string): Promise<ResolvedName> {
  const { order, endpoints } = desk;
  const { upstream } = order;
  if (isDigest(asked)) return { document: await manifestOf(desk, asked) };
  if (endpoints.mirrors.length === 0) return byTag(desk, asked, [upstream]);
  const word = await wordOfUpstream(desk, asked);
  if (word.digest) {
    const document = await manifestOf(desk, word.digest);
    return { document, tagFrom: { endpoint: upstream.text, verified: true } };
  }
  // one that was passed over is better asked after all than nobody
  const isLeft = !endpoints.mirrorOnly && word.attempts.length === 0;
  try {
    return await byTag(desk, asked, [...order.healthyFirst(order.mirrors(), 'tag'), ...(isLeft ? [upstream] : [])]);
  } catch (error) {
    throw error instanceof SourcesFailure ? new SourcesFailure([...word.attempts, ...error.attempts]) : error;
  }
}

/** Asks for its digest only: Docker Hub does not count that against the limit of pulls. */
async function wordOfUpstream(
  { order, asker, endpoints, signal, note }: Desk,
  tag: string,
): Promise<{ digest?: Digest; attempts: readonly Attempt[] }> {
  const { upstream } = order;
  if (endpoints.mirrorOnly || !order.isWell(upstream, 'tag')) return { attempts: [] };
  try {
    const { value, took } = await asker.ask({
      ...{ what: 'tag', signal, note, candidates: [upstream], brisk: true },
      ask: (work) => headManifest(work, tag),
    });
    note({ endpoint: upstream.text, role: 'upstream', what: 'tag', event: 'served', took });
    return { digest: value.digest, attempts: [] };
  } catch (error) {
    if (error instanceof SourcesFailure) return { attempts: error.attempts };
    throw error;
  }
}

async function byTag({ asker, signal, note }: Desk, tag: string, candidates: readonly Source[]): Promise<ResolvedName> {
  return asker.askWhole({
    ...{ what: 'tag', signal, note, candidates },
    ask: async (work, { text, role }) => ({
      document: await fetchManifest(work, tag),
      tagFrom: { endpoint: text, verified: role === 'upstream' },
    }),
  });
}

async function openBlob({ asker, health }: Desk, question: BlobQuestion): Promise<OpenBlob> {
  const { digest, offset, note } = question;
  const { source, value } = await asker.ask<BlobBytes>({
    ...question,
    what: 'layer',
    drop: ({ close }) => close(),
    ask(work, { text }) {
      health.askedForBlob(text);
      return fetchBlob(work, digest, offset);
    },
  });
  const began = performance.now();
  return {
    ...value,
    source,
    end(bytes, failure) {
      const took = Math.round(performance.now() - began);
      const about = { what: 'layer' as const, digest, offset, bytes, took };
      if (bytes > 0) health.gave(source.text, bytes, took);
      if (!failure) return note({ endpoint: source.text, role: source.role, ...about, event: 'served' });
      const event = failure.details.kind === 'slow' ? 'slow' : 'failed';
      note(asker.failed({ source, failure }, { ...about, event }));
    },
  };
}
