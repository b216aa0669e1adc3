import { fileURLToPath } from 'node:url';
import { Peer } from './peers.js';

const lvsd = fileURLToPath(new URL('../../../bin/lvsd', import.meta.url));

/** `lvsd run` in a host of the topology; its log is JSON lines. It is killed when it is disposed of. */
export class Director implements AsyncDisposable {
  readonly #peer: Peer;
  /** What it has logged, as far as it was read. */
  readonly said: Record<string, unknown>[] = [];

  /** @param by a command that runs it, with other rights for instance */
  constructor(host: string, file: string, by: readonly string[] = []) {
    const command = ['sh', '-c', `exec "$0" run -f ${file} 2>&1`, lvsd];
    this.#peer = new Peer(['ip', 'netns', 'exec', host, ...by, ...command]);
  }

  /** Reads its log up to an event. @throws if it ends before */
  async until(event: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = JSON.parse(await this.#peer.line()) as Record<string, unknown>;
      this.said.push(line);
      if (line['event'] === event) return line;
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#peer.kill(signal);
  }

  /** Asks it to end, and waits until it has: it leaves nothing behind. @throws if it ended before */
  async stop(): Promise<void> {
    this.kill('SIGTERM');
    await this.until('daemon.stopped');
    await this[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#peer[Symbol.asyncDispose]();
  }
}
