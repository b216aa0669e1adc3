/**
 * A BfdSpeaker as a process, so that it can be in a host of the lab: node bfd-speaker.js SESSIONS(JSON). It says each outcome as a line
 * of JSON, with the time; a line of JSON tells it what to do.
 */
import { createInterface } from 'node:readline';
import { openDatagram } from '../../src/addon/datagrams.js';
import { BfdSpeaker, type BfdStatus } from '../../src/bfd/speaker.js';
import type { BfdSessionSettings } from '../../src/config/check.js';
import type { Outcome } from '../../src/health/check.js';
import { systemClock } from '../../src/system/clock.js';
import { jsonLog } from '../../src/system/log.js';
import { systemRandom } from '../../src/system/random.js';

export type SpeakerOrder =
  | { readonly do: 'configure'; readonly sessions: readonly BfdSessionSettings[] }
  | { readonly do: 'status' }
  /** Holds the event loop up. */
  | { readonly do: 'block'; readonly ms: number }
  | { readonly do: 'stop' };

/** `at`: milliseconds since 1970, as other processes of this kernel count them. */
export type SpeakerSaid =
  | { readonly session: string; readonly outcome: Outcome; readonly at: number }
  | { readonly status: BfdStatus }
  | { readonly done: SpeakerOrder['do'] };

const say = (said: SpeakerSaid): void => void process.stdout.write(`${JSON.stringify(said)}\n`);
const nowMs = (): number => performance.timeOrigin + performance.now();

const speaker = new BfdSpeaker({
  openDatagram,
  clock: systemClock,
  random: systemRandom,
  log: jsonLog(process.stderr),
});
const followed = new Set<string>();

function configure(sessions: readonly BfdSessionSettings[]): void {
  for (const { name } of sessions) {
    if (followed.has(name)) continue;
    followed.add(name);
    speaker.follow(name)((outcome) => say({ session: name, outcome, at: nowMs() }));
  }
  speaker.configure(sessions);
}

async function obey(order: SpeakerOrder): Promise<void> {
  switch (order.do) {
    case 'configure':
      configure(order.sessions);
      return;
    case 'status':
      say({ status: speaker.status });
      return;
    case 'block': {
      const end = performance.now() + order.ms;
      while (performance.now() < end);
      return;
    }
    case 'stop':
      return speaker.stop();
  }
}

configure(JSON.parse(process.argv[2] ?? '[]') as BfdSessionSettings[]);
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as SpeakerOrder;
  await obey(order);
  say({ done: order.do });
  if (order.do === 'stop') break;
}
process.stdin.destroy();
