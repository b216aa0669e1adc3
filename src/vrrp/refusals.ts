/**
 * Why an advert is refused. A word is also the name of a counter and the key of an event; the sentence is what an operator reads.
 * `conflict`: the sender is probably a partner that is set up differently, and it will not see us either: two masters.
 */
interface Refusal {
  readonly sentence: string;
  readonly conflict: boolean;
}

const garbled = (sentence: string): Refusal => ({ sentence, conflict: false });
const conflict = (sentence: string): Refusal => ({ sentence, conflict: true });

export const refusals = {
  truncated: garbled('the packet ends before the advert does'),
  length: garbled('there are bytes behind the advert that belong to nothing'),
  vrid: garbled('the advert is for another virtual router'),
  'own-address': garbled('the source is an address of ours: our own advert, or somebody uses our address'),
  source: garbled('no host sends from such a source address'),
  'hop-limit': conflict('the TTL or hop limit is not what the sender is allowed: the packet was routed, or is forged'),
  version: conflict('the sender speaks another version of VRRP'),
  type: garbled('the packet type is not ADVERTISEMENT'),
  'hmac-missing': conflict('the advert is not signed, and auth_hmac enforces'),
  'hmac-unexpected': conflict('the sender signs its adverts (auth_hmac), and we have no key'),
  'hmac-malformed': garbled('the signature is of a kind that we do not know'),
  'hmac-stale': conflict("the signature's time is too far from ours: are the clocks of both synchronised?"),
  'hmac-key': conflict('the advert is signed with a key whose id we do not have'),
  'hmac-mismatch': conflict('the signature is wrong: another key under the same id, or the advert is forged'),
  'hmac-replay': garbled('a signed advert was sent again'),
  'ah-missing': conflict('the advert has no authentication header, and auth_type is AH'),
  'ah-unexpected': conflict('the advert has an authentication header, and auth_type is not AH'),
  'ah-malformed': garbled('the authentication header is none'),
  'ah-mismatch': conflict('the authentication header does not fit: another password, or the advert is forged'),
  'ah-spi': garbled('the security parameters index is not the source address'),
  'ah-replay': garbled("an advert's sequence number is not above those before"),
  'authentication-type': conflict('the sender uses another auth_type'),
  password: conflict('the sender uses another auth_pass'),
  interval: conflict('the sender has another advert_int, which version 2 does not allow'),
  'interval-zero': garbled('the advert interval is 0'),
  checksum: conflict('the checksum is wrong in each form that we accept'),
  'no-addresses': conflict('the advert names no address'),
  destination: conflict('the destination is not ours: one side has multicast, the other unicast'),
  'owner-ignores': garbled('we own the addresses and owner_ignore_adverts is set'),
  stranger: conflict('the source is none of the unicast peers'),
} as const satisfies Readonly<Record<string, Refusal>>;

export type RefusalReason = keyof typeof refusals;
