import { answerFailure, statusFailure } from '../../registry/registry-failure.ts';
import { readShort } from '../../registry/transport/response-body.ts';
import type { Transport } from '../../registry/transport/transport.ts';
import { briskLimits } from './registry-parts.ts';
import type { FoundRepository } from './registry-service.ts';

/** Docker Hub's search, which dockerd asks as well (moby: `daemon/pkg/registry/search.go`). */
export const hubHost = 'index.docker.io';

const longestAnswer = 4 << 20;
const mostRedirects = 3;

/** @throws RegistryFailure. */
export async function searchHub(
  { transport, insecure }: { transport: Transport; insecure: boolean },
  { term, limit, signal }: { term: string; limit: number; signal: AbortSignal },
): Promise<readonly FoundRepository[]> {
  let url = new URL(`https://${hubHost}/v1/search`);
  url.searchParams.set('q', term);
  url.searchParams.set('n', String(limit));
  for (let hops = 0; ; hops++) {
    const response = await transport.send({ method: 'GET', url, insecure, limits: briskLimits, signal });
    const { location } = response.headers;
    const next = response.status >= 300 && response.status < 400 && location ? URL.parse(location, url.href) : null;
    if (next?.protocol === 'https:' && hops < mostRedirects) {
      response.discard();
      url = next;
      continue;
    }
    const { bytes, whole } = await readShort(response.body, longestAnswer);
    const details = { kind: 'status' as const, host: hubHost, status: response.status };
    if (response.status !== 200) throw statusFailure(details, 'a search');
    const found = whole ? resultsOf(bytes) : undefined;
    if (!found) throw answerFailure('wrong', hubHost, 'the answer to a search cannot be read');
    return found;
  }
}

function resultsOf(bytes: Buffer): readonly FoundRepository[] | undefined {
  let results: unknown;
  try {
    results = JSON.parse(bytes.toString('utf8'))?.results;
  } catch {
    return undefined;
  }
  if (!Array.isArray(results)) return undefined;
  return results.flatMap((result: Record<string, unknown> | null) => {
    const { name, description, star_count: stars, is_official: official } = result ?? {};
    if (typeof name !== 'string' || name === '') return [];
    return {
      name,
      description: typeof description === 'string' ? description : '',
      stars: typeof stars === 'number' ? stars : 0,
      official: official === true,
    };
  });
}
