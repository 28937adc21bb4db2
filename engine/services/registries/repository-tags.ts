import { endpointOfDomain } from '../../registry/endpoint.ts';
import { listTags } from '../../registry/lists.ts';
import { endpointsOf } from '../../registry/mirrors/rules.ts';
import { parseReference } from '../../registry/reference.ts';
import { askEndpoints, sourcesToAsk } from './ask-endpoints.ts';
import { briskLimits, type RegistryParts } from './registry-parts.ts';
import type { FoundTags, TagsQuestion } from './registry-service.ts';

/** Milliseconds for each endpoint. */
const longest = 10_000;
/** Of one repository. */
const mostTags = 10_000;

/** The tags of a repository by its registry, or by a mirror while that cannot be reached. */
export async function findTags(parts: RegistryParts, { name, login, signal }: TagsQuestion): Promise<FoundTags> {
  const { domain, path } = parseReference(name);
  const endpoints = endpointsOf(parts.book.settings(), parts.book.fixed(), { domain, path });
  const client = parts.registries.client(login && { host: endpointOfDomain(domain).host, credentials: login });
  const { value, endpoint } = await askEndpoints(
    sourcesToAsk(endpoints),
    { milliseconds: longest, signal },
    async (source, bounded) => {
      const tags: string[] = [];
      const session = client.session(source.endpoint, briskLimits);
      for await (const page of listTags({ session, path, signal: bounded })) {
        tags.push(...page);
        if (tags.length >= mostTags) break;
      }
      return tags.slice(0, mostTags);
    },
  );
  return { tags: value, endpoint };
}
