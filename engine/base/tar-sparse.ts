import { TarError } from './tar-error.ts';
import type { TarHandler } from './tar-parser.ts';

/** Where a sparse file has bytes; the rest are zeros that the archive leaves out. */
export interface Region {
  offset: number;
  length: number;
}

/**
 * What one entry's headers say of a sparse file (GNU tar manual, "Storing Sparse Files"): the old GNU form and PAX forms 0.0
 * and 0.1 have the map there, 1.0 has it before the content.
 */
export interface SparseFile {
  /** Bytes of the whole file. */
  size: number;
  map: readonly Region[] | 'before-content';
}

/** Of one file. */
const mostRegions = 100_000;
const blockSize = 512;

export function damagedMap(): TarError {
  return new TarError('not-a-tar', 'the map of a sparse file in the tar archive is damaged');
}

/** The PAX records of one entry; undefined where it is no sparse file. @throws TarError. */
export function paxSparse(records: ReadonlyMap<string, Buffer> | undefined): SparseFile | undefined {
  const number = (key: string) => {
    const value = records?.get(key);
    return value && numberOf(String(value));
  };
  const size = number('GNU.sparse.realsize') ?? number('GNU.sparse.size');
  if (![...(records?.keys() ?? [])].some((key) => key.startsWith('GNU.sparse.'))) return undefined;
  if (typeof size !== 'number') throw damagedMap();
  const major = records?.get('GNU.sparse.major');
  if (major !== undefined && String(major) !== '0') {
    if (String(major) !== '1' || String(records?.get('GNU.sparse.minor')) !== '0') {
      throw new TarError('unsupported', `sparse files of the form ${major} are not supported`);
    }
    return { size, map: 'before-content' };
  }
  const map = records?.get('GNU.sparse.map');
  const numbers = map && map.length > 0 ? String(map).split(',').map(numberOf) : [];
  return { size, map: regionsOf(numbers) };
}

function numberOf(text: string): number {
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(Number(text))) throw damagedMap();
  return Number(text);
}

function regionsOf(numbers: readonly number[]): Region[] {
  if (numbers.length % 2 !== 0 || numbers.length / 2 > mostRegions) throw damagedMap();
  const regions: Region[] = [];
  for (let at = 0; at < numbers.length; at += 2)
    regions.push({ offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 });
  return regions;
}

/** The content of one sparse file as the archive has it, told to the handler as bytes and holes. */
export class SparseBody {
  readonly #handler: TarHandler;
  readonly #size: number;
  #head: Buffer | undefined;
  #regions: readonly Region[] = [];
  #next = 0;
  /** In the file. */
  #at = 0;
  /** Bytes in the archive that are still to come. */
  #left: number;

  constructor(handler: TarHandler, { size, map }: SparseFile, stored: number) {
    if (!handler.hole) throw new TarError('unsupported', 'a sparse file has no place here');
    this.#handler = handler;
    this.#size = size;
    this.#left = stored;
    if (map === 'before-content') this.#head = Buffer.alloc(0);
    else this.#use(map);
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.#head) {
      this.#head = Buffer.concat([this.#head, rest]);
      const found = mapBefore(this.#head);
      if (!found) return;
      rest = this.#head.subarray(found.bytes);
      this.#head = undefined;
      this.#left -= found.bytes;
      this.#use(found.regions);
    }
    this.#left -= rest.length;
    while (rest.length > 0) {
      const region = this.#regions[this.#next];
      if (!region) throw damagedMap();
      this.#jump(Math.max(region.offset, this.#at));
      const part = rest.subarray(0, region.offset + region.length - this.#at);
      if (part.length > 0) this.#handler.data(part);
      this.#at += part.length;
      rest = rest.subarray(part.length);
      if (this.#at === region.offset + region.length) this.#next += 1;
    }
  }

  end(): void {
    if (this.#head || this.#left !== 0) throw damagedMap();
    this.#jump(this.#size);
  }

  /** Regions follow each other, end within the file, and have as many bytes as the archive. */
  #use(regions: readonly Region[]): void {
    let end = 0;
    let bytes = 0;
    for (const { offset, length } of regions) {
      if (offset < end || offset + length > this.#size) throw damagedMap();
      end = offset + length;
      bytes += length;
    }
    if (bytes !== this.#left) throw damagedMap();
    this.#regions = regions.filter(({ length }) => length > 0);
  }

  #jump(to: number): void {
    if (to > this.#at) this.#handler.hole?.(to - this.#at);
    this.#at = to;
  }
}

/** Form 1.0: decimal numbers, a line each, how many regions first; then zeros up to a whole block. */
function mapBefore(head: Buffer): { regions: Region[]; bytes: number } | undefined {
  const numbers: number[] = [];
  let at = 0;
  for (let wanted = 1; numbers.length < wanted; ) {
    const end = head.indexOf(0x0a, at);
    if (end < 0 && head.length - at > 32) throw damagedMap();
    if (end < 0) return undefined;
    numbers.push(numberOf(head.toString('latin1', at, end)));
    at = end + 1;
    const [count = 0] = numbers;
    if (count > mostRegions) throw damagedMap();
    wanted = 1 + 2 * count;
  }
  const bytes = Math.ceil(at / blockSize) * blockSize;
  if (head.length < bytes) return undefined;
  return { regions: regionsOf(numbers.slice(1)), bytes };
}
