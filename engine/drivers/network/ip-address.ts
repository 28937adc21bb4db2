/** IPv4 addresses as numbers, and ranges of them. */

/** A range: its first address as a number, and the length of its prefix. */
export interface Ipv4Range {
  base: number;
  prefix: number;
}

/** Undefined for what is not four decimal numbers. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

export const ipv4Bytes = (address: number) => Buffer.of(...[24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff));

/** Number of addresses in a range. */
export const sizeOf = ({ prefix }: Ipv4Range) => 2 ** (32 - prefix);

export const baseOf = (address: number, prefix: number) => address - (address % 2 ** (32 - prefix));

export function overlaps(a: Ipv4Range, b: Ipv4Range): boolean {
  return a.base < b.base + sizeOf(b) && b.base < a.base + sizeOf(a);
}

export const formatRange = ({ base, prefix }: Ipv4Range) => `${formatIpv4(base)}/${prefix}`;
