import { Readable } from 'node:stream';
import type { BuildCache } from '@docker/node-sdk';
import type { BuildCalls, HostLogin } from '../../engine/compose/docker-host.ts';
import type { BelugaBuildSecrets } from '../../engine/http/extension-types.ts';
import { messagesOf } from './docker-images.ts';
import { jsonOf, type Send } from './docker-send.ts';

function configHeader(logins: Readonly<Record<string, HostLogin>>): { 'X-Registry-Config': string } {
  const byHost = Object.entries(logins).map(([host, { username, password, identityToken }]) => {
    const login = { username, password, ...(identityToken && { identitytoken: identityToken }) };
    return [host, { ...login, serveraddress: host }] as const;
  });
  return { 'X-Registry-Config': Buffer.from(JSON.stringify(Object.fromEntries(byHost))).toString('base64url') };
}

/** Building on a host, by the classic builder's API, which every host has. */
export function buildCalls(send: Send): BuildCalls {
  return {
    build: async function* (request, context, signal) {
      const upload = Readable.from(context, { objectMode: false });
      const { dockerfile, target, platform, references, id, logins, secrets } = request;
      // one `t` for each: a key cannot stand twice in the query of a request
      const names = references.map((reference) => `t=${encodeURIComponent(reference)}`).join('&');
      const query = {
        dockerfile,
        ...{ target, platform },
        buildargs: JSON.stringify(request.arguments),
        nocache: request.noCache ? 1 : 0,
        pull: request.pull ? 1 : 0,
        rm: 1,
        forcerm: 1,
      };
      const rest = Object.entries(query).flatMap(([name, value]) =>
        value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
      );
      try {
        if (Object.keys(secrets).length > 0)
          (
            await send({
              method: 'PUT',
              path: `/beluga/builds/${id}/secrets`,
              document: { secrets } satisfies BelugaBuildSecrets,
              signal,
            })
          ).resume();
        const response = await send({
          method: 'POST',
          path: `/build?${[...rest, ...(names === '' ? [] : [names])].join('&')}`,
          headers: { ...configHeader(logins), 'X-Beluga-Build': id, 'Content-Type': 'application/x-tar' },
          ...{ upload, signal },
        });
        for await (const { stream, status, id: layer, aux } of messagesOf(response, signal)) {
          const text = stream ?? (status && `${[layer, status].filter(Boolean).join(': ')}\n`);
          if (text || aux?.ID) yield { ...(text && { text }), ...(aux?.ID && { imageId: aux.ID }) };
        }
      } finally {
        upload.destroy();
      }
    },
    cache: async () => {
      const query = { type: 'build-cache' };
      const usage = await jsonOf<{ BuildCache?: BuildCache[] | null }>(
        await send({ method: 'GET', path: '/system/df', query }),
      );
      return usage.BuildCache ?? [];
    },
    pruneCache: async (id) => {
      const query = { all: 1, ...(id !== undefined && { filters: JSON.stringify({ id: [id] }) }) };
      const answer = await jsonOf<{ SpaceReclaimed?: number }>(
        await send({ method: 'POST', path: '/build/prune', query }),
      );
      return { freed: answer.SpaceReclaimed ?? 0 };
    },
  };
}
