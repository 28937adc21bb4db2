import { type Channel, createChannel } from '../../base/channel.ts';
import { EngineError } from '../../base/errors.ts';
import type { BuildMessage, BuildRequest, BuildService } from '../../services/build/build-service.ts';
import { bodyOf, readJson } from '../body.ts';
import { type BuildSecrets, createBuildSecrets } from '../build-secrets.ts';
import type { BuildKit } from '../buildkit/buildkit.ts';
import type { TracedBuilds } from '../buildkit/traced-build.ts';
import { type Exchange, param, type Route, sendEmpty, sendJson } from '../route.ts';
import { sendJsonLines } from '../stream.ts';
import {
  buildFromWire,
  buildPrinter,
  buildSecretsFromWire,
  loginsFromWire,
  pruneFromWire,
  quietLine,
  sessionCacheFromWire,
} from '../wire/build.ts';
import { flag } from '../wire/query.ts';

interface BuildParts {
  builds: BuildService;
  buildKit(): Promise<BuildKit>;
}

interface SecretParts {
  secrets: BuildSecrets;
}

async function build({ builds, buildKit, secrets }: BuildParts & SecretParts, x: Exchange): Promise<void> {
  if (x.query.get('version') === '2') return buildTraced((await buildKit()).traced, x);
  const request = buildFromWire(x.query);
  const logins = loginsFromWire(x.request.headers['x-registry-config']);
  const tar = bodyOf(x.request);
  try {
    const address = x.query.get('remote');
    const context = address ? { address } : tar;
    const lines = linesOf(builds.build({ ...request, ...named(x, secrets), logins, context }), flag(x.query, 'q'));
    await sendJsonLines(x, lines, (line) => line, { late: true });
  } finally {
    tar.destroy();
  }
}

/** What the id of a request has in front that only brings the context of the build with the rest of it. */
const uploadPrefix = 'upload-request:';

/** For a client with a session: what happens goes out as BuildKit's progress. */
async function buildTraced(traced: TracedBuilds, x: Exchange): Promise<void> {
  const id = x.query.get('buildid') ?? '';
  if (id.startsWith(uploadPrefix)) {
    await traced.upload(id.slice(uploadPrefix.length), bodyOf(x.request));
    sendEmpty(x, 200);
    return;
  }
  const query = new URLSearchParams(x.query);
  const remote = query.get('remote') ?? '';
  if (remote === 'client-session' || remote === 'upload-request') query.delete('remote');
  const logins = loginsFromWire(x.request.headers['x-registry-config']);
  const request = { ...buildFromWire(query), ...sessionCacheFromWire(query), logins };
  const sessionId = query.get('session') ?? '';
  const outputs = query.get('outputs') ?? undefined;
  const lines = traced.build({ id, sessionId, remote, request, outputs, isQuiet: flag(query, 'q') });
  await sendJsonLines(x, lines, (line) => line);
}

/** Clients of ours choose by which id they will ask about it. */
function named({ request }: Exchange, secrets: BuildSecrets): Pick<BuildRequest, 'id' | 'client'> {
  const id = request.headers['x-beluga-build'];
  if (typeof id !== 'string') return {};
  const client = secrets.take(id);
  return { id, ...(client && { client }) };
}

/** @throws EngineError `invalid` */
async function putSecrets({ secrets }: SecretParts, x: Exchange): Promise<void> {
  const id = param(x, 'id');
  if (!/^[0-9a-f]{16}$/.test(id)) throw new EngineError('invalid', 'the id of a build has 16 hex digits');
  secrets.put(id, buildSecretsFromWire(await readJson(x.request)));
  sendEmpty(x);
}

/** What clients of the classic builder read. One that is to be quiet says everything only when it fails. */
function linesOf(messages: Channel<BuildMessage>, isQuiet: boolean): Channel<string> {
  const lines = createChannel<string>({ onClose: () => void messages.return() });
  const print = buildPrinter();
  const kept: string[] = [];
  const go = async () => {
    try {
      for await (const message of messages) {
        const printed = print(message);
        if (!isQuiet) for (const line of printed) lines.push(line);
        else if ('built' in message) lines.push(quietLine(message.built.imageId));
        else kept.push(...printed);
      }
      lines.end();
    } catch (error) {
      for (const line of kept) lines.push(line);
      lines.fail(error);
    }
  };
  void go();
  return lines;
}

/** Building images by HTTP. */
export function buildRoutes(dependencies: BuildParts): readonly Route[] {
  const parts = { ...dependencies, secrets: createBuildSecrets() };
  return [
    { method: 'POST', path: '/build', handler: (x) => build(parts, x) },
    { method: 'PUT', path: '/beluga/builds/:id/secrets', handler: (x) => putSecrets(parts, x) },
    {
      method: 'POST',
      path: '/build/prune',
      handler: async (x) => {
        const { ids, bytes } = await parts.builds.prune(pruneFromWire(x.query));
        sendJson(x, 200, { CachesDeleted: ids.length > 0 ? ids : null, SpaceReclaimed: bytes });
      },
    },
  ];
}
