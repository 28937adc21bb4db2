/** `*`, `?` and characters after a backslash (POSIX shell, 2.13); brackets stand for themselves, as in BuildKit. */
function expressionOf(pattern: string): string {
  return pattern.replace(/\\([\s\S])|([\s\S])/g, (_, escaped: string | undefined, plain: string | undefined) => {
    if (plain === '*') return '[\\s\\S]*';
    if (plain === '?') return '[\\s\\S]';
    return (escaped ?? plain ?? '').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
}

const whole = (pattern: string) => new RegExp(`^${expressionOf(pattern)}$`);

/** Lengths to try, so that the first that fits is the one that is meant. */
const lengths = (value: string, longest: boolean) => {
  const all = Array.from({ length: value.length + 1 }, (_, length) => length);
  return longest ? all.reverse() : all;
};

export function withoutPrefix(value: string, pattern: string, longest: boolean): string {
  const expression = whole(pattern);
  const length = lengths(value, longest).find((each) => expression.test(value.slice(0, each)));
  return value.slice(length ?? 0);
}

export function withoutSuffix(value: string, pattern: string, longest: boolean): string {
  const expression = whole(pattern);
  const length = lengths(value, longest).find((each) => expression.test(value.slice(value.length - each)));
  return value.slice(0, value.length - (length ?? 0));
}

export function replaceIn(value: string, { pattern, by, all }: { pattern: string; by: string; all: boolean }): string {
  return value.replace(new RegExp(expressionOf(pattern), all ? 'g' : ''), () => by);
}
