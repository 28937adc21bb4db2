import { useSyncExternalStore } from 'react';

function onChange(listener: () => void): () => void {
  document.addEventListener('visibilitychange', listener);
  return () => document.removeEventListener('visibilitychange', listener);
}

/** False while nobody can see the page: its window is minimized or hidden. */
export function usePageShown(): boolean {
  return useSyncExternalStore(onChange, () => document.visibilityState === 'visible');
}
