/** The channel `director`: whoever called asks, the other one answers; both say now and then that they are there. Lines of JSON. */
import type { Duplex } from 'node:stream';
import { LvsError } from '../errors.js';
import type { Cancel, Clock } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import { Timers } from '../system/timers.js';
import { LineReader } from './codec.js';
import { type AnswerPeer, LONGEST_QUESTION, type PeerAnswer, type PeerQuestion } from './questions.js';

/** Between two signs of life; who gives none for so many of them is gone. */
const BEAT_MS = 1000;
const SILENT_BEATS = 5;
/** JSON of a question, and what is around it. Bytes: a character has up to three in JSON. */
const LONGEST_LINE = 3 * LONGEST_QUESTION + 256;
/** Of those that wait for an answer. */
const MOST_QUESTIONS = 16;

interface Asked {
  readonly resolve: (answer: PeerAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: Cancel;
}

type Line = Readonly<Record<string, unknown>>;

/** One end: reads lines, beats, and notices silence. */
class Beating {
  readonly #line: Duplex;
  readonly #timers: Timers<'beat' | 'silence'>;
  readonly #ended: (why: string) => void;
  #isClosed = false;

  constructor(
    line: Duplex,
    clock: Clock,
    { take, ended }: { take: (told: Line) => void; ended: (why: string) => void },
  ) {
    this.#line = line;
    this.#timers = new Timers(clock);
    this.#ended = ended;
    const reader = new LineReader(LONGEST_LINE);
    line.on('error', () => line.destroy());
    line.on('data', (bytes: Buffer) => {
      this.#hear();
      const fits = reader.push(bytes, (text) => {
        const told = parse(text);
        if (told === undefined) this.end('what it says is no line of ours');
        else if (!this.#isClosed) take(told);
      });
      if (!fits) this.end('a line of it is too long');
    });
    for (const event of ['end', 'close'] as const) line.on(event, () => this.end('the connection ended'));
    this.#hear();
    this.#beat();
  }

  say(told: object): void {
    if (!this.#isClosed) this.#line.write(`${JSON.stringify(told)}\n`);
  }

  end(why: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timers.disarmAll();
    this.#line.destroy();
    this.#ended(why);
  }

  #hear(): void {
    if (this.#isClosed) return;
    this.#timers.arm('silence', SILENT_BEATS * BEAT_MS, () => this.end('nothing is heard of it'));
  }

  #beat(): void {
    this.#timers.arm('beat', BEAT_MS, () => {
      this.say({});
      this.#beat();
    });
  }
}

/** The end of who called. */
export class Asker {
  readonly #clock: Clock;
  readonly #beating: Beating;
  readonly #asked = new Map<number, Asked>();
  #next = 1;
  #why: string | undefined;

  /** @param ended once, with the reason; also for a close of our own */
  constructor(line: Duplex, clock: Clock, ended: (why: string) => void) {
    this.#clock = clock;
    this.#beating = new Beating(line, clock, {
      take: (told) => this.#take(told),
      ended: (why) => {
        this.#why = why;
        const asked = [...this.#asked.values()];
        this.#asked.clear();
        for (const { reject, cancel } of asked) {
          cancel();
          reject(refused(why));
        }
        ended(why);
      },
    });
  }

  /** @throws LvsError PAIR_REFUSED */
  ask(question: PeerQuestion, withinMs: number): Promise<PeerAnswer> {
    const length = JSON.stringify(question).length;
    if (length > LONGEST_QUESTION) return Promise.reject(refused(`a question of ${length} characters is too long`));
    if (this.#why !== undefined) return Promise.reject(refused(this.#why));
    if (this.#asked.size >= MOST_QUESTIONS) return Promise.reject(refused('too many questions wait for an answer'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(withinMs, () => {
        this.#asked.delete(id);
        reject(refused(`it did not answer within ${withinMs} ms`));
      });
      this.#asked.set(id, { resolve, reject, cancel });
      this.#beating.say({ id, question });
    });
  }

  close(): void {
    this.#beating.end('we closed it');
  }

  #take({ id, answer }: Line): void {
    const asked = typeof id === 'number' ? this.#asked.get(id) : undefined;
    if (asked === undefined || typeof id !== 'number') return; // a sign of life, or too late
    this.#asked.delete(id);
    asked.cancel();
    if (isAnswer(answer)) asked.resolve(answer);
    else asked.reject(refused('what it answers is no answer'));
  }
}

/** The end of who was called. @returns what ends it */
export function answerAsker(line: Duplex, clock: Clock, answer: AnswerPeer, ended: () => void): () => void {
  let waiting = 0;
  const reply = async (id: number, question: PeerQuestion): Promise<void> => {
    waiting++;
    const told = await answer(question).catch((error: unknown): PeerAnswer => ({ ok: false, error: reasonOf(error) }));
    waiting--;
    const isTooLong = JSON.stringify(told).length > LONGEST_QUESTION;
    const short: PeerAnswer = { ok: false, error: 'its answer is too long' };
    beating.say({ id, answer: isTooLong ? short : told });
  };
  const beating: Beating = new Beating(line, clock, {
    take: ({ id, question }) => {
      if (typeof id !== 'number' || !isQuestion(question)) return; // a sign of life
      if (waiting < MOST_QUESTIONS) void reply(id, question);
      else beating.say({ id, answer: { ok: false, error: 'it has too many questions to answer' } });
    },
    ended,
  });
  return () => beating.end('we closed it');
}

const refused = (why: string): LvsError<'PAIR_REFUSED'> => new LvsError('PAIR_REFUSED', [`the other director: ${why}`]);

const isQuestion = (told: unknown): told is PeerQuestion =>
  typeof told === 'object' && told !== null && typeof (told as Line)['do'] === 'string';

const isAnswer = (told: unknown): told is PeerAnswer => {
  if (typeof told !== 'object' || told === null) return false;
  const { ok, error } = told as Line;
  return ok === true || (ok === false && typeof error === 'string');
};

function parse(text: string): Line | undefined {
  try {
    const told: unknown = JSON.parse(text);
    return typeof told === 'object' && told !== null ? (told as Line) : undefined;
  } catch {
    return undefined;
  }
}
