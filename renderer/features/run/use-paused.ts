import { useEffect, useState } from 'react';

/** A value that follows once it has rested for `ms`, or at once by `settle`. No word is judged while it grows. */
export function usePaused<T>(value: T, ms: number): { value: T; settle: () => void } {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return { value: rested, settle: () => setRested(value) };
}
