/** The engine's log: one JSON object a line. Never give it secrets, environments or whole requests. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** From the most to the least. */
const levels = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof levels)[number];

/** A log that can be made to tell more or less while it runs. */
export interface SwitchedLog extends Log {
  /** What is less severe is not told. */
  setLevel(level: LogLevel): void;
}

/** @param write takes a line with its newline; stderr's in the engine. */
export function createLog(options: { level: LogLevel; write: (line: string) => void }): SwitchedLog {
  let least = levels.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(level) < least) return;
      const plain = Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, printable(value)]));
      options.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...plain })}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    setLevel(level) {
      least = levels.indexOf(level);
    },
  };
}

function printable(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === 'bigint' ? String(value) : value;
}
