// The ustar format (POSIX.1-1988), enough for a small image: short names, same bytes for the same input.
const field = (value, length) => Buffer.from(String(value).padEnd(length, '\0').slice(0, length));
const octal = (value, length) => field(`${value.toString(8).padStart(length - 1, '0')}\0`, length);
const types = { file: '0', symlink: '2', directory: '5' };

function header({ name, type = 'file', mode, link = '' }, size) {
  const head = Buffer.concat([
    field(name, 100),
    octal(mode, 8),
    octal(0, 8),
    octal(0, 8),
    octal(size, 12),
    octal(0, 12),
    field('        ', 8),
    field(types[type], 1),
    field(link, 100),
    Buffer.from('ustar\x0000'),
    field('root', 32),
    field('root', 32),
    octal(0, 8),
    octal(0, 8),
    field('', 167),
  ]);
  const sum = head.reduce((total, byte) => total + byte, 0);
  octal(sum, 7).copy(head, 148);
  return head;
}

/** Archive of `{name, type: 'file'|'symlink'|'directory', mode, link, content}`; owner root, time 0. */
export function tarOf(entries) {
  const parts = [];
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    parts.push(header(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  parts.push(Buffer.alloc(1024));
  return Buffer.concat(parts);
}
