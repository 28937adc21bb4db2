export interface MiddleCutProps {
  text: string;
  /** What must stay when the room is short: the tag, the suffix. Default: the last 7 characters. */
  tail?: string;
  tailClassName?: string;
}

/** A beginning of at most so many characters is never cut. */
const SHORT = 7;

/** A name cut in its middle: the first part shrinks, the end stays. The whole stands in the title. */
export function MiddleCut({ text, tail, tailClassName = '' }: MiddleCutProps) {
  const end = tail ?? (text.length > 10 ? text.slice(-7) : '');
  const start = end === '' ? text : text.slice(0, text.length - end.length);
  // the least room of a beginning is more than a short one needs: it would stand apart from its end
  const isShort = start.length <= SHORT;
  return (
    <span className="flex min-w-0 whitespace-nowrap" title={text}>
      <span className={isShort ? 'flex-none whitespace-pre' : 'min-w-6 overflow-hidden text-ellipsis whitespace-pre'}>
        {start}
      </span>
      {end && (
        <span
          className={`overflow-hidden text-ellipsis ${isShort ? 'min-w-0' : 'max-w-2/3 flex-none'} ${tailClassName}`}
        >
          {end}
        </span>
      )}
    </span>
  );
}
