import { shell } from 'electron';

/** Hands an address to the system's browser. The only place that does: whoever calls has had it checked by `publishedAddress`. */
export async function openInBrowser({ protocol, href }: URL): Promise<void> {
  if (protocol !== 'http:' && protocol !== 'https:') throw new Error(`not an address of the web: ${href}`);
  await shell.openExternal(href);
}
