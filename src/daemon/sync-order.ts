import type { Configuration, SyncDaemonSettings } from '../config/configuration.js';
import type { PairSettings } from '../config/global-settings.js';
import type { PeerAnswer, PeerQuestion } from '../pair/questions.js';

/** What the process that synchronises connections is told of a configuration. Plain data: it crosses a socket. */
export interface SyncOrder {
  readonly pair: PairSettings;
  /** lvs_sync_daemon; undefined: the kernel tells nobody of its connections. */
  readonly syncDaemon: SyncDaemonSettings | undefined;
  /** Whether there are services of the kernel, and of the userspace engine. */
  readonly usesKernel: boolean;
  readonly usesEngine: boolean;
  /** The virtual routers, and the addresses that are where one is master. */
  readonly routers: readonly { readonly name: string; readonly addresses: readonly string[] }[];
}

/** undefined: there is no other director. */
export function syncOrderOf({ globals, virtualServers, vrrp }: Configuration): SyncOrder | undefined {
  if (globals.pair === undefined) return undefined;
  const services = virtualServers.flatMap((virtual) => virtual.services);
  return {
    pair: globals.pair,
    syncDaemon: globals.syncDaemon,
    usesKernel: services.some(({ settings }) => settings.engine === undefined),
    usesEngine: services.some(({ settings }) => settings.engine !== undefined),
    routers: vrrp.instances.map(({ name, addresses, excluded }) => ({
      name,
      addresses: [...addresses, ...excluded].map(({ address }) => address),
    })),
  };
}

/** A question of the other director on its way to ours. */
export interface WaitingQuestion {
  readonly id: number;
  readonly question: PeerQuestion;
}

export type SyncRequest =
  | { readonly do: 'configure'; readonly order: SyncOrder }
  | { readonly do: 'stop' }
  /** Nothing but an answer: the line stays open. */
  | { readonly do: 'hello' }
  /** Both sides. */
  | { readonly do: 'status' }
  /** An engine was just started: it gets its sessions back before it takes packets. Answered when it has them, or will not get them. */
  | { readonly do: 'restore' }
  /** To the other director. */
  | { readonly do: 'ask'; readonly question: PeerQuestion; readonly withinMs: number }
  /** What happened there behind `known`, as soon as there is something. */
  | { readonly do: 'events'; readonly known: number }
  /** The other director's next question, as soon as there is one; null after a while without. */
  | { readonly do: 'next-question' }
  | { readonly do: 'answer'; readonly id: number; readonly answer: PeerAnswer };

type Told = Readonly<Record<string, unknown>>;
const isPlain = (told: unknown): told is Told => typeof told === 'object' && told !== null;

/** undefined: it is none. What an order contains was checked when the file was read: both ends are of one release. */
export function decodeSyncRequest(line: string): SyncRequest | undefined {
  const told = objectOf(line);
  switch (told?.['do']) {
    case 'stop':
    case 'hello':
    case 'status':
    case 'restore':
    case 'next-question':
      return { do: told['do'] };
    case 'events':
      return typeof told['known'] === 'number' ? { do: 'events', known: told['known'] } : undefined;
    case 'configure':
      return isPlain(told['order']) ? { do: 'configure', order: told['order'] as unknown as SyncOrder } : undefined;
    case 'ask': {
      const { question, withinMs } = told;
      const isFit = isPlain(question) && typeof question['do'] === 'string' && typeof withinMs === 'number';
      return isFit ? { do: 'ask', question: question as unknown as PeerQuestion, withinMs } : undefined;
    }
    case 'answer': {
      const { id, answer } = told;
      const isFit = typeof id === 'number' && isPlain(answer) && typeof answer['ok'] === 'boolean';
      return isFit ? { do: 'answer', id, answer: answer as unknown as PeerAnswer } : undefined;
    }
    default:
      return undefined;
  }
}

function objectOf(line: string): Told | undefined {
  try {
    const told: unknown = JSON.parse(line);
    return isPlain(told) ? told : undefined;
  } catch {
    return undefined;
  }
}
