/** What is asked of a container now and then; Docker's HealthConfig. Times in nanoseconds; absent = the default. */
export interface HealthCheck {
  /** `CMD` and a program with its arguments, `CMD-SHELL` and a line for the shell, `NONE`; empty = the image's. */
  test: readonly string[];
  /** From the end of a check to the next one; 30 s. */
  interval?: number;
  /** Then the check's process is killed; 30 s. */
  timeout?: number;
  /** How long a container may be unwell before it counts. */
  startPeriod?: number;
  /** Instead of `interval` in the start period, until it is healthy; 5 s. */
  startInterval?: number;
  /** So many failures in a row make it unhealthy; 3. */
  retries?: number;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** HealthConfig as it stands in requests and in the config of an image; Go's zero values are not given. */
export function parseHealthConfig(value: unknown): HealthCheck | undefined {
  if (!isObject(value)) return undefined;
  const { Test: test, ...rest } = value;
  const number = (name: string) => (typeof rest[name] === 'number' && rest[name] !== 0 ? rest[name] : undefined);
  const numbers = {
    interval: number('Interval'),
    timeout: number('Timeout'),
    startPeriod: number('StartPeriod'),
    startInterval: number('StartInterval'),
    retries: number('Retries'),
  };
  return {
    test: Array.isArray(test) ? test.filter((word): word is string => typeof word === 'string') : [],
    ...Object.fromEntries(Object.entries(numbers).filter(([, each]) => each !== undefined)),
  };
}

/** Docker's HealthConfig. */
export interface HealthConfigJson {
  Test?: string[];
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

export function healthConfigJson(check: HealthCheck): HealthConfigJson {
  return {
    ...(check.test.length > 0 && { Test: [...check.test] }),
    ...(check.interval && { Interval: check.interval }),
    ...(check.timeout && { Timeout: check.timeout }),
    ...(check.startPeriod && { StartPeriod: check.startPeriod }),
    ...(check.startInterval && { StartInterval: check.startInterval }),
    ...(check.retries && { Retries: check.retries }),
  };
}
