import { BuildPage } from '../features/build/build-page.tsx';
import { BuildsPage } from '../features/builds/builds-page.tsx';
import { ContainerPage } from '../features/container/container-page.tsx';
import { ContainersPage } from '../features/containers/containers-page.tsx';
import { ImagePage } from '../features/image/image-page.tsx';
import { ImagesPage } from '../features/images/images-page.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';
import { HostTerminalPage } from '../features/terminals/host-terminal-page.tsx';
import { containerParts } from './container-parts.ts';
import { sectionOf } from './sections.ts';

/** The page of a path: `['containers', id, 'logs']`. */
export function Page({ path }: { path: readonly string[] }) {
  const [, second, third] = path;
  switch (sectionOf(path)) {
    case 'containers':
      return second ? (
        <ContainerPage key={second} id={second} parts={containerParts} part={third} />
      ) : (
        <ContainersPage />
      );
    case 'images':
      return second ? <ImagePage key={second} id={second} part={third} /> : <ImagesPage />;
    case 'builds':
      return second ? <BuildPage key={second} id={second} /> : <BuildsPage />;
    case 'terminal':
      return <HostTerminalPage />;
    case 'settings':
      return <SettingsPage part={second} />;
  }
}
