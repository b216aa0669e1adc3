/** Runs jobs one after another. Whoever owns the mailbox owns the state its jobs touch: no locks, no interleaving. */
export class Mailbox {
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** The job's own failure goes to its caller and to nobody else. After `close` every job is refused. */
  post<T>(job: () => Promise<T> | T): Promise<T> {
    if (this.#closed) return Promise.reject(new MailboxClosed());
    const result = this.#tail.then(job);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when the last job accepted has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#tail;
  }
}

/** Told to who posts to an owner that has stopped: nobody's mistake, so it has no place in the catalogue. */
export class MailboxClosed extends Error {
  override readonly name = 'MailboxClosed';

  constructor() {
    super('stopped');
  }
}
