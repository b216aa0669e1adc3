/** A connection is for one purpose, its channel: the caller names it in the first line, and the other one says yes or why not in the next. */
import type { Duplex } from 'node:stream';
import { LvsError } from '../errors.js';
import type { Clock } from '../system/clock.js';

export const CHANNEL_VERSION = 1;

/**
 * director: questions and answers · connections: those of the kernel, for a director that joins (src/connsync) · sessions: those of the userspace
 * engine, as long as both want (src/dataplane/session-sync.ts)
 */
const channels = ['director', 'connections', 'sessions'] as const;
export type Channel = (typeof channels)[number];

/** Beside the channel and the version whatever it needs. */
export interface ChannelHello {
  readonly channel: Channel;
  readonly [word: string]: unknown;
}

/** What the one who was called says: yes, and whatever the channel needs. */
export type ChannelWords = Readonly<Record<string, unknown>>;

/** Bytes of a line. */
const LONGEST_LINE = 16 * 1024;
const GREETING_MS = 5000;
const LF = 0x0a;

/** @throws LvsError SYNC_REFUSED with the other's sentence, SYNC_AWAY; the connection is closed then */
export async function callChannel(line: Duplex, hello: ChannelHello, clock: Clock): Promise<ChannelWords> {
  line.write(textOf({ version: CHANNEL_VERSION, ...hello }));
  const told = objectOf(await readLine(line, clock));
  if (told?.['ok'] === true) return told;
  line.destroy();
  if (typeof told?.['refused'] === 'string') throw new LvsError('SYNC_REFUSED', [told['refused']]);
  throw away('what it says is no answer');
}

/** The first line of who called. @throws LvsError SYNC_AWAY; the connection is closed then */
export async function hearChannel(line: Duplex, clock: Clock): Promise<ChannelHello> {
  const told = objectOf(await readLine(line, clock));
  const channel = channels.find((name) => name === told?.['channel']);
  if (told !== undefined && channel !== undefined && told['version'] === CHANNEL_VERSION) return { ...told, channel };
  refuseChannel(line, `its release of lvsd speaks version ${CHANNEL_VERSION} of ${channels.join(', ')}`);
  throw away('what it says is no greeting of ours');
}

export const grantChannel = (line: Duplex, words: ChannelWords = {}): void =>
  void line.write(textOf({ ...words, ok: true }));

export const refuseChannel = (line: Duplex, why: string): void => void line.end(textOf({ refused: why }));

const textOf = (value: object): string => `${JSON.stringify(value)}\n`;

const away = (why: string): LvsError<'SYNC_AWAY'> => new LvsError('SYNC_AWAY', [why]);

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === 'object' && told !== null ? (told as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** What comes after the line is left for whoever reads next. */
function readLine(line: Duplex, clock: Clock): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    const leave = (): void => {
      cancel();
      line.off('readable', read);
      for (const event of ['end', 'close'] as const) line.off(event, ended);
    };
    const fail = (why: string): void => {
      leave();
      line.destroy();
      reject(away(why));
    };
    const ended = (): void => fail('it closed the connection');
    const read = (): void => {
      for (let part = line.read() as Buffer | null; part !== null; part = line.read() as Buffer | null) {
        const end = part.indexOf(LF);
        parts.push(end < 0 ? part : part.subarray(0, end));
        length += part.length;
        if (end < 0 && length > LONGEST_LINE) return fail('its first line is too long');
        if (end < 0) continue;
        leave();
        if (end + 1 < part.length) line.unshift(part.subarray(end + 1));
        return resolve(Buffer.concat(parts).toString('utf8'));
      }
    };
    const cancel = clock.after(GREETING_MS, () => fail('it says nothing'));
    line.on('readable', read);
    for (const event of ['end', 'close'] as const) line.on(event, ended);
    if (line.destroyed) ended();
  });
}
