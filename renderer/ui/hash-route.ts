import { useSyncExternalStore } from 'react';

const subscribe = (changed: () => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};
const current = () => window.location.hash.replace(/^#/, '') || '/';

/** The parts of the path behind `#`: `#/containers/1f/logs` gives `['containers', '1f', 'logs']`. */
export function useHashPath(): readonly string[] {
  const path = useSyncExternalStore(subscribe, current);
  return path.split('/').filter(Boolean).map(decodeURIComponent);
}

export function navigate(path: string): void {
  window.location.hash = path;
}
