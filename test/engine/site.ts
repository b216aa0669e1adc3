/**
 * engine/ — the userspace engine among real network stacks: namespaces of this machine, or of a guest, with real clients and servers.
 * site.ts: lvsd with its engine in one of them, what they are asked for, and TCP in bulk.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Director } from '../lab/lvsd-process.js';
import { Peer } from '../lab/peers.js';
import type { Network } from '../lab/topology.js';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
const PYTHON = '/usr/bin/python3';
const bulk = join(root, 'test/engine/bulk.py');

export type Mode = 'xdp' | 'packet';

/** A virtual server of the engine, as a file has it. */
export const virtualServer = (header: string, lines: readonly string[], servers: readonly string[]): string => `
virtual_server ${header} {
    lvs_engine userspace
    ${lines.join('\n    ')}
${servers.map((server) => `    real_server ${server} {\n        weight 1\n    }`).join('\n')}
}
`;

export const globals = (ports: readonly string[], mode: Mode, lines: readonly string[] = []): string => `
global_defs {
    engine_ports ${ports.join(' ')}
    engine_mode ${mode}
    engine_workers 1
    ${lines.join('\n    ')}
}
`;

let files = 0;

/** `lvsd run` with this file in a host of the network; it forwards when this resolves. */
export async function direct(host: string, text: string): Promise<Director & { readonly file: string }> {
  const file = `/run/lvsd/engine-${++files}.conf`;
  mkdirSync('/run/lvsd', { recursive: true });
  writeFileSync(file, text);
  const director = new Director(host, file);
  await director.until('daemon.started');
  return Object.assign(director, { file });
}

/** `lvsctl …` in the host: what it printed. Its own limit, a minute, ends it, no other. @throws if its status is not 0 */
export async function lvsctl(network: Network, host: string, ...words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await network.run(host, [join(root, 'bin/lvsctl'), ...words], { limitMs: 90_000 });
  if (status !== 0) throw new Error(`lvsctl ${words.join(' ')}: status ${String(status)}: ${stderr}${stdout}`);
  return stdout;
}

/** A server of bulk.py; it listens when this resolves. */
export async function serveBulk(host: string, address: string, port: number): Promise<Peer> {
  const peer = new Peer(['ip', 'netns', 'exec', host, PYTHON, bulk, 'serve', address, String(port)]);
  await peer.line();
  return peer;
}

/** Moves so many bytes up and down: `ok SECONDS`, or what was wrong. */
export async function move(
  network: Network,
  host: string,
  address: string,
  port: number,
  up: number,
  down: number,
): Promise<string> {
  const command = [PYTHON, bulk, 'move', address, String(port), String(up), String(down)];
  const { stdout, stderr } = await network.run(host, command, { limitMs: 300_000 });
  return `${stdout}${stderr}`.trim();
}

const steady = join(root, 'test/engine/steady.py');

/** Sends every datagram back; it listens when this resolves. */
export async function echo(host: string, address: string, port: number): Promise<Peer> {
  const peer = new Peer(['ip', 'netns', 'exec', host, PYTHON, steady, 'echo', address, String(port)]);
  await peer.line();
  return peer;
}

/** What became of a steady stream. */
export interface Stream {
  readonly sent: number;
  readonly back: number;
  readonly longestMs: number;
}

/** Datagrams at an even pace until it is ended. */
export class Steady implements AsyncDisposable {
  readonly #peer: Peer;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  static async start(host: string, address: string, port: number, perSecond: number): Promise<Steady> {
    const command = ['ip', 'netns', 'exec', host, PYTHON, steady, 'ask', address, String(port), String(perSecond)];
    const peer = new Peer(command);
    await peer.line();
    return new Steady(peer);
  }

  async end(): Promise<Stream> {
    this.#peer.end();
    const [sent = 0, back = 0, longestMs = 0] = (await this.#peer.line()).split(' ').map(Number);
    return { sent, back, longestMs };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}
