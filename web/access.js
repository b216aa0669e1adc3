/** Requests to the API beside this page, with the token if there is one. */

const TOKEN_KEY = 'lvsd-token';
const LIMIT_MS = 15_000;
const ROWS = 1000;

/** What the API did not do, and why. */
export class Refused extends Error {
  /** @param {number} status 0: nobody answered @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.code = code;
  }
}

/**
 * @typedef {object} Question
 * @property {string} [method]
 * @property {object} [body]
 * @property {Readonly<Record<string, string>>} [headers]
 *
 * @typedef {object} Answer
 * @property {unknown} document
 * @property {string | null} etag
 */

export class Access {
  /** @type {Storage} */
  #store;
  /** Called when a token is wanted. */
  onDenied = () => {};

  /** @param {Storage} store forgets when the tab is closed */
  constructor(store) {
    this.#store = store;
  }

  get hasToken() {
    return this.#store.getItem(TOKEN_KEY) !== null;
  }

  /** @param {string} token empty: none */
  useToken(token) {
    if (token === '') this.#store.removeItem(TOKEN_KEY);
    else this.#store.setItem(TOKEN_KEY, token);
  }

  /** @param {Readonly<Record<string, string>>} headers @returns {Record<string, string>} */
  headers(headers = {}) {
    const token = this.#store.getItem(TOKEN_KEY);
    return { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) };
  }

  /** @param {string} path below the page, without a slash in front @param {Question} [question] @returns {Promise<Answer>} @throws {Refused} */
  async ask(path, { method = 'GET', body, headers = {} } = {}) {
    const answer = await reach(path, {
      method,
      headers: this.headers({ ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    await this.mustBeFine(answer);
    const text = await readText(answer);
    return {
      document: text === '' ? null : /** @type {unknown} */ (JSON.parse(text)),
      etag: answer.headers.get('etag'),
    };
  }

  /** @param {Response} answer @throws {Refused} */
  async mustBeFine(answer) {
    if (answer.ok) return;
    const refusal = await refusalOf(answer);
    if (refusal.status === 401) this.onDenied();
    throw refusal;
  }

  /**
   * A list, whole: page by page.
   * @param {string} path @param {Readonly<Record<string, string>>} [query]
   * @returns {Promise<{ items: unknown[], first: unknown }>} first: the first page as it is @throws {Refused}
   */
  async all(path, query = {}) {
    /** @type {unknown[]} */
    const items = [];
    /** @type {unknown} */
    let first;
    /** @type {string | null} */
    let cursor = null;
    do {
      const words = new URLSearchParams({ ...query, limit: String(ROWS), ...(cursor === null ? {} : { cursor }) });
      /** @type {Answer} */
      const { document } = await this.ask(`${path}?${words}`);
      const page = /** @type {import('./documents.js').Page<unknown>} */ (document);
      first ??= page;
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    return { items, first };
  }
}

/** @param {string} path @param {RequestInit} init @returns {Promise<Response>} @throws {Refused} */
export async function reach(path, init) {
  try {
    return await fetch(path, { ...init, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    throw new Refused(0, 'UNREACHABLE', whyNot(error));
  }
}

/** @param {Response} answer */
async function readText(answer) {
  try {
    return await answer.text();
  } catch (error) {
    throw new Refused(0, 'UNREACHABLE', whyNot(error));
  }
}

/** @param {unknown} error of fetch, which says little on purpose */
const whyNot = (error) =>
  error instanceof DOMException && error.name === 'TimeoutError'
    ? `lvsd has not answered for ${LIMIT_MS / 1000} s`
    : 'lvsd cannot be reached';

/** @param {Response} answer @returns {Promise<Refused>} */
async function refusalOf(answer) {
  const { status, statusText } = answer;
  try {
    /** @type {unknown} */
    const problem = await answer.json();
    const { code, detail, errors = [] } = /** @type {import('./documents.js').Problem} */ (problem);
    const places = errors.map(({ at, detail }) => (at === undefined ? detail : `${at}: ${detail}`));
    return new Refused(status, code, [detail, ...places].join('; '));
  } catch {
    return new Refused(status, 'HTTP', `it was answered with ${status} ${statusText}, and not by lvsd`);
  }
}
