/** How it goes with one webhook. */
export interface WebhookStatus {
  /** As the file names it. */
  readonly name: string;
  /** Events that wait for it. */
  readonly waiting: number;
  readonly delivered: number;
  /** Attempts that were not taken. */
  readonly failed: number;
  /** Events that it will not get: too old, or refused for good. */
  readonly lost: number;
  /** The last attempt was taken, or there was none. */
  readonly isUp: boolean;
  /** Why it was not. */
  readonly trouble: string | undefined;
}
