/** A git repository as it is named in builds (moby/buildkit: util/gitutil, "ParseGitRef"). */
export interface GitAddress {
  url: string;
  /** Branch, tag or commit; undefined: what the server's HEAD is. */
  ref?: string;
  /** Below the repository's root; empty: all of it. */
  directory: string;
}

const isRepository = (url: string) =>
  /^(git|ssh):\/\/./.test(url) || /^[\w.-]+@[\w.-]+:./.test(url) || /^https?:\/\/[^?]+\.git\/?$/.test(url);

/** `URL#ref:directory`; undefined for what is no repository: of web addresses those that end in `.git`. */
export function parseGitAddress(text: string): GitAddress | undefined {
  const [, before = '', ref = '', directory = ''] = /^([^#]*)(?:#([^:]*)(?::(.*))?)?$/.exec(text) ?? [];
  const url = before.startsWith('github.com/') ? `https://${before}` : before;
  const isKnown = isRepository(url) || before.startsWith('github.com/');
  return isKnown ? { url, directory: directory.replace(/^\/+/, ''), ...(ref !== '' && { ref }) } : undefined;
}

/** Without what somebody logs in by. */
export const withoutLogin = (text: string): string => text.replace(/\/\/[^/@\s]+@/g, '//***@');
