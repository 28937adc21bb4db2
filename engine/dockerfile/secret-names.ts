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

const secretName =
  /pass(?:word|wd|phrase)?(?:_|$)|secret|token|api_?key|access_?key|private_?key|credential|_auth(?:_|$)|^auth/i;

/** Whether a value of that name is kept nowhere: wider than the check, which warns and may not do so without need. */
export const mayBeSecret = (name: string): boolean => looksSecret(name) || secretName.test(name);
