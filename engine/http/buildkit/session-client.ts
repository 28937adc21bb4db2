import type { Duplex } from 'node:stream';
import { EngineError } from '../../base/errors.ts';
import type { BuildClient } from '../../services/build/build-service.ts';
import type { RegistryLogin } from '../../services/registries/registry-service.ts';
import { bytesDuplex } from './bytes-duplex.ts';
import {
  CheckAgentRequestSchema,
  CheckAgentResponseSchema,
  CredentialsRequestSchema,
  CredentialsResponseSchema,
  GetSecretRequestSchema,
  GetSecretResponseSchema,
} from './generated/session_pb.ts';
import { callGrpc } from './grpc-client.ts';
import { GrpcFailure } from './grpc-status.ts';
import type { Session } from './sessions.ts';

const paths = {
  credentials: '/moby.filesync.v1.Auth/Credentials',
  secret: '/moby.buildkit.secrets.v1.Secrets/GetSecret',
  checkAgent: '/moby.sshforward.v1.SSH/CheckAgent',
  forwardAgent: '/moby.sshforward.v1.SSH/ForwardAgent',
} as const;

/** The Hub's name in a client's configuration, and that of its API, which clients of sessions are asked for. */
const hub = { login: 'https://index.docker.io/v1/', api: 'registry-1.docker.io' };
const notFound = 5;
const unimplemented = 12;

/** What a build may ask of the client whose session this is. What it answers is handed on and forgotten. */
export function sessionClient(session: Session, signal: AbortSignal): BuildClient {
  const { connection, methods } = session;
  const call = (path: string) => ({ connection, path, signal });
  return {
    async secret(id) {
      const missing = `secret ${id}: not found`;
      if (!methods.has(paths.secret)) throw new EngineError('not-found', missing);
      return orMissing(missing, async () => {
        const { data } = await callGrpc(
          call(paths.secret),
          [GetSecretRequestSchema, { ID: id }],
          GetSecretResponseSchema,
        );
        return data;
      });
    },
    async sshAgent(id) {
      const missing = `ssh agent ${id}: the client forwards none of that id`;
      if (!methods.has(paths.forwardAgent)) throw new EngineError('not-found', missing);
      return orMissing(missing, async (): Promise<Duplex> => {
        await callGrpc(call(paths.checkAgent), [CheckAgentRequestSchema, { ID: id }], CheckAgentResponseSchema);
        const opened = connection.open(paths.forwardAgent, { 'buildkit.ssh.id': id }, signal);
        return bytesDuplex(opened.stream);
      });
    },
    async login(host): Promise<RegistryLogin | undefined> {
      if (!methods.has(paths.credentials)) return undefined;
      const asked = host === hub.login || host === 'docker.io' ? hub.api : host;
      const message = { Host: asked };
      const { Username, Secret } = await callGrpc(
        call(paths.credentials),
        [CredentialsRequestSchema, message],
        CredentialsResponseSchema,
      );
      if (Secret === '') return undefined;
      // a client without a name has a token of the registry's, which stands for a password
      return Username === ''
        ? { username: '', password: '', identityToken: Secret }
        : { username: Username, password: Secret };
    },
  };
}

async function orMissing<T>(words: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof GrpcFailure ? error.code : undefined;
    // an agent that is not there is an error without a code of its own
    if (code === notFound || code === unimplemented || code === 2)
      throw new EngineError('not-found', words, { cause: error });
    throw error;
  }
}
