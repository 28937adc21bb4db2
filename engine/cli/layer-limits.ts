/** What one layer may have at most, where it is not the default: entries, bytes of files, folders in each other. */
export type LayerLimitOptions = Readonly<Partial<Record<(typeof names)[number], number>>>;

const names = ['entries', 'bytes', 'depth'] as const;

/** Of `--layer-limit NAME=NUMBER` and of the object `layer-limits` of the configuration file; a flag wins. @throws Error. */
export function layerLimitsOf(flags: readonly string[], configured: unknown): LayerLimitOptions {
  if (configured !== undefined && (typeof configured !== 'object' || configured === null || Array.isArray(configured)))
    throw new Error('the key layer-limits of the configuration file has to be an object');
  const given = flags.map((flag) => flag.split('=', 2));
  const limits = Object.entries({ ...configured, ...Object.fromEntries(given) }).map(([name, value]) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    const known = names.find((each) => each === name);
    if (!known || typeof number !== 'number' || !Number.isSafeInteger(number) || number < 1)
      throw new Error(
        `a layer's limit is one of ${names.join(', ')} with a whole number from 1 on, not ${name}=${value}`,
      );
    return [known, number];
  });
  return Object.fromEntries(limits);
}

/** As flags again. */
export const layerLimitArguments = (limits: LayerLimitOptions): string[] =>
  Object.entries(limits).map(([name, value]) => `--layer-limit=${name}=${value}`);
