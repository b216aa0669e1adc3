import { createHash } from 'node:crypto';
import type { HttpPattern, HttpUrl } from '../config/check.js';
import { searchWithin } from '../system/bounded-search.js';
import { alive, failed, type Outcome } from './check.js';

/** Bodies are read to their end, for digests and so that servers log a finished request; but not for ever. */
const LONGEST_BODY = 64 * 1024 * 1024;
/** What of an answer is searched for a pattern, bytes, and for how long: 1 MiB takes a harmless pattern two milliseconds. */
const LONGEST_SEARCH = 1024 * 1024;
const SEARCH_MS = 50;

/** What one url wants of its answer, whichever HTTP brings it. Of the body it keeps only what a pattern is looked for in. */
export class ExpectedAnswer {
  readonly #url: HttpUrl;
  readonly #digest = createHash('md5');
  readonly #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #bytes = 0;

  constructor(url: HttpUrl) {
    this.#url = url;
  }

  take(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#url.digest !== undefined) this.#digest.update(bytes);
    if (this.#url.pattern === undefined || this.#keptBytes >= LONGEST_SEARCH) return;
    this.#kept.push(bytes.slice(0, LONGEST_SEARCH - this.#keptBytes));
    this.#keptBytes += bytes.length;
  }

  /** It is more than anybody wants to read. */
  get excess(): Outcome | undefined {
    return this.#bytes > LONGEST_BODY ? failed('too-large', `more than ${LONGEST_BODY} bytes`) : undefined;
  }

  /** The answer is complete. `head` is what stood before the body, Latin-1: a pattern is looked for there too. */
  judge(status: number, head: string): Outcome {
    const { path, statusCodes, digest, pattern } = this.#url;
    if (!accepts(statusCodes, status)) return failed('status', `${path}: status ${status}`);
    if (digest !== undefined) {
      const found = this.#digest.digest('hex');
      if (found !== digest.toLowerCase()) return failed('digest', `${path}: digest ${found}`);
    }
    const missed = pattern === undefined ? undefined : this.#misses(pattern, head);
    return missed === undefined ? alive(`status ${status}`) : failed('pattern', `${path}: ${missed}`);
  }

  /** keepalived's offsets are those of PCRE: where the search starts, and behind which no match may start. */
  #misses({ regex, absent, minOffset = 0, maxOffset }: HttpPattern, head: string): string | undefined {
    const answer = `${head}\r\n\r\n${Buffer.concat(this.#kept).toString('latin1')}`;
    const search = new RegExp(regex, `${regex.flags.replace('g', '')}g`);
    search.lastIndex = minOffset;
    const at = minOffset > answer.length ? -1 : searchWithin(SEARCH_MS, search, answer);
    if (at === undefined) return `the pattern was not decided within ${SEARCH_MS} ms`;
    const found = at >= 0 && (maxOffset === undefined || at <= maxOffset);
    return found === absent ? `pattern ${absent ? 'found' : 'not found'}` : undefined;
  }
}

const accepts = (ranges: HttpUrl['statusCodes'], status: number): boolean =>
  ranges.length === 0 ? status >= 200 && status <= 299 : ranges.some(([from, to]) => status >= from && status <= to);
