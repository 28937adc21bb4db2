import { EngineError } from '../../base/errors.ts';

/**
 * `platform` of a query: JSON of the image spec's words since API 1.48, before that and for pulls `os/architecture/variant`.
 * @throws EngineError `invalid` (`request.invalid`).
 */
export function platformFromWire(query: URLSearchParams): { platform?: string } {
  const text = query.get('platform') ?? '';
  if (!text.startsWith('{')) return text ? { platform: text } : {};
  const { os, architecture, variant } = parse(text);
  const parts = [os, architecture, variant].filter((part) => typeof part === 'string' && part !== '');
  return { platform: parts.join('/') };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new EngineError('invalid', 'failed to parse platform', {
      reason: 'request.invalid',
      params: { field: 'platform' },
      cause,
    });
  }
}
