import type { GlyphShape } from './glyph-shape.ts';

const arc = (colour: string) => (
  <circle className={`spin ${colour}`} cx="8" cy="8" r="3.25" fill="none" strokeWidth="1.5" strokeDasharray="14 6.4" />
);

const shapes: Record<GlyphShape, React.ReactNode> = {
  dot: <circle className="fill-running-solid" cx="8" cy="8" r="4" />,
  'dot-warning': (
    <>
      <circle className="fill-running-solid" cx="8" cy="8" r="4" />
      <path className="fill-warning-solid" d="M11.5 7.2l3.6 6.3H7.9z" />
    </>
  ),
  arc: arc('stroke-info-solid'),
  'arc-running': arc('stroke-running-solid'),
  pause: <path className="fill-paused-solid" d="M4.5 4h2.5v8H4.5zM9 4h2.5v8H9z" />,
  ring: <circle className="stroke-exited-solid" cx="8" cy="8" r="3.25" fill="none" strokeWidth="1.5" />,
  dashed: (
    <circle
      className="stroke-exited-solid"
      cx="8"
      cy="8"
      r="3.25"
      fill="none"
      strokeWidth="1.5"
      strokeDasharray="2 2.08"
    />
  ),
  cross: (
    <path className="stroke-error-solid" d="M5 5l6 6M11 5l-6 6" strokeWidth="1.75" strokeLinecap="round" fill="none" />
  ),
  triangle: <path className="fill-warning-solid" d="M8 3.2l5.2 9.2H2.8z" />,
};

/** `label` names the state for assistive technology; without it the glyph is decoration beside words. */
export function StatusGlyph({ shape, label }: { shape: GlyphShape; label?: string }) {
  return label ? (
    <svg className="block size-4 flex-none" viewBox="0 0 16 16" role="img" aria-label={label}>
      {shapes[shape]}
    </svg>
  ) : (
    <svg className="block size-4 flex-none" viewBox="0 0 16 16" aria-hidden="true">
      {shapes[shape]}
    </svg>
  );
}
