import { gzipSync, zstdCompressSync } from 'node:zlib';
import { headerBytes, type TarFixture, tarBytes, withChecksum } from '../../engine/testing/tar-bytes.ts';

/** A layer that somebody made to do harm. */
export interface HostileLayer {
  /** What it has to be refused with; absent: it is harmless, and does what `shows` says. */
  refused?: RegExp;
  /** A command in a container of it, and what it says. */
  shows?: readonly [string, string | RegExp];
  /** The layers above the sample image's, uncompressed. */
  layers: readonly Buffer[];
  /** The last layer's blob, where it is not simply compressed. */
  blob?: Buffer;
}

/** Limits that the engine is started with. */
export const limits = { entries: 5000, bytes: 64_000_000, depth: 40 };

const outside = /outside of the image's root/;
const damaged = /invalid archive|damaged/;
const early = /ends too early|unexpected EOF|damaged/;

const layer = (...entries: TarFixture[]) => tarBytes(entries);
const folder = (name: string): TarFixture => ({ name: `${name}/`, type: '5' });
const file = (name: string, more: Partial<TarFixture> = {}): TarFixture => ({ name, content: 'x', ...more });
const symlink = (name: string, link: string): TarFixture => ({ name, type: '2', link });
const hardlink = (name: string, link: string): TarFixture => ({ name, type: '1', link });
const refused = (words: RegExp, ...entries: TarFixture[]): HostileLayer => ({
  refused: words,
  layers: [layer(...entries)],
});
const harmless = (shows: HostileLayer['shows'], ...entries: TarFixture[]): HostileLayer => ({
  ...(shows && { shows }),
  layers: [layer(...entries)],
});

/** Ways out: `goal` is a folder of the host with a file `kept`. */
function ways(goal: string): Record<string, HostileLayer> {
  const up = `${'../'.repeat(14)}${goal.slice(1)}`;
  return {
    '`..` in a name': refused(outside, file(`${up}/new`)),
    '`..` behind a folder of its own': refused(outside, folder('d'), file(`d/../../${up}/new`)),
    '`..` in a PAX name': refused(
      outside,
      file('x', { pax: { path: `${'d/'.repeat(60)}${'../'.repeat(60)}${up}/new` } }),
    ),
    '`..` in a GNU long name': refused(
      outside,
      { name: '././@LongLink', type: 'L', content: `${up}/${'n'.repeat(120)}\0` },
      file('short'),
    ),
    '`..` in the prefix of ustar': {
      refused: outside,
      layers: [Buffer.concat([withPrefix(headerBytes(file('new'), 0), up), Buffer.alloc(1024)])],
    },
    'an absolute name': harmless([`cat ${goal}/new`, 'x'], file(`${goal}/new`)),
    'a folder made outside': refused(outside, folder(`${up}/folder`)),
    'an absolute symlink, then a file through it': harmless(
      [`cat ${goal}/new`, 'x'],
      symlink('way', goal),
      file('way/new'),
    ),
    'a relative symlink, then a file through it': refused(outside, symlink('way', up), file('way/new')),
    'a symlink to a parent, then a file through it': refused(
      outside,
      folder('d'),
      symlink('d/way', '../..'),
      file('d/way/new'),
    ),
    'a chain of symlinks': refused(
      outside,
      symlink('a', '..'),
      symlink('b', `a/${up}`),
      symlink('c', 'b'),
      file('c/new'),
    ),
    'a circle of symlinks': refused(/ELOOP|invalid archive/, symlink('a', 'b'), symlink('b', 'a'), file('a/new')),
    'a dangling symlink, then a file through it': harmless(
      ['cat /gone/away/new', 'x'],
      symlink('way', '/gone/away'),
      file('way/new'),
    ),
    'a symlink of a lower layer': {
      refused: outside,
      layers: [layer(symlink('way', up)), layer(file('way/new'))],
    },
    'an absolute symlink of a lower layer': {
      shows: [`cat ${goal}/new`, 'x'],
      layers: [layer(symlink('way', goal)), layer(file('way/new'))],
    },
    'a file, then a symlink in its place, then the file again': harmless(
      ['test -L /f || cat /f', 'y'],
      file('f'),
      symlink('f', `${goal}/kept`),
      file('f', { content: 'y' }),
    ),
    'a folder, then a symlink in its place, then a file in it': refused(
      outside,
      folder('d'),
      symlink('d', up),
      file('d/new'),
    ),
    'a hardlink to a file outside': refused(outside, hardlink('stolen', `${up}/kept`)),
    'a hardlink to an absolute name': refused(/does not have/, hardlink('stolen', `${goal}/kept`)),
    'a hardlink through a symlink': refused(outside, symlink('way', up), hardlink('stolen', 'way/kept')),
    'a hardlink to a symlink that leads outside, then written': harmless(
      ['cat /both', 'y'],
      symlink('way', `${goal}/kept`),
      hardlink('both', 'way'),
      file('both', { content: 'y' }),
    ),
    'a hardlink to what is missing': refused(/does not have/, hardlink('a', 'missing')),
    'a hardlink to itself': refused(/does not have/, hardlink('a', 'a')),
    'a hardlink to a folder': refused(/directory/, folder('d'), hardlink('a', 'd')),
    'a whiteout outside': refused(outside, file(`${up}/.wh.kept`)),
    'a whiteout through a symlink': refused(outside, symlink('way', up), file('way/.wh.kept')),
    'a whiteout of `..`': refused(outside, file('.wh...')),
    'a whiteout of `.`': refused(outside, file('d/.wh..')),
    'a whiteout without a name': refused(outside, file('.wh.')),
    'an opaque mark outside': refused(outside, file(`${up}/.wh..wh..opq`)),
    'an opaque mark through a symlink': refused(outside, symlink('way', up), file('way/.wh..wh..opq')),
  };
}

