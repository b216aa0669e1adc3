/** The client on the link: native/bench/vrrp_probe.cc as a process. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { LINK } from '../test/vrrp/interop/settings.js';
import { built } from './native.js';
import { type Seen, seenOf } from './vrrp-figures.js';

export interface Probe {
  /** Everything that was seen until now. */
  end(): Promise<Seen>;
}

/** @param address asked each millisecond; undefined: nobody is asked */
export async function probe(host: string, address?: string): Promise<Probe> {
  const [program = ''] = built('vrrp-probe');
  const words = ['netns', 'exec', host, program, LINK, ...(address === undefined ? [] : [address])];
  const child = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.value !== 'ready') throw new Error('the probe did not start');
  return {
    async end() {
      child.stdin.end();
      const said: string[] = [];
      for (let next = await lines.next(); next.done !== true; next = await lines.next()) said.push(next.value);
      return seenOf(said);
    },
  };
}

/** CLOCK_MONOTONIC, as the probe has it. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
