import type { SessionRecord } from '../dataplane/session-record.js';

/** Of sessions beyond these we may tell what we were told: it is said twice then, and no more. */
const MOST = 262_144;
/** A session is told with what it has left then, to the second. */
const SLACK_MS = 2000;

interface Taken {
  readonly state: string;
  /** On our clock. */
  readonly endsMs: number;
}

/**
 * Which sessions are as another director told them: where both roles run, nobody is told what he said himself. One that goes on here has
 * another state, or lives longer than was said, and is ours.
 */
export class TakenSessions {
  readonly #taken = new Map<string, Taken>();

  note(session: SessionRecord, nowMs: number): void {
    const key = keyOf(session);
    this.#taken.delete(key); // it is the youngest again
    this.#taken.set(key, { state: session.state, endsMs: nowMs + session.remainingMs });
    if (this.#taken.size <= MOST) return;
    const oldest = this.#taken.keys().next();
    if (oldest.done !== true) this.#taken.delete(oldest.value);
  }

  has(session: SessionRecord, nowMs: number): boolean {
    const taken = this.#taken.get(keyOf(session));
    return taken?.state === session.state && nowMs + session.remainingMs <= taken.endsMs + SLACK_MS;
  }
}

const keyOf = ({ protocol, affinity, client, vip }: SessionRecord): string =>
  `${protocol} ${affinity} ${client.address} ${client.port} ${vip.address} ${vip.port}`;
