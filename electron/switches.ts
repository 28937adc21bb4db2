import path from 'node:path';

/** What the command line asks for. */
export interface Switches {
  readonly dataRoot: string;
  readonly runRoot: string;
  /** An archive from which `welcome` is made on an empty engine. */
  readonly sampleImage?: string;
  readonly welcome: boolean;
  /** A PNG of the window is written here once it shows the list. */
  readonly screenshot?: string;
  /** Says on stdout, for scripts, how the start went. */
  readonly report: boolean;
}

const prefix = '--beluga-';

/** Reads the switches of ours; Chromium's and Electron's own are left to them. Relative paths are of `directory`. */
export function parseSwitches(argv: readonly string[], directory: string): Switches {
  const given = new Map<string, string>();
  for (const argument of argv) {
    if (!argument.startsWith(prefix)) continue;
    const [name = '', ...value] = argument.slice(prefix.length).split('=');
    given.set(name, value.join('='));
  }
  const file = (name: string) => {
    const value = given.get(name);
    return value === undefined || value === '' ? undefined : path.resolve(directory, value);
  };
  const sampleImage = file('sample-image');
  const screenshot = file('screenshot');
  return {
    dataRoot: file('data-root') ?? '/var/lib/beluga',
    runRoot: file('run-root') ?? '/run/beluga',
    ...(sampleImage === undefined ? {} : { sampleImage }),
    welcome: given.has('welcome'),
    ...(screenshot === undefined ? {} : { screenshot }),
    report: given.has('report'),
  };
}
