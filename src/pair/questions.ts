/** What one director asks of the other beyond virtual routers: plain data, for it crosses three processes and an encrypted connection. */

/** `do` says what is asked. As JSON at most LONGEST_QUESTION characters, and so is the answer. */
export interface PeerQuestion {
  readonly do: string;
  readonly [word: string]: unknown;
}

export type PeerAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

/** Asks the director of the other side, over the encrypted connection. */
export interface PeerDirector {
  /** @throws LvsError PAIR_REFUSED with a sentence: it is not there, it does not answer within `withinMs`, or what is asked is too long */
  ask(question: PeerQuestion, withinMs: number): Promise<PeerAnswer>;
}

/** Answers what the other director asks. */
export type AnswerPeer = (question: PeerQuestion) => Promise<PeerAnswer>;

/** Characters. */
export const LONGEST_QUESTION = 16 * 2 ** 20;
