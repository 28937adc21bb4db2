const secretWords = [
  'apikey',
  'auth',
  'credential',
  'credentials',
  'key',
  'passwd',
  'password',
  'pword',
  'secret',
  'token',
];

/** Whether the name of a variable says that its value is a secret (BuildKit's check SecretsUsedInArgOrEnv). */
export function looksSecret(name: string): boolean {
  const words = name.toLowerCase().split('_');
  return words.some((word) => secretWords.includes(word)) && !words.includes('public');
}

/** What the check says of an instruction that names it; the value is no part of it. */
export const secretWarning = (instruction: 'ARG' | 'ENV', name: string): string =>
  `SecretsUsedInArgOrEnv: Do not use ARG or ENV instructions for sensitive data (${instruction} ${JSON.stringify(name)})`;
