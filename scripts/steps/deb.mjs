// A Debian package of the unpacked application, by dpkg-deb: no maintainer scripts, nothing is started at installation.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { enginePackages, windowPackages } from './debian-packages.mjs';
import { repo } from './paths.mjs';
import { outputOf } from './run.mjs';
import { packageVersion } from './unpacked-app.mjs';

const home = '/opt/beluga';
const icons = '/usr/share/icons/hicolor';

/** Packages that later Debians call otherwise. */
const alternatives = {
  'libgtk-3-0': 'libgtk-3-0t64 | libgtk-3-0',
  libasound2: 'libasound2t64 | libasound2',
};

const depends = () =>
  ['libc6', ...Object.keys({ ...enginePackages, ...windowPackages })].map((name) => alternatives[name] ?? name);

/** deb-control(5) */
function control({ version, kibibytes }) {
  const { name, description, author, homepage } = JSON.parse(readFileSync(path.join(repo, 'package.json'), 'utf8'));
  const fields = {
    Package: name,
    Version: version,
    Architecture: 'amd64',
    Maintainer: `${author.name} <${author.email}>`,
    'Installed-Size': kibibytes,
    Depends: depends().join(', '),
    Recommends: 'sudo, fonts-dejavu-core',
    Suggests: 'docker-cli, fonts-wqy-microhei',
    Section: 'admin',
    Priority: 'optional',
    Homepage: homepage,
    Description: `${description}\n Containers and images in a window and for the docker CLI. The engine starts with the\n app and belongs to it: no daemon is installed.`,
  };
  return Object.entries(fields)
    .map(([field, value]) => `${field}: ${value}\n`)
    .join('');
}

/** Desktop Entry Specification 1.5 */
const desktopEntry = `[Desktop Entry]
Type=Application
Name=Beluga
Comment=Manage containers
Comment[zh_CN]=管理容器
Exec=${home}/beluga
Icon=beluga
StartupWMClass=Beluga
Categories=Development;System;
Keywords=container;docker;image;
`;

function fill(root, app) {
  const inRoot = (name) => {
    const target = path.join(root, name);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
    return target;
  };
  outputOf('cp', ['-a', '--reflink=auto', app, inRoot(home)]);
  // Chromium's sandbox where users may not make namespaces of their own
  chmodSync(path.join(root, home, 'chrome-sandbox'), 0o4755);
  symlinkSync(`${home}/beluga`, inRoot('/usr/bin/beluga'));
  writeFileSync(inRoot('/usr/share/applications/beluga.desktop'), desktopEntry);
  for (const file of readdirSync(path.join(repo, 'assets/icon'))) {
    const size = file.endsWith('.svg') ? 'scalable' : path.basename(file, '.png');
    cpSync(path.join(repo, 'assets/icon', file), inRoot(`${icons}/${size}/apps/beluga${path.extname(file)}`));
  }
  for (const [name, source] of Object.entries({
    'LICENSE.electron.txt': path.join(app, 'LICENSE.electron.txt'),
    'LICENSE.node': path.join(app, 'resources/node/LICENSE'),
    'LICENSE.koffi.txt': path.join(app, 'resources/engine/node_modules/koffi/LICENSE.txt'),
  }))
    cpSync(source, inRoot(`/usr/share/doc/beluga/${name}`));
}

/** Makes release/beluga_VERSION_amd64.deb of the unpacked application `app`. @returns its path */
export function makeDeb({ app, development }) {
  const version = packageVersion(development);
  const target = path.join(repo, `release/beluga_${version}_amd64.deb`);
  const draft = mkdtempSync(path.join(repo, 'release/deb-'));
  try {
    const root = path.join(draft, 'root');
    fill(root, app);
    const kibibytes = outputOf('du', ['-sk', '--apparent-size', root]).split('\t')[0];
    mkdirSync(path.join(root, 'DEBIAN'));
    writeFileSync(path.join(root, 'DEBIAN/control'), control({ version, kibibytes }));
    outputOf('chmod', ['-R', 'go-w,a+rX', root]);
    const file = path.join(draft, 'beluga.deb');
    // zstd: xz takes minutes here for a tenth less
    outputOf('dpkg-deb', ['--root-owner-group', '-Zzstd', `-z${development ? 3 : 19}`, '--build', root, file]);
    outputOf('mv', [file, target]);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}
