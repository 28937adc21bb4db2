import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { HistoryResponseItem, ImageDeleteResponseItem, ImageInspect, ImagePruneResponse } from '@docker/node-sdk';
import type {
  HostLogin,
  ImageCalls,
  ListedImage,
  ProgressLine,
  PruneFilters,
} from '../../engine/compose/docker-host.ts';
import { bodyOf, imageSegment, jsonOf, type Send } from './docker-send.ts';
import { errorFromAnswer } from './host-error.ts';
import { readJsonLines } from './json-lines.ts';

/** The header of a login; without one it says so, for some hosts refuse a push that says nothing. */
export function withLogin(login: HostLogin | undefined): { 'X-Registry-Auth': string } {
  const { username, password, identityToken } = login ?? {};
  const fields = {
    ...(username && { username }),
    ...(password && { password }),
    ...(identityToken && { identitytoken: identityToken }),
  };
  return { 'X-Registry-Auth': Buffer.from(JSON.stringify(fields)).toString('base64url') };
}

/** As the query of a prune takes them. */
export function pruneFilters({ dangling, until }: PruneFilters): string {
  return JSON.stringify({ dangling: [String(dangling)], ...(until && { until: [until] }) });
}

interface Message extends ProgressLine {
  readonly stream?: string;
  readonly aux?: { readonly ID?: string };
  readonly error?: string;
  readonly errorDetail?: object;
}

/** Lines in which a refusal is one more line; it fails the iteration. */
export async function* messagesOf(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<Message> {
  for await (const value of readJsonLines(bodyOf(response, signal))) {
    const message = value as Message;
    if (message.error !== undefined) {
      const detail = { message: message.error, ...message.errorDetail };
      throw errorFromAnswer(500, JSON.stringify(detail));
    }
    yield message;
  }
}

/** `name:tag`, `name@sha256:…` and `name:tag@sha256:…` as the API takes them apart: a digest stands for the tag. */
function splitReference(reference: string): { repo: string; tag: string } {
  const [named = '', digest] = reference.split('@');
  const colon = named.lastIndexOf(':');
  const tagged = colon >= 0 && named.indexOf('/', colon) < 0;
  const repo = tagged ? named.slice(0, colon) : named;
  return { repo, tag: digest ?? (tagged ? named.slice(colon + 1) : 'latest') };
}

/** What a host does with images. */
export function imageCalls(send: Send): ImageCalls {
  return {
    list: async () =>
      jsonOf<ListedImage[]>(await send({ method: 'GET', path: '/images/json', query: { 'shared-size': 1 } })),
    inspect: async (id) =>
      jsonOf<ImageInspect>(await send({ method: 'GET', path: `/images/${imageSegment(id)}/json` })),
    history: async (id) =>
      jsonOf<HistoryResponseItem[]>(await send({ method: 'GET', path: `/images/${imageSegment(id)}/history` })),
    tag: async (id, reference) => {
      (
        await send({ method: 'POST', path: `/images/${imageSegment(id)}/tag`, query: splitReference(reference) })
      ).resume();
    },
    remove: async (id, { force }) => {
      const query = { force: force ? 1 : 0 };
      const items = await jsonOf<ImageDeleteResponseItem[]>(
        await send({ method: 'DELETE', path: `/images/${imageSegment(id)}`, query }),
      );
      return {
        untagged: items.flatMap((item) => item.Untagged ?? []),
        deleted: items.flatMap((item) => item.Deleted ?? []),
      };
    },
    load: async function* (archive, signal) {
      const upload = Readable.from(archive, { objectMode: false });
      try {
        const query = { quiet: 0 };
        const response = await send({ method: 'POST', path: '/images/load', query, upload, signal });
        for await (const message of messagesOf(response, signal)) {
          const text = message.stream ?? [message.id, message.status].filter(Boolean).join(': ');
          for (const line of text.split('\n')) if (line.trim() !== '') yield line.trim();
        }
      } finally {
        upload.destroy();
      }
    },
    save: async function* (references, signal) {
      // one `names` for each: a key cannot stand twice in the query of a request
      const names = references.map((reference) => `names=${encodeURIComponent(reference)}`).join('&');
      yield* bodyOf(await send({ method: 'GET', path: `/images/get?${names}`, signal }), signal);
    },
    pull: async function* ({ reference, platform, login }, signal) {
      const { repo, tag } = splitReference(reference);
      const query = { fromImage: repo, tag, platform };
      const response = await send({ method: 'POST', path: '/images/create', query, headers: withLogin(login), signal });
      yield* messagesOf(response, signal);
    },
    push: async function* (reference, login, signal) {
      const { repo, tag } = splitReference(reference);
      const path = `/images/${imageSegment(repo)}/push`;
      const response = await send({ method: 'POST', path, query: { tag }, headers: withLogin(login), signal });
      yield* messagesOf(response, signal);
    },
    prune: async (filters) => {
      const query = { filters: pruneFilters(filters) };
      const answer = await jsonOf<ImagePruneResponse>(await send({ method: 'POST', path: '/images/prune', query }));
      return {
        deleted: (answer.ImagesDeleted ?? []).flatMap((item) => item.Deleted ?? []),
        freed: answer.SpaceReclaimed ?? 0,
      };
    },
  };
}
