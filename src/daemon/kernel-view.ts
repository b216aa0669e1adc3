import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { IpvsClient } from '../ipvs/client.js';
import { type Connection, parseConnection } from '../ipvs/proc.js';
import type { ListedService } from '../ipvs/rows.js';

/** What the kernel's IPVS tells of itself, for explain and what-if. */
export interface KernelView {
  /** With destinations in the kernel's order. */
  services(): Promise<readonly ListedService[]>;
  /** Every flow that it remembers, and persistence templates, one after the other: there may be millions. */
  connections(): AsyncIterable<Connection>;
}

const LIST = '/proc/net/ip_vs_conn';

export const systemKernelView = (client: Pick<IpvsClient, 'list'>, path = LIST): KernelView => ({
  services: () => client.list(),
  async *connections() {
    const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
    for await (const line of lines) {
      const row = parseConnection(line);
      if (row !== undefined) yield row;
    }
  },
});
