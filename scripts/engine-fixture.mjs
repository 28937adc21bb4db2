// node scripts/engine-fixture.mjs CHECKOUT: makes test/fixtures/engine-VERSION of a release's clean checkout, in which
// npm ci was run. As root, with gcc, xz and the docker CLI; CONTRIBUTING.md tells when, and what becomes of it.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { registryPackages, unpackedPackages } from './steps/debian-packages.mjs';
import { dockerCli } from './steps/docker-cli.mjs';
import { node24, repo } from './steps/paths.mjs';
import { main, outputOf, runInForeground, StepError } from './steps/run.mjs';

const isNeeded = (file) =>
  /(\.c?js|\/package\.json|\/LICENSE\.txt|\/linux_x64\/koffi\.node)$/.test(file) && !/cnoke/.test(file);

/** dist/engine without source maps, and the koffi that it was built with: all that it needs besides Node and the host. */
function collect(checkout, engine) {
  const built = path.join(checkout, 'dist/engine');
  rmSync(built, { recursive: true, force: true });
  outputOf(node24, [path.join(checkout, 'scripts/build.mjs'), 'engine'], { cwd: checkout });
  for (const name of readdirSync(built).filter((each) => !each.endsWith('.map')))
    cpSync(path.join(built, name), path.join(engine, name));
  for (const name of ['koffi', '@koromix/koffi-linux-x64']) {
    cpSync(path.join(checkout, 'node_modules', name), path.join(engine, 'node_modules', name), {
      recursive: true,
      filter: (file) => statSync(file).isDirectory() || isNeeded(file),
    });
  }
}

await main(async ([checkout]) => {
  if (!checkout || process.getuid() !== 0) throw new StepError('as root: node scripts/engine-fixture.mjs CHECKOUT', 2);
  const { version } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8'));
  const target = path.join(repo, 'test/fixtures', `engine-${version}`);
  const engine = mkdtempSync(path.join(tmpdir(), 'beluga-engine-'));
  try {
    collect(path.resolve(checkout), engine);
    mkdirSync(target, { recursive: true });
    const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--mode=go-w'];
    const env = { ...process.env, XZ_OPT: '-9e' };
    outputOf('tar', ['-cJf', path.join(target, 'engine.tar.xz'), ...same, '-C', engine, '.'], { env });
    return await runInForeground(
      node24,
      [
        ...[path.join(repo, 'test/fixtures/make-data-root.ts'), path.join(engine, 'launcher.mjs')],
        path.join(target, 'data-root.tar.xz'),
      ],
      {
        env: {
          ...process.env,
          BELUGA_DOCKER_CLI: await dockerCli(),
          BELUGA_REGISTRY_PROGRAM: await unpackedPackages('registry', registryPackages),
        },
      },
    );
  } finally {
    rmSync(engine, { recursive: true, force: true });
  }
});
