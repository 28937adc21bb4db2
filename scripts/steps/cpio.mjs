/**
 * An archive as the kernel unpacks it into its first root file system ("newc", the kernel's
 * early-userspace/buffer-format.rst). `entries`: {name, mode with the file's type, data}.
 */
export function cpioOf(entries) {
  const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  const parts = [...entries, { name: 'TRAILER!!!', mode: 0 }].map(({ name, mode, data = '' }, index) => {
    const [content, named] = [Buffer.from(data), Buffer.from(`${name}\0`)];
    const numbers = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, named.length, 0];
    const header = `070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`;
    return Buffer.concat([padded(Buffer.concat([Buffer.from(header), named])), padded(content)]);
  });
  return Buffer.concat(parts);
}
