/**
 * Server-sent events by fetch, which, unlike EventSource, can send a token.
 * @typedef {import('./documents.js').StreamEvent} StreamEvent
 */
import { reach } from './access.js';

/** Nothing for so long: the line is dead. The server says something every 15 s. */
const SILENCE_MS = 40_000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 15_000;

/** Text as it comes, as the frames that are whole. Pure, but for what it remembers. */
export class FrameReader {
  #rest = '';

  /** @param {string} text @returns {{ id: string | undefined, type: string, data: string | undefined }[]} */
  push(text) {
    const frames = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = frames.pop() ?? '';
    return frames.map(frameOf);
  }
}

/** @param {string} frame */
function frameOf(frame) {
  /** @type {string | undefined} */
  let id;
  let type = 'message';
  /** @type {string[]} */
  const data = [];
  for (const line of frame.split('\n')) {
    const [, field = '', value = ''] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
  }
  return { id, type, data: data.length === 0 ? undefined : data.join('\n') };
}

/** Follows the events of lvsd for as long as the page lives, and goes on where it was after a break. */
export class EventStream {
  /** @type {import('./access.js').Access} */
  #access;
  /** @type {(events: readonly StreamEvent[]) => void} */
  #onEvents;
  /** @type {(isOpen: boolean) => void} */
  #onState;
  /** @type {() => void} */
  #onReset;
  /** @type {AbortController | undefined} */
  #open;
  #last = '';
  #wait = FIRST_WAIT_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isWanted = false;

  /**
   * @param {import('./access.js').Access} access
   * @param {{ onEvents: (events: readonly StreamEvent[]) => void, onState: (isOpen: boolean) => void, onReset: () => void }} told
   */
  constructor(access, { onEvents, onState, onReset }) {
    this.#access = access;
    this.#onEvents = onEvents;
    this.#onState = onState;
    this.#onReset = onReset;
  }

  /** @param {string} last id of the last event that is known; empty: from now on */
  start(last) {
    this.stop();
    if (last !== '') this.#last = last;
    this.#isWanted = true;
    void this.#follow();
  }

  stop() {
    this.#isWanted = false;
    clearTimeout(this.#timer);
    this.#open?.abort();
    this.#open = undefined;
  }

  async #follow() {
    const open = new AbortController();
    this.#open = open;
    try {
      await this.#read(open);
    } catch {
      // whether lvsd is there is told by what is asked of it; here it is only tried again
    }
    if (this.#open !== open || !this.#isWanted) return;
    this.#onState(false);
    this.#timer = setTimeout(() => void this.#follow(), this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
  }

  /** Until it ends. @param {AbortController} open */
  async #read(open) {
    const silence = new Silence(() => open.abort());
    const headers = this.#access.headers({
      accept: 'text/event-stream',
      ...(this.#last === '' ? {} : { 'last-event-id': this.#last }),
    });
    try {
      const answer = await reach('v1/events', { headers, signal: open.signal });
      await this.#access.mustBeFine(answer);
      if (answer.body === null) return;
      this.#wait = FIRST_WAIT_MS;
      this.#onState(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      const frames = new FrameReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        silence.broken();
        this.#take(frames.push(value));
      }
    } finally {
      silence.end();
      open.abort();
    }
  }

  /** @param {ReturnType<FrameReader['push']>} frames */
  #take(frames) {
    /** @type {StreamEvent[]} */
    const events = [];
    for (const { id, type, data } of frames) {
      if (id !== undefined) this.#last = id;
      if (type === 'reset') this.#onReset();
      else if (data !== undefined) events.push(parsed(data));
    }
    if (events.length > 0) this.#onEvents(events);
  }
}

/** Calls when nothing has broken it for too long. */
class Silence {
  /** @type {() => void} */
  #onSilence;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} onSilence */
  constructor(onSilence) {
    this.#onSilence = onSilence;
    this.broken();
  }

  broken() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onSilence, SILENCE_MS);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/** @param {string} data @returns {StreamEvent} */
function parsed(data) {
  /** @type {unknown} */
  const event = JSON.parse(data);
  return /** @type {StreamEvent} */ (event);
}
