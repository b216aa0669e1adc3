import type { PeerAnswer, PeerQuestion } from '../pair/questions.js';
import type { Cancel, Clock } from '../system/clock.js';
import type { WaitingQuestion } from './sync-order.js';

/** Whoever asks for a question is answered so soon though there is none. */
const PATIENCE_MS = 10_000;
/** Nobody takes it: no director runs. It asks again at once when it does. */
const UNTAKEN_MS = 15_000;
const UNANSWERED_MS = 120_000;

interface Posted extends WaitingQuestion {
  readonly resolve: (answer: PeerAnswer) => void;
  cancel: Cancel;
}

/** Questions of the other director, until ours asks for them and answers. */
export class PeerQuestions {
  readonly #clock: Pick<Clock, 'after'>;
  /** Not yet taken by the director, and taken. */
  readonly #waiting: Posted[] = [];
  readonly #taken = new Map<number, Posted>();
  #takers: ((question: WaitingQuestion | null) => void)[] = [];
  #next = 1;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  post(question: PeerQuestion): Promise<PeerAnswer> {
    return new Promise((resolve) => {
      const id = this.#next++;
      const posted: Posted = {
        id,
        question,
        resolve,
        cancel: this.#clock.after(UNTAKEN_MS, () => {
          this.#waiting.splice(this.#waiting.indexOf(posted), 1);
          resolve({ ok: false, error: 'no lvsd run answers there' });
        }),
      };
      this.#waiting.push(posted);
      this.#serve();
    });
  }

  /** null: there was none for a while. */
  next(): Promise<WaitingQuestion | null> {
    return new Promise((resolve) => {
      const take = (question: WaitingQuestion | null): void => {
        cancel();
        this.#takers = this.#takers.filter((taker) => taker !== take);
        resolve(question);
      };
      const cancel = this.#clock.after(PATIENCE_MS, () => take(null));
      this.#takers.push(take);
      this.#serve();
    });
  }

  /** One that is answered twice, or too late, was answered. */
  answer(id: number, answer: PeerAnswer): void {
    const posted = this.#taken.get(id);
    if (posted === undefined) return;
    this.#taken.delete(id);
    posted.cancel();
    posted.resolve(answer);
  }

  close(): void {
    for (const { cancel, resolve } of [...this.#waiting.splice(0), ...this.#taken.values()]) {
      cancel();
      resolve({ ok: false, error: 'it stops' });
    }
    this.#taken.clear();
    for (const take of [...this.#takers]) take(null);
  }

  /** The last who asked: one before it may have died while it waited. */
  #serve(): void {
    const take = this.#takers.at(-1);
    const posted = take === undefined ? undefined : this.#waiting.shift();
    if (take === undefined || posted === undefined) return;
    posted.cancel();
    posted.cancel = this.#clock.after(UNANSWERED_MS, () => {
      this.#taken.delete(posted.id);
      posted.resolve({ ok: false, error: 'lvsd run does not answer there' });
    });
    this.#taken.set(posted.id, posted);
    take({ id: posted.id, question: posted.question });
  }
}
