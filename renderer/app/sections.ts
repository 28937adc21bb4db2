import { Container, Hammer, Layers, Settings, SquareTerminal } from 'lucide-react';
import type { HostState } from '../host/host-store.ts';

type Entities = Pick<HostState, 'containers' | 'images'>;

const countContainers = (host: Entities) => Object.keys(host.containers).length;
/** As the list shows them: one line for each name. */
const countImages = (host: Entities) =>
  Object.values(host.images).reduce((sum, image) => sum + Math.max(1, image.references.length), 0);

/** The sections of the app, in the order of the sidebar and of Ctrl 1, 2, … Settings stand at its foot. */
export const sections = [
  { path: 'containers', title: 'app.containers', icon: Container, counts: countContainers, foot: false },
  { path: 'images', title: 'app.images', icon: Layers, counts: countImages, foot: false },
  { path: 'builds', title: 'builds.title', icon: Hammer, counts: undefined, foot: false },
  { path: 'terminal', title: 'terminals.hostTitle', icon: SquareTerminal, counts: undefined, foot: true },
  { path: 'settings', title: 'app.settings', icon: Settings, counts: undefined, foot: true },
] as const;

export type SectionPath = (typeof sections)[number]['path'];

/** The section of a path; an unknown one leads to the first. */
export function sectionOf(path: readonly string[]): SectionPath {
  return sections.find((section) => section.path === path[0])?.path ?? 'containers';
}
