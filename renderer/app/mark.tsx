/** The mark: half box, half beluga. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg className={className} viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
      <path
        fillRule="evenodd"
        d="M1 9.3A5.4 5.4 0 0 1 11 6.5C11.6 5.6 11.7 4.6 11.3 3.3C10.8 3.4 10.2 3.3 9.6 2.9C10.6 1.5 12.2 1.3 13.3 2C14.3 1.2 15.2 1.2 16 1.6C15.8 2.7 15 3.5 13.9 3.6C14.6 5.2 14.9 6.9 14.4 8.6C13.6 11.5 10.9 13.6 7 13.6H3.2A2.2 2.2 0 0 1 1 11.4ZM5.4 7.3a.95.95 0 1 0 0 1.9a.95.95 0 0 0 0-1.9Z"
      />
    </svg>
  );
}
