import { create } from 'zustand';
import type { BuildForm } from '../../electron/bridge/builds.ts';

/** An image under one of its names, or without one. */
export interface ImageName {
  readonly id: string;
  readonly reference?: string | undefined;
}

/** What one part of the page asks of another: the frame shows the dialog that belongs to it. */
export type Request =
  | { readonly kind: 'run'; readonly image?: string }
  | { readonly kind: 'pull'; readonly image?: string }
  /** How a pull or push goes, or went. */
  | { readonly kind: 'transfer'; readonly id: string }
  | { readonly kind: 'tag-image'; readonly image: string }
  | { readonly kind: 'push-image'; readonly image: string }
  | { readonly kind: 'prune-images' }
  | { readonly kind: 'remove-images'; readonly images: readonly ImageName[] }
  | { readonly kind: 'remove-containers'; readonly ids: readonly string[] }
  | { readonly kind: 'rename-container'; readonly id: string }
  /** What is known of the form already. */
  | { readonly kind: 'build'; readonly form: Partial<BuildForm> }
  | { readonly kind: 'build-cache' }
  | { readonly kind: 'keys' };

interface Requests {
  current: Request | undefined;
  /** Grows when the file picker for images is wanted. */
  pickFile: number;
}

export const useRequests = create<Requests>()(() => ({ current: undefined, pickFile: 0 }));

export function request(next: Request): void {
  useRequests.setState({ current: next });
}

export function closeRequest(): void {
  useRequests.setState({ current: undefined });
}

/** Asks the images page to open its file picker; go there first. */
export function requestFile(): void {
  useRequests.setState((state) => ({ pickFile: state.pickFile + 1 }));
}
