// npm run compare [-- WORD...] [--write]: Beluga beside dockerd 20.10 and 26.1, every call of the catalogue in test/compare.
//   WORD     only groups of calls whose name has it
//   --write  makes docs/compatibility.md anew
import path from 'node:path';
import { dockerdPackages, dockerdZstdPackages, packagesToTest, unpackedPackages } from './steps/debian-packages.mjs';
import { dockerCli } from './steps/docker-cli.mjs';
import { node24, repo } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';
import { ensureSampleImage } from './steps/sample-image.mjs';
import { setUpEngine } from './steps/set-up.mjs';

await main(async (args) => {
  if (process.getuid() !== 0) throw new StepError('the comparison starts dockerd, and needs root', 2);
  await setUpEngine(packagesToTest);
  const env = {
    ...process.env,
    BELUGA_SAMPLE_IMAGE: await ensureSampleImage(),
    BELUGA_DOCKER_CLI: await dockerCli(),
    BELUGA_DOCKERD_PROGRAMS: await unpackedPackages('dockerd-beside', dockerdPackages),
    BELUGA_DOCKERD_ZSTD: await unpackedPackages('dockerd-zstd', dockerdZstdPackages, { suite: 'trixie' }),
  };
  return runInForeground(node24, [path.join(repo, 'test/compare/compare.ts'), ...args], { env });
});
