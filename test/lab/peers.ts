import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Network } from './topology.js';

export type Protocol = 'tcp' | 'udp' | 'sctp' | 'http';

export interface Endpoint {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
}

export interface Source {
  readonly address: string;
  /** 0: the kernel chooses. */
  readonly port?: number;
}

/** What a server's answer tells: its name, and the client's address and port as it saw them. */
export interface Answer {
  readonly server: string;
  readonly client: string;
  readonly clientPort: number;
  readonly message: string;
}

/** One exchange: an answer, or why there was none (`timeout`, `Connection refused`, …). */
export type Reply = Answer | { readonly error: string };

const PYTHON = '/usr/bin/python3'; // the system's: a Python out of a version manager may start slowly
/** Seconds until what did not come is no answer: on a machine that is busy, or emulated, one may take long. */
const patience = (): number => Number(process.env['PEER_LIMIT'] ?? (process.env['LAB_KERNEL'] === 'qemu' ? 30 : 10));
/** The same where none is expected. */
const IN_VAIN = 2;
const peer = (host: string, seconds: number, ...args: (string | number)[]): readonly string[] => [
  ...['ip', 'netns', 'exec', host, 'env', `PEER_LIMIT=${seconds}`, PYTHON],
  ...[join(import.meta.dirname, '../../../test/lab/peer.py'), ...args].map(String),
];
const where = ({ protocol, address, port }: Endpoint): [string, string, number] => [protocol, address, port];
const from = (source: Source | undefined): (string | number)[] =>
  source === undefined ? [] : [source.address, source.port ?? 0];

/** A process in a host that one speaks with by lines. */
export class Peer implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #complaints = '';

  constructor(command: readonly string[]) {
    const [program, ...args] = command as [string, ...string[]];
    this.#child = spawn(program, args);
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaints += text));
    this.#child.stdin.on('error', () => undefined); // it may have ended; the missing answer tells
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** The next line of its stdout. @throws if it ended */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done === true) throw new Error(`the process in the lab ended: ${this.#complaints}`);
    return next.value;
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** No more lines come: its stdin ends. */
  end(): void {
    this.#child.stdin.end();
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/**
 * Starts a server that answers on all of `endpoints` as `name`, the host's own if not told. It listens when this resolves,
 * and ends with its network, or before by being disposed of.
 */
export async function serve(host: string, endpoints: readonly Endpoint[], name = host): Promise<Peer> {
  const server = new Peer(peer(host, patience(), 'serve', name, ...endpoints.flatMap(where)));
  await server.line();
  return server;
}

/** Asks `count` times, one after the other, each with a new socket. A reply that does not come in 10 s ($PEER_LIMIT) is `timeout`. */
export const ask = (network: Network, host: string, to: Endpoint, count = 1, source?: Source): Promise<Reply[]> =>
  askFor(patience(), network, host, to, count, source);

/** The same where silence is expected, which begins after 2 s. */
export const askInVain = (network: Network, host: string, to: Endpoint, count = 1): Promise<Reply[]> =>
  askFor(IN_VAIN, network, host, to, count);

async function askFor(
  seconds: number,
  network: Network,
  host: string,
  to: Endpoint,
  count: number,
  source?: Source,
): Promise<Reply[]> {
  const command = peer(host, seconds, 'ask', ...where(to), count, ...from(source)).slice(4);
  const limitMs = 60_000 + count * 2 * (seconds + 1) * 1000; // for a connection and for its answer
  const { stdout, stderr, status } = await network.run(host, command, { limitMs });
  if (status !== 0) throw new Error(`peer.py ask: status ${String(status)}: ${stderr}`);
  return stdout.trimEnd().split('\n').map(readReply);
}

/** A connection (a socket, with UDP) that stays open from question to question. */
export class Conversation implements AsyncDisposable {
  readonly #peer: Peer;

  private constructor(opened: Peer) {
    this.#peer = opened;
  }

  /** @throws if it cannot be opened */
  static async open(host: string, to: Endpoint, source?: Source): Promise<Conversation> {
    const opened = new Peer(peer(host, patience(), 'talk', ...where(to), ...from(source)));
    const first = await opened.line();
    if (first === 'connected') return new Conversation(opened);
    await opened[Symbol.asyncDispose]();
    throw new Error(`${host} to ${where(to).join(' ')}: ${first}`);
  }

  async ask(message: string): Promise<Reply> {
    this.#peer.write(message);
    return readReply(await this.#peer.line());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}

function readReply(line: string): Reply {
  const [server = '', client = '', clientPort = '', ...message] = line.split(' ');
  if (server === 'error') return { error: line.slice('error '.length) };
  return { server, client, clientPort: Number(clientPort), message: message.join(' ') };
}

/** Who answered, or the error: what most tests look at. */
export const serversOf = (replies: readonly Reply[]): string[] =>
  replies.map((reply) => ('error' in reply ? reply.error : reply.server));
