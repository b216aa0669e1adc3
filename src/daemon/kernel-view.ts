import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { IpvsClient } from '../ipvs/client.js';
import { type Connection, parseConnection } from '../ipvs/proc.js';
import type { ListedService, Timeouts } from '../ipvs/rows.js';

/** What the kernel's IPVS tells of itself, for explain, what-if and doctor. */
export interface KernelView {
  /** With destinations in the kernel's order. */
  services(): Promise<readonly ListedService[]>;
  /** Every flow that it remembers, and persistence templates, one after the other: there may be millions. */
  connections(): AsyncIterable<Connection>;
  /** Seconds of silence after which it forgets flows. */
  timeouts(): Promise<Timeouts>;
}

const LIST = '/proc/net/ip_vs_conn';

export const systemKernelView = (client: Pick<IpvsClient, 'list' | 'timeouts'>, path = LIST): KernelView => ({
  services: () => client.list(),
  timeouts: () => client.timeouts(),
  async *connections() {
    const input = createReadStream(path);
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const row = parseConnection(line);
        if (row !== undefined) yield row;
      }
    } finally {
      input.destroy(); // who has seen enough leaves no file open
    }
  },
});
