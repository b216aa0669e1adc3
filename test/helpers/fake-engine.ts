/**
 * An engine without packets: a server at a real Unix socket that speaks native/control/protocol.h. Run as a program
 * (`node fake-engine.js --control SOCKET …`) it is a process for a supervisor.
 */
import { existsSync, statSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import {
  event,
  type Frame,
  FrameDecoder,
  frameHeader,
  PROTOCOL,
  request,
  SESSION_RECORD_BYTES,
} from '../../src/dataplane/protocol.js';

export interface FakeEngineOptions {
  readonly path: string;
  readonly protocol?: number;
  readonly version?: string;
  readonly pid?: number;
  readonly workers?: number;
  /** Room for so many. */
  readonly capacity?: number;
  /** SessionRecord[] that it has. */
  readonly sessions?: Uint8Array;
  /** Called on kStop, after the answer. */
  readonly onStop?: () => void;
}

type Answer = Uint8Array | { readonly refused: string } | 'none';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const json = (value: unknown): Uint8Array => text(JSON.stringify(value));

export class FakeEngine {
  readonly #options: FakeEngineOptions;
  readonly #sockets = new Set<Socket>();
  readonly #followers = new Map<Socket, number>();
  readonly #server: Server;
  /** Names of the requests in the order in which they came. */
  readonly asked: string[] = [];
  ports: { index: number; name: string; mode: string; queues: number }[] = [];
  network: Uint8Array | undefined;
  services: Uint8Array | undefined;
  sessions: Uint8Array;
  /** Answers instead of the usual ones, by request. */
  readonly instead = new Map<string, Answer>();

  private constructor(options: FakeEngineOptions) {
    this.#options = options;
    this.sessions = options.sessions ?? new Uint8Array(0);
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(options: FakeEngineOptions): Promise<FakeEngine> {
    const engine = new FakeEngine(options);
    if (existsSync(options.path)) unlinkSync(options.path);
    await new Promise<void>((resolve) => engine.#server.listen(options.path, resolve));
    return engine;
  }

  /** To everybody who follows the topic. */
  tell(bit: number, type: number, payload: Uint8Array): void {
    for (const [socket, topics] of this.#followers)
      if ((topics & bit) !== 0) write(socket, { type, status: 0, id: 0, payload });
  }

  /** Connections end as if the process had died. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => void this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#followers.delete(socket);
    });
    socket.on('error', () => undefined);
    const decoder = new FrameDecoder();
    socket.on('data', (chunk: Buffer) => decoder.push(chunk, (frame) => this.#take(socket, frame)));
  }

  #take(socket: Socket, frame: Frame): void {
    const name = Object.entries(request).find(([, number]) => number === frame.type)?.[0] ?? `${frame.type}`;
    this.asked.push(name);
    const answer = this.instead.get(name) ?? this.#answer(name, frame.payload.slice(), socket);
    if (answer === 'none') return;
    const refused = 'refused' in answer;
    const payload = refused ? text(answer.refused) : answer;
    write(socket, { type: frame.type, status: refused ? 1 : 0, id: frame.id, payload }, () => {
      if (name === 'stop') this.#options.onStop?.();
    });
  }

  #answer(name: string, payload: Uint8Array, socket: Socket): Answer {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    switch (name) {
      case 'hello': {
        const { protocol = PROTOCOL, version = 'fake', pid = process.pid } = this.#options;
        const { workers = 2, capacity: sessions = 1000 } = this.#options;
        return json({ protocol, version, pid, startedMs: 5, workers, sessions, ports: this.ports });
      }
      case 'openPorts':
        this.ports = Array.from({ length: payload.length / 24 }, (_, i) => ({
          index: view.getUint32(24 * i + 20, true),
          name: new TextDecoder().decode(payload.subarray(24 * i, 24 * i + 16)).replace(/\0.*$/, ''),
          mode: ['packet', 'xdp-zero-copy', 'xdp-native', 'xdp-generic', 'packet'][view.getUint8(24 * i + 16)] ?? '',
          queues: 1,
        }));
        return json(this.ports);
      case 'publishNetwork':
        this.network = payload;
        return new Uint8Array(0);
      case 'publishServices':
        this.services = payload;
        return new Uint8Array(0);
      case 'services':
        return this.services ?? new Uint8Array(0);
      case 'explain':
        return json({ port: view.getUint32(0, true), bytes: payload.length - 8 });
      case 'sessions': {
        const from = Number(view.getBigUint64(0, true));
        const to = Math.min(this.sessions.length, from + view.getUint32(8, true) * SESSION_RECORD_BYTES);
        const page = new Uint8Array(8 + to - from);
        new DataView(page.buffer).setBigUint64(0, to < this.sessions.length ? BigInt(to) : 0n, true);
        page.set(this.sessions.subarray(from, to), 8);
        return page;
      }
      case 'loadSessions': {
        this.sessions = Buffer.concat([this.sessions, payload]);
        return new Uint8Array(Uint32Array.of(payload.length / SESSION_RECORD_BYTES, 0).buffer);
      }
      case 'flush':
        return new Uint8Array(Uint32Array.of(view.getUint32(0, true), view.getUint32(4, true)).buffer);
      case 'follow':
        this.#followers.set(socket, view.getUint32(0, true));
        return new Uint8Array(0);
      case 'capture':
        setImmediate(() => {
          for (let i = 0; i < view.getUint32(56, true); i++)
            write(socket, { type: event.captured, status: 0, id: 0, payload: captured(i) });
        });
        return new Uint8Array(0);
      default:
        return new Uint8Array(0);
    }
  }
}

function write(socket: Socket, frame: Frame, done?: () => void): void {
  socket.write(Buffer.concat([frameHeader(frame), frame.payload]), done);
}

/** One packet of two bytes that leaves with three. */
function captured(second: number): Uint8Array {
  const decision = json({ verdict: 'forward' });
  const bytes = new Uint8Array(24 + 5 + decision.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(second) * 1_000_000_000n, true);
  view.setUint32(8, 2, true);
  view.setUint32(12, 3, true);
  view.setUint32(16, decision.length, true);
  view.setUint16(20, 0, true);
  view.setUint16(22, 1, true);
  bytes.set([1, 2, 3, 4, 5], 24);
  bytes.set(decision, 29);
  return bytes;
}

/** As lvsd-dataplane is started; `--protocol N` is what only this one has. Its socket file goes if it is still its own. */
async function main(args: readonly string[]): Promise<void> {
  const after = (word: string): string | undefined => {
    const at = args.indexOf(word);
    return at < 0 ? undefined : args[at + 1];
  };
  const path = after('--control') ?? '';
  await FakeEngine.listen({
    path,
    protocol: Number(after('--protocol') ?? PROTOCOL),
    version: after('--version') ?? 'fake',
    sessions: new Uint8Array(Number(after('--held') ?? 0) * SESSION_RECORD_BYTES).fill(7),
    onStop: () => process.exit(0),
  });
  const own = statSync(path).ino;
  process.on('exit', () => {
    if (existsSync(path) && statSync(path).ino === own) unlinkSync(path);
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
