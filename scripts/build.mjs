// Builds dist/: node scripts/build.mjs [engine] [electron] [renderer]. What did not change is not built again.
import { existsSync } from 'node:fs';
import { buildParts, isBuilt } from './steps/build.mjs';
import { node24 } from './steps/paths.mjs';
import { main, runInForeground, StepError } from './steps/run.mjs';

await main(async (names) => {
  if (names.length === 0 && isBuilt()) return 0;
  if (Number(process.versions.node.split('.')[0]) >= 24) return buildParts(names);
  if (!existsSync(node24)) throw new StepError('node_modules is missing: run npm start, or npm ci', 2);
  return runInForeground(node24, [import.meta.filename ?? new URL(import.meta.url).pathname, ...names]);
});
