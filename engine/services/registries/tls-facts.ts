import { Agent, request } from 'node:https';
import { TLSSocket } from 'node:tls';

export interface TlsFacts {
  /** `TLSv1.3`. */
  version?: string;
  /** The end of its certificate, milliseconds since the epoch. */
  until?: number;
}

/**
 * What a host's TLS is, also where its certificate is not trusted: then its end may be the reason. Nothing but an anonymous
 * question for its head is sent. Never fails: what cannot be seen is left out.
 */
export function tlsFacts(
  host: string,
  { proxies, signal }: { proxies: Readonly<Record<string, string | undefined>>; signal: AbortSignal },
): Promise<TlsFacts> {
  const agent = new Agent({ rejectUnauthorized: false, proxyEnv: { ...proxies } });
  return new Promise((resolve) => {
    const sent = request(new URL(`https://${host}/v2/`), { agent, method: 'HEAD', signal });
    const end = (facts: TlsFacts) => {
      resolve(facts);
      sent.destroy();
      agent.destroy();
    };
    sent.on('error', () => end({}));
    sent.once('socket', (socket) => {
      if (!(socket instanceof TLSSocket)) return end({});
      const look = () => end(factsOf(socket));
      if (socket.getFinished() === undefined) socket.once('secureConnect', look);
      else look();
    });
    sent.end();
  });
}

function factsOf(socket: TLSSocket): TlsFacts {
  const version = socket.getProtocol();
  const until = Date.parse(socket.getPeerCertificate().valid_to ?? '');
  return { ...(version && { version }), ...(!Number.isNaN(until) && { until }) };
}
