/** The value below which the share `p` (0 to 1) of the values lies, between two by proportion. @throws Error without values */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = p * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  if (below === undefined || above === undefined) throw new Error('there are no values');
  return below + (above - below) * (place - Math.floor(place));
}

/** One line of a table: what was measured of one engine. */
export interface Figures {
  readonly what: string;
  readonly engine: string;
  /** Milliseconds or KiB. Empty: it could not be measured, and `note` says why. */
  readonly values: readonly number[];
  readonly note?: string;
}

const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(1));

/** A Markdown table with p50, p95, the least, and the ratio of p50 to the engine named `peer` in the same rows of `what`. */
export function table(rows: readonly Figures[], peer: string, unit: string): string {
  const lines = rows.map(({ what, engine, values, note }) => {
    if (values.length === 0) return `| ${what} | ${engine} | | | | | ${note ?? ''} |`;
    const other = rows.find((row) => row.what === what && row.engine === peer && row.values.length > 0);
    const ratio = other ? (percentile(values, 0.5) / percentile(other.values, 0.5)).toFixed(2) : '';
    const [p50, p95, least] = [0.5, 0.95, 0].map((p) => short(percentile(values, p)));
    return `| ${what} | ${engine} | ${p50} | ${p95} | ${least} | ${ratio} | ${note ?? ''} |`;
  });
  return [
    `| | engine | p50 ${unit} | p95 ${unit} | least ${unit} | p50 / ${peer}'s | |`,
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
    ...lines,
  ].join('\n');
}

/** `document` with the section `## name` replaced, or added at the end. */
export function withSection(document: string, name: string, body: string): string {
  const sections = document.split(/^(?=## )/m);
  const section = `## ${name}\n\n${body.trim()}\n`;
  const at = sections.findIndex((each) => each.startsWith(`## ${name}\n`));
  const all = at < 0 ? [...sections, section] : sections.toSpliced(at, 1, section);
  return `${all.map((each) => each.trim()).join('\n\n')}\n`;
}
