/** Three quarters of a ring; under reduced motion it turns in steps. */
export function Spinner({ className }: { className?: string }) {
  return (
    <svg className={`size-4 flex-none ${className ?? ''}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle
        className="spin stroke-current"
        cx="8"
        cy="8"
        r="3.25"
        fill="none"
        strokeWidth="1.5"
        strokeDasharray="14 6.4"
      />
    </svg>
  );
}
