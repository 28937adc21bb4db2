/** A challenge of WWW-Authenticate (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In small letters: `bearer`, `basic`. */
  scheme: string;
  parameters: Readonly<Record<string, string>>;
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameter = new RegExp(`^(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]+))`);
const schemeStart = new RegExp(`^(${token})(?:[ \\t]+|$|(?=,))`);

/** All challenges of a header; what cannot be read ends the list. Names of parameters come in small letters. */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let rest = header;
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const found = parameter.exec(rest);
    const current = challenges.at(-1);
    if (found?.[1] && current) {
      current.parameters[found[1].toLowerCase()] = found[2]?.replace(/\\(.)/g, '$1') ?? found[3] ?? '';
      rest = rest.slice(found[0].length);
      continue;
    }
    const scheme = schemeStart.exec(rest);
    if (!scheme?.[1]) return challenges;
    challenges.push({ scheme: scheme[1].toLowerCase(), parameters: {} });
    rest = rest.slice(scheme[0].length);
  }
}
