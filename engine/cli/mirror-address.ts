/**
 * A mirror of `--registry-mirror` or daemon.json, without the slash at its end.
 *
 * @throws Error in dockerd's words (moby: `registry.ValidateMirror`). A path may follow, as there.
 */
export function mirrorAddress(text: string): string {
  if (!/^[^:/]+:\/\//.test(text)) {
    throw new Error(`invalid mirror: no scheme specified for "${text}": must use either 'https://' or 'http://'`);
  }
  const url = URL.parse(text);
  if (!url) throw new Error(`invalid mirror: "${text}" is not a valid URI`);
  // a password must not come back in a message
  if (url.password) url.password = 'xxxxx';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    const scheme = url.protocol.slice(0, -1);
    const hint = "must use either 'https://' or 'http://'";
    throw new Error(`invalid mirror: unsupported scheme "${scheme}" in "${url.href}": ${hint}`);
  }
  if (/[?#]/.test(text)) throw new Error(`invalid mirror: query or fragment at end of the URI "${url.href}"`);
  if (url.username) throw new Error(`invalid mirror: username/password not allowed in URI "${url.href}"`);
  return text.replace(/\/+$/, '');
}
