/** What one instance has to remember from advert to advert, sent or heard. It survives a change of state, not a restart. */
import type { ChecksumForm } from './advert.js';
import type { HeardSequence } from './hmac.js';

export interface WireMemory {
  /** In which form the last accepted advert had its checksum; undefined: none was accepted, or it fits no single one. */
  readonly form: ChecksumForm | undefined;
  /** Authentication header: the greatest number sent or heard. One counter for both: who becomes master goes on where the other stopped. */
  readonly headerSequence: number;
  /** auth_hmac: the last sequence that we sent. */
  readonly trailerSequence: bigint | undefined;
  /** auth_hmac: the last sequence of each sender, latest sender last. */
  readonly senders: readonly HeardSequence[];
}

export const nothingHeard: WireMemory = {
  form: undefined,
  headerSequence: 0,
  trailerSequence: undefined,
  senders: [],
};
