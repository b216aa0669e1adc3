import { fileURLToPath } from 'node:url';
import { Peer } from './peers.js';

const program = fileURLToPath(new URL('../../../test/lab/talkers.py', import.meta.url));
const inHost = (host: string, ...words: readonly (string | number)[]): Peer =>
  new Peer(['ip', 'netns', 'exec', host, '/usr/bin/python3', program, ...words.map(String)]);

/** A server of talkers.py on all addresses of its host; it listens when this resolves. */
export async function serveTalkers(host: string, port: number): Promise<Peer> {
  const server = inHost(host, 'serve', '0.0.0.0', port);
  await server.line();
  return server;
}

/** What was seen since the exchange before. */
export interface Exchange {
  /** Connections that asked after it began, and were answered. */
  readonly answered: number;
  /** Connections that ended since they were opened, the download among them, and why. */
  readonly broken: number;
  readonly why: readonly string[];
  /** The longest that one waited for an answer. */
  readonly longestMs: number;
  /** The longest that the download stood still, and its bytes. */
  readonly stalledMs: number;
  readonly downloaded: number;
}

export interface Ended {
  /** Of the download. */
  readonly bytes: number;
  /** What came has the hash of what was sent. */
  readonly same: boolean;
  readonly questions: number;
}

export interface Talk {
  readonly connections: number;
  /** From an answer to the next question. */
  readonly pauseMs: number;
  /** Of the download. */
  readonly bytesPerSecond: number;
}

/** Connections that talk all the time, each with a server that remembers what was said, and a large download. */
export class Talkers implements AsyncDisposable {
  readonly #peer: Peer;
  readonly #ports: number[];

  private constructor(peer: Peer, ports: number[]) {
    this.#peer = peer;
    this.#ports = ports;
  }

  /** All connections stand when this resolves. */
  static async open(host: string, address: string, port: number, talk: Talk): Promise<Talkers> {
    const peer = inHost(host, 'talk', address, port, talk.connections, talk.pauseMs, talk.bytesPerSecond);
    return new Talkers(peer, JSON.parse(await peer.line()) as number[]);
  }

  /** Where all connections come from, the download among them. */
  get ports(): readonly number[] {
    return this.#ports;
  }

  /** Opens further connections. */
  async more(count: number): Promise<void> {
    this.#peer.write(`more ${count}`);
    this.#ports.push(...(JSON.parse(await this.#peer.line()) as number[]));
  }

  /** Each connection has asked and was answered after this call, or it is told that it did not. */
  async exchange(): Promise<Exchange> {
    this.#peer.write('exchange');
    return JSON.parse(await this.#peer.line()) as Exchange;
  }

  async end(): Promise<Ended> {
    this.#peer.write('end');
    return JSON.parse(await this.#peer.line()) as Ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}
