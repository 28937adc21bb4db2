// The messages of BuildKit's protocol as TypeScript, made from engine/http/buildkit/proto. The result is committed, so that the
// sources run without a build. Run: node scripts/generate-messages.mjs (npm fetches the compiler, 100 MB, for this run)
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../engine/http/buildkit/proto/', import.meta.url));
const compiler = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.17.0'].map((name) => `--package=${name}`);
execFileSync('npm', ['exec', '--yes', ...compiler, '--', 'buf', 'generate'], { cwd: folder, stdio: 'inherit' });
