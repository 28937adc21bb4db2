export interface MiddleCutProps {
  text: string;
  /** What must stay when the room is short: the tag, the suffix. Default: the last 7 characters. */
  tail?: string;
  tailClassName?: string;
}

/** A name cut in its middle: the first part shrinks, the end stays. The whole stands in the title. */
export function MiddleCut({ text, tail, tailClassName }: MiddleCutProps) {
  const end = tail ?? (text.length > 10 ? text.slice(-7) : '');
  const start = end === '' ? text : text.slice(0, text.length - end.length);
  return (
    <span className="flex min-w-0 whitespace-nowrap" title={text}>
      {/* a start that is shorter than what a cut one keeps has no room to fill */}
      <span className={`${start.length > 3 ? 'min-w-6' : 'flex-none'} overflow-hidden text-ellipsis whitespace-pre`}>
        {start}
      </span>
      {end && <span className={`max-w-2/3 flex-none overflow-hidden text-ellipsis ${tailClassName ?? ''}`}>{end}</span>}
    </span>
  );
}
