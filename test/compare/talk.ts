import { WebSocket } from 'ws';
import { openWire } from '../raw-http.ts';
import { terminalClient } from '../terminal-client.ts';
import { waitUntil } from '../wait-until.ts';
import type { Scene } from './live.ts';
import { normalised, type Outcome, readable } from './readable.ts';
import { filledIn, type TalkStep, type Turn, wordsOf } from './steps.ts';
import { framed, merged } from './streams.ts';

/** The other side of a conversation. */
interface Partner {
  said(): string;
  type(text: string): void;
  size(rows: number, columns: number): void;
  /** The end of our input. */
  end(): void;
  /** Resolves when the other side has ended: what there is besides what it said. */
  ended(): Promise<Outcome>;
  close(): void;
}

const noTerminal = () => {
  throw new Error('there is no terminal');
};

function terminal(call: string, { group, subject, kept }: Scene): Partner {
  const words = wordsOf(call).map((word) => filledIn(word, group, kept));
  const { DOCKER_API_VERSION, DOCKER_CONFIG } = subject.env;
  const client = terminalClient(`unix://${subject.socket}`, words, undefined, { DOCKER_API_VERSION, DOCKER_CONFIG });
  let exit: number | undefined;
  void client.ended.then((code) => {
    exit = code;
  });
  return {
    said: () => client.said().replaceAll('\r\n', '\n'),
    type: client.type,
    size: (rows, columns) => client.resize({ rows, columns }),
    end: noTerminal,
    ended: async () => ({ exit: await waitUntil('the CLI ended', () => exit) }),
    close: client.kill,
  };
}

const pathOf = (call: string, { group, subject, kept }: Scene) =>
  encodeURI(`/v${subject.api}${filledIn(call, group, kept)}`);

async function connection(call: string, scene: Scene, upgrade: boolean): Promise<Partner> {
  const wire = await openWire(scene.subject.socket);
  const asked = upgrade ? 'Connection: Upgrade\r\nUpgrade: tcp\r\n' : '';
  wire.socket.write(`POST ${pathOf(call, scene)} HTTP/1.1\r\nHost: docker\r\n${asked}\r\n`);
  const received = await wire.until('there is an answer', (bytes) => bytes.includes('\r\n\r\n'));
  const bodyAt = received.indexOf('\r\n\r\n') + 4;
  const head = received.subarray(0, bodyAt).toString();
  const status = Number(head.split(' ', 2)[1]);
  const type = /^content-type: (.*)\r$/im.exec(head)?.[1] ?? '';
  const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1] ?? -1);
  const body = () => wire.received().subarray(bodyAt);
  return {
    said: () => (framed(type, body()) ? merged(body()) : body().toString()),
    type: (text) => wire.socket.write(text),
    size: noTerminal,
    end: () => wire.socket.end(),
    async ended() {
      // a refusal leaves the connection as it is
      if (length >= 0) await wire.until('all came', () => body().length >= length);
      else await wire.closed();
      return { status, type };
    },
    close: () => wire.socket.destroy(),
  };
}

async function webSocket(call: string, scene: Scene): Promise<Partner> {
  const socket = new WebSocket(`ws+unix:${scene.subject.socket}:${pathOf(call, scene)}`, {
    headers: { host: 'docker' },
  });
  let said = '';
  const kinds = new Set<string>();
  let end: Outcome | undefined;
  socket.on('message', (data, isBinary) => {
    said += String(data);
    kinds.add(isBinary ? 'binary' : 'text');
  });
  socket.on('error', () => {});
  socket.on('close', (code) => {
    end ??= { messages: [...kinds].join(', '), code };
  });
  socket.on('unexpected-response', (request, answer) => {
    let text = '';
    answer.on('data', (chunk) => {
      text += String(chunk);
    });
    answer.on('close', () => {
      said = text;
      end = { status: answer.statusCode };
      request.destroy();
    });
  });
  await waitUntil('there is an answer', () => socket.readyState === WebSocket.OPEN || end);
  return {
    said: () => said,
    type: (text) => socket.send(Buffer.from(text)),
    size: noTerminal,
    end: () => socket.close(1000),
    ended: async () => waitUntil('the WebSocket is closed', () => end),
    close: () => socket.terminate(),
  };
}

function meet({ over, call }: TalkStep, scene: Scene): Partner | Promise<Partner> {
  if (over === 'terminal') return terminal(call, scene);
  return over === 'websocket' ? webSocket(call, scene) : connection(call, scene, over === 'upgrade');
}

/** A terminal that is as large already tells nobody. */
function resize(partner: Partner, [rows, columns]: readonly [number, number]): void {
  partner.size(rows + 1, columns);
  partner.size(rows, columns);
}

/** Has a conversation to its end. */
export async function talk(step: TalkStep, scene: Scene): Promise<Outcome> {
  const partner = await meet(step, scene);
  let seen = 0;
  const take = async (turn: Turn) => {
    if ('does' in turn) await scene.take(turn.does);
    else if ('types' in turn) partner.type(turn.types);
    else if ('ends' in turn) partner.end();
    else {
      const found = await waitUntil(`it says ${turn.sees}`, () => {
        if ('size' in turn) resize(partner, turn.size);
        return turn.sees.exec(partner.said().slice(seen));
      });
      seen += found.index + found[0].length;
    }
  };
  try {
    for (const turn of step.turns) await take(turn);
    const end = await partner.ended();
    return { ...end, body: readable(normalised(partner.said(), scene.subject, step), step) };
  } finally {
    partner.close();
  }
}
