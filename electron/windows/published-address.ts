import type { Container } from '../bridge/host.ts';

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Electron's Node has no `URL.canParse` yet. */
function parse(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * The address when it leads to a tcp port that a running container publishes, on this computer; else undefined. Names and
 * ports come out of containers: nothing else may reach the system's browser through the page.
 * @param own addresses of this computer beside the loopback ones
 */
export function publishedAddress(
  text: string,
  containers: readonly Container[],
  own: readonly string[],
): URL | undefined {
  const url = parse(text);
  if (!url) return undefined;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined;
  if (url.username || url.password || url.pathname !== '/' || url.search || url.hash) return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!loopback.has(url.hostname) && !own.includes(host)) return undefined;
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const runs = ({ state }: Container) => state === 'running' || state === 'paused';
  const published = containers.some(
    (container) =>
      runs(container) && container.ports.some(({ protocol, hostPort }) => protocol === 'tcp' && hostPort === port),
  );
  return published ? url : undefined;
}