/** The prefix field of ustar; the name stays. */
function withPrefix(header: Buffer, prefix: string): Buffer {
  header.write(prefix, 345, 155, 'latin1');
  return withChecksum(header);
}

const bigEndian = (bytes: number[]) => (header: Buffer) => {
  Buffer.from(bytes).copy(header, 124);
  return withChecksum(header);
};
/** One header whose size field is made by hand. */
const sized = (set: (header: Buffer) => Buffer) => Buffer.concat([set(headerBytes(file('f'), 0)), Buffer.alloc(1024)]);

const header = (bytes: number): Record<string, string> => ({ comment: 'c'.repeat(bytes) });

const forms: Record<string, HostileLayer> = {
  'a whiteout of the layer’s own file': harmless(['cat /own', 'x'], file('own'), file('.wh.own')),
  'an opaque mark at the root': harmless(['true', /^$|not found|no such file/], file('.wh..wh..opq'), file('only')),
  'an opaque mark in the place of a file': refused(
    /not a directory|invalid archive/,
    file('f'),
    file('f/.wh..wh..opq'),
  ),
  'bookkeeping of aufs': harmless(
    ['ls /.wh..wh.aufs 2>/dev/null; echo no', 'no'],
    file('.wh..wh.aufs'),
    file('.wh..wh.plnk/1'),
  ),
  'a device in the form of a whiteout': harmless(['cat /bin/busybox >/dev/null && echo there', 'there'], folder('d'), {
    name: 'd/hole',
    type: '3',
    device: { major: 0, minor: 0 },
  }),
  'a device of the host’s disk': harmless(['cat /disk', /denied|permitted|No such device/], {
    name: 'disk',
    type: '4',
    mode: 0o666,
    device: { major: 8, minor: 0 },
  }),
  'a device with a huge number': refused(/cannot be/, {
    name: 'odd',
    type: '3',
    device: { major: 0o7777777, minor: 0o7777777 },
  }),
  'a fifo that nobody reads': harmless(['test -p /pipe && echo pipe', 'pipe'], { name: 'pipe', type: '6' }),
  'a file for the root': refused(/root is not a directory/, file('.')),
  'a symlink for the root': refused(/root is not a directory/, symlink('./', '/etc')),
  'a PAX header of 2 MiB': refused(/too long/, file('f', { pax: header(2 << 20) })),
  'a PAX header that tells 8 GiB': {
    refused: /too long/,
    layers: [Buffer.concat([headerBytes({ name: 'p', type: 'x' }, 0o77777777777), Buffer.alloc(1024)])],
  },
  'global PAX headers without end': {
    refused: /too long/,
    layers: [
      Buffer.concat(
        Array.from({ length: 4 }, (_, index) =>
          layerPart({ name: 'g', type: 'g', content: record(`key-${index}`, 'v'.repeat(600_000)) }),
        ),
      ),
    ],
  },
  'PAX records that are none': refused(damaged, { name: 'p', type: 'x', content: '99999 path=x\n' }, file('f')),
  'a PAX size that is negative': refused(damaged, file('f', { pax: { size: '-5' } })),
  'a PAX size that only JavaScript reads': refused(damaged, file('f', { pax: { size: '0x10' } })),
  'a negative size': { refused: damaged, layers: [sized(bigEndian(Array.from({ length: 12 }, () => 0xff)))] },
  'a size of 2^90': { refused: damaged, layers: [sized(bigEndian([0x80, 4, ...Array.from({ length: 10 }, () => 0)]))] },
  'a size beyond the limit': refused(/more than 64000000 bytes/, file('f', { size: 65_000_000 })),
  'sparse: larger than the limit': refused(/more than 64000000 bytes/, sparse('0,1', '70000000')),
  'sparse: a map that goes back': refused(/sparse/, sparse('9,1,0,1', '20', 'xy')),
  'sparse: a map with other bytes': refused(/sparse/, sparse('0,5', '20')),
  'sparse: a map beyond its end': refused(/sparse/, sparse('20,1', '20')),
  'a name deeper than the limit': refused(/deeper than 40/, file('x', { pax: { path: `${'d/'.repeat(60)}f` } })),
  'a name longer than Linux takes': refused(
    /longer than 4095/,
    file('x', { pax: { path: `${'n'.repeat(200)}/`.repeat(25) } }),
  ),
  'a component longer than Linux takes': refused(/NAMETOOLONG/, file('x', { pax: { path: 'n'.repeat(300) } })),
  'a NUL in a name': refused(/NUL/, file('x', { pax: { path: 'a\0b' } })),
  'a NUL in a symlink': refused(/cannot be/, { ...symlink('l', ''), pax: { linkpath: 'a\0b' } }),
  'control characters in names': harmless(['ls / | grep -c evil', '1'], file('evil\u001b[31m\r')),
  'bytes that are no UTF-8': harmless(['ls / | grep -c latin', '1'], file('latin\u00e9\u00ff')),
  'a file, then a folder of its name': harmless(['cat /d/f', 'x'], file('d'), folder('d'), file('d/f')),
  'a folder, then a file of its name': harmless(['cat /d', 'x'], folder('d'), file('d/f'), file('d')),
  'a file below a file': refused(/not a directory|NOTDIR|invalid archive/, file('f'), file('f/g')),
  'one name a hundred times': harmless(
    ['cat /f', '99'],
    ...Array.from({ length: 100 }, (_, index) => file('f', { content: String(index) })),
  ),
  'attributes of overlay': harmless(['ls -d /bin /bin/busybox', /^\/bin\n\/bin\/busybox$/], {
    ...folder('bin'),
    pax: { 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.trusted.overlay.redirect': '/etc' },
  }),
  'an attribute that is too large': refused(
    /attribute/,
    file('f', { pax: { 'SCHILY.xattr.user.big': 'v'.repeat(100_000) } }),
  ),
  'an attribute with a name that is none': refused(
    /attribute/,
    file('f', { pax: { [`SCHILY.xattr.user.${'n'.repeat(300)}`]: 'v' } }),
  ),
  'a tar type that nobody knows': refused(/not supported/, { name: 'f', type: 'Z' }),
  'a header whose sum is wrong': {
    refused: damaged,
    layers: [Buffer.concat([layerPart(file('f')), headerBytes(file('g'), 0).fill('0', 148, 154), Buffer.alloc(1024)])],
  },
};

function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return `${length}${rest}`;
}

