import { fileURLToPath } from 'node:url';
import { Peer } from './peers.js';

const program = fileURLToPath(new URL('../../../test/lab/crowd.py', import.meta.url));

/** Connections by the hundred that all talk, round after round, until it is told to end. */
export class Crowd implements AsyncDisposable {
  readonly #peer: Peer;

  private constructor(peer: Peer) {
    this.#peer = peer;
  }

  /** All connections stand when this resolves. @throws if one does not */
  static async open(host: string, address: string, port: number, connections: number): Promise<Crowd> {
    const words = [address, String(port), String(connections)];
    const peer = new Peer(['ip', 'netns', 'exec', host, '/usr/bin/python3', program, ...words]);
    const said = await peer.line();
    if (said !== 'open') throw new Error(`the crowd says '${said}'`);
    return new Crowd(peer);
  }

  /** So many rounds that begin from now on: those that it has told of already do not count. */
  async rounds(count: number): Promise<void> {
    const now = Date.now() + 1; // Date.now() leaves out what is less than a millisecond
    for (let done = 0; done < count; ) {
      const [, , began] = (await this.#peer.line()).split(' ');
      if (Number(began) * 1000 >= now) done++;
    }
  }

  /** `ROUNDS FAILED CHANGED`: rounds done, connections that broke, those that another server answered than at first. */
  async end(): Promise<string> {
    this.#peer.end();
    for (;;) {
      const line = await this.#peer.line();
      if (!line.startsWith('round')) return line;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}
