/** When what is asked again, and how old what is shown is. The owner of the page's timers. */

/** Beyond a question's own period: then what is shown is old. */
const LATE_MS = 6000;
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10_000;
/** Of the time, at most so much goes into one question: large sites are asked less often. */
const SHARE = 1 / 20;

/**
 * @typedef {object} Topic
 * @property {string} name
 * @property {number} everyMs
 * @property {() => Promise<void>} read
 *
 * @typedef {object} Kept
 * @property {Topic} topic
 * @property {number} goodAt of the answer that is shown; 0: none yet
 * @property {number} periodMs
 * @property {number} failures in a row
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 * @property {boolean} isAsking
 * @property {boolean} isDue asked for while one was under way
 */

export class Refresh {
  /** @type {Map<string, Kept>} */
  #topics = new Map();
  #isPaused = false;
  /** Why the last question was not answered; empty: it was. */
  trouble = '';
  /** @type {() => void} */
  #onChange;

  /** @param {readonly Topic[]} topics @param {() => void} onChange something was answered, or not */
  constructor(topics, onChange) {
    for (const topic of topics)
      this.#topics.set(topic.name, {
        topic,
        goodAt: 0,
        periodMs: topic.everyMs,
        failures: 0,
        timer: undefined,
        isAsking: false,
        isDue: false,
      });
    this.#onChange = onChange;
  }

  /** Asks all of it now. */
  now() {
    for (const name of this.#topics.keys()) this.soon(name, 0);
  }

  /** Asks one of them in a moment, however many ask for it. @param {string} name @param {number} [ms] */
  soon(name, ms = 150) {
    const kept = this.#topics.get(name);
    if (kept === undefined || this.#isPaused) return;
    if (kept.isAsking) kept.isDue = true;
    else this.#arm(kept, ms);
  }

  /** Nobody looks: nothing is asked. */
  pause() {
    this.#isPaused = true;
    for (const kept of this.#topics.values()) clearTimeout(kept.timer);
  }

  resume() {
    this.#isPaused = false;
    this.now();
  }

  /** When the oldest of what is shown was answered, if that is too long ago; undefined: all is fresh. 0: never. @param {number} now */
  staleSince(now) {
    const late = [...this.#topics.values()].filter(({ goodAt, periodMs }) => now - goodAt > periodMs + LATE_MS);
    return late.length === 0 ? undefined : Math.min(...late.map(({ goodAt }) => goodAt));
  }

  /** @param {Kept} kept @param {number} ms */
  #arm(kept, ms) {
    clearTimeout(kept.timer);
    kept.timer = setTimeout(() => void this.#ask(kept), ms);
  }

  /** @param {Kept} kept */
  async #ask(kept) {
    kept.isAsking = true;
    kept.isDue = false;
    const from = performance.now();
    try {
      await kept.topic.read();
      kept.goodAt = Date.now();
      kept.failures = 0;
      this.trouble = '';
    } catch (error) {
      kept.failures++;
      this.trouble = error instanceof Error ? error.message : String(error);
    }
    kept.isAsking = false;
    kept.periodMs = Math.max(kept.topic.everyMs, (performance.now() - from) / SHARE);
    if (!this.#isPaused) this.#arm(kept, this.#waitOf(kept));
    this.#onChange();
  }

  /** @param {Kept} kept */
  #waitOf({ failures, isDue, periodMs }) {
    if (failures > 0) return Math.min(RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
    return isDue ? 0 : periodMs;
  }
}