function layerPart(entry: TarFixture): Buffer {
  return tarBytes([entry], { end: false });
}

function sparse(map: string, size: string, content = 'x'): TarFixture {
  return { name: 'sparse', content, pax: { 'GNU.sparse.size': size, 'GNU.sparse.map': map } };
}

/** What is small as it comes, and is not when it is there. */
function bombs(): Record<string, HostileLayer> {
  const zeros = layer(file('zeros', { content: Buffer.alloc(70_000_000) }));
  const many = layer(...Array.from({ length: 5100 }, (_, index) => file(`f${index}`, { content: '' })));
  const half = layer(
    ...Array.from({ length: 20 }, (_, index) => file(`f${index}`, { content: Buffer.alloc(5_000_000) })),
  );
  const deep = layer(...Array.from({ length: 60 }, (_, index) => folder(`${'d/'.repeat(index)}d`)));
  const small = layer(file('f', { content: 'x'.repeat(100_000) }));
  const gzip = gzipSync(small);
  const zstd = zstdCompressSync(small);
  const cut = (bytes: Buffer) => bytes.subarray(0, bytes.length - 12);
  const flipped = Buffer.from(gzip);
  flipped[20] = (flipped[20] ?? 0) ^ 0xff;
  return {
    'a bomb of gzip: one file': { refused: /more than 64000000 bytes/, layers: [zeros] },
    'a bomb of zstd: one file': { refused: /more than 64000000 bytes/, layers: [zeros], blob: zstdCompressSync(zeros) },
    'a bomb of gzip: many files that are too much together': { refused: /more than 64000000 bytes/, layers: [half] },
    'more entries than the limit': { refused: /more than 5000 entries/, layers: [many] },
    'folders deeper than the limit': { refused: /deeper than 40/, layers: [deep] },
    'a tar that ends in a file': { refused: early, layers: [small.subarray(0, 50_000)] },
    'a tar that ends in its first header': { refused: /not a tar/, layers: [small.subarray(0, 300)] },
    'gzip that ends too early': { refused: early, layers: [small], blob: cut(gzip) },
    'zstd that ends too early': { refused: early, layers: [small], blob: cut(zstd) },
    'gzip that is damaged': { refused: damaged, layers: [small], blob: flipped },
    'garbage behind the tar’s end': {
      shows: ['wc -c </f', '100000'],
      layers: [Buffer.concat([small, Buffer.from('garbage '.repeat(3000))])],
    },
    'a second tar behind the first one’s end': {
      shows: ['ls / | grep -c hidden', '0'],
      layers: [Buffer.concat([small, layer(file('hidden'))])],
    },
    'nothing at all': { refused: /not a tar|invalid archive/, layers: [Buffer.alloc(0)] },
    'noise in the place of a tar': { refused: /not a tar|invalid archive/, layers: [Buffer.alloc(5000, 'noise')] },
  };
}

/** All of them, by title; `goal` is a folder of the host that they aim at, with a file `kept`. */
export function hostileLayers(goal: string): Readonly<Record<string, HostileLayer>> {
  return { ...ways(goal), ...forms, ...bombs() };
}
