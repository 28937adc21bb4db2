import { isIP } from 'node:net';
import { EngineError } from '../../base/errors.ts';
import type { PortQuestion } from '../../services/networks/port-service.ts';

/** Ports that one request may ask about. */
const limit = 256;

const invalid = (text: string) =>
  new EngineError('invalid', `invalid port: "${text}" is none of 8080, 8080/udp, 127.0.0.1:8080/tcp, [::1]:8080/tcp`, {
    reason: 'request.invalid',
    params: { field: 'port' },
  });

function parseQuestion(text: string): PortQuestion {
  const [, bracketed, plain, number = '', protocol = 'tcp'] =
    /^(?:\[([^\]]+)\]:|([^:]+):)?(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const address = bracketed ?? plain ?? '';
  const port = Number(number);
  if (port < 1 || port > 65_535 || (address !== '' && isIP(address) === 0)) throw invalid(text);
  return { address, port, protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

/** The values of `port` in a query. @throws EngineError `invalid` (`request.invalid`). */
export function portQuestions(query: URLSearchParams): PortQuestion[] {
  const texts = query.getAll('port');
  if (texts.length > limit) throw invalid(`${texts.length} ports`);
  return texts.map(parseQuestion);
}
