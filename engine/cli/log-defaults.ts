import { EngineError } from '../base/errors.ts';

/** How containers log that do not say it: dockerd's `log-driver` and `log-opts`. */
export interface LogDefaultOptions {
  driver: string;
  options: Readonly<Record<string, string>>;
}

const usage = (message: string) =>
  new EngineError('invalid', message, { reason: 'request.invalid', params: { detail: message } });

/**
 * @param flags `--log-opt name=value`; each wins over the same of the file.
 * @throws EngineError `invalid` (`request.invalid`) for what is no option.
 */
export function logDefaultsOf(
  given: { driver: string | undefined; flags: readonly string[] },
  configured: Readonly<Record<string, unknown>>,
): LogDefaultOptions {
  const { 'log-driver': driver = 'json-file', 'log-opts': options = {} } = configured;
  if (typeof driver !== 'string') throw usage('the key log-driver of the configuration file has to be a string');
  const isTable = typeof options === 'object' && options !== null && !Array.isArray(options);
  if (!isTable || !Object.values(options).every((value) => typeof value === 'string')) {
    throw usage('the key log-opts of the configuration file has to be an object of strings');
  }
  const flagged = given.flags.map((flag) => {
    const at = flag.indexOf('=');
    if (at < 1) throw usage(`--log-opt takes NAME=VALUE, not ${flag}`);
    return [flag.slice(0, at), flag.slice(at + 1)] as const;
  });
  const table = { ...(options as Record<string, string>), ...Object.fromEntries(flagged) };
  return { driver: given.driver ?? driver, options: table };
}

/** The same as arguments. */
export const logDefaultArguments = ({ driver, options }: LogDefaultOptions): string[] => [
  `--log-driver=${driver}`,
  ...Object.entries(options).map(([name, value]) => `--log-opt=${name}=${value}`),
];
