/** What we send: adverts with their checksum, signed if they have to be. Pure: time and what was sent before come in, what to remember comes out. */
import type { Family } from '../model/address.js';
import { type ChecksumForm, encodeAdvert } from './advert.js';
import { MOST_SEQUENCE, identificationOf, signHeader } from './ah.js';
import { type HmacSettings, nextSequence, signTrailer } from './hmac.js';
import type { WireAuthentication } from './receive.js';
import {
  AUTHENTICATION_BYTES,
  AUTHENTICATION_HEADER,
  AUTHENTICATION_NONE,
  AUTHENTICATION_PASSWORD,
  type Version,
} from './rfc.js';
import type { WireMemory } from './wire-memory.js';

export interface SendSettings {
  readonly family: Family;
  readonly version: Version;
  readonly vrid: number;
  readonly intervalMs: number;
  readonly addresses: readonly string[];
  readonly source: string;
  /** The group or one peer: IPv4 checksums of version 3 and the authentication header know it. */
  readonly destination: string;
  readonly unicast: boolean;
  /** Or hop limit; the authentication header signs it. */
  readonly ttl: number;
  readonly authentication: WireAuthentication;
  readonly hmac: HmacSettings | undefined;
  /** Of version 3 over IPv4; `follows`: the form of the last accepted advert, once there is one. */
  readonly checksum: { readonly form: ChecksumForm; readonly follows: boolean };
}

/** What has to be remembered once the message was really sent. */
export interface Stamp {
  readonly headerSequence?: number;
  readonly trailerSequence?: bigint;
}

export interface Composed {
  readonly message: Uint8Array;
  /** undefined: nothing; each advert is like the one before. */
  readonly stamp: Stamp | undefined;
}

/** One advert that leaves at `wallMs` (ms since 1970). undefined: the authentication header has no number left, and we have to stay silent. */
export function compose(
  settings: SendSettings,
  memory: WireMemory,
  { priority, wallMs }: { readonly priority: number; readonly wallMs: number },
): Composed | undefined {
  const { version, vrid, intervalMs, addresses, source, hmac, authentication, checksum } = settings;
  const advert = { version, vrid, priority, intervalMs, addresses, authentication: dataOf(settings) };
  const form = (checksum.follows ? memory.form : undefined) ?? checksum.form;

  const signs = hmac !== undefined && hmac.mode !== 'receive-only';
  const trailerSequence = signs ? nextSequence(memory.trailerSequence, wallMs, hmac.windowMs) : undefined;
  const message = encodeAdvert(advert, settings, form, (unsigned) =>
    hmac === undefined || trailerSequence === undefined
      ? new Uint8Array(0)
      : signTrailer(hmac, { version, vrid, source }, unsigned, trailerSequence),
  );
  if (version === 3 || authentication.by !== 'header')
    return { message, stamp: trailerSequence === undefined ? undefined : { trailerSequence } };

  const headerSequence = memory.headerSequence + 1;
  if (headerSequence > MOST_SEQUENCE) return undefined;
  const ip = { ...settings, identification: identificationOf(headerSequence) };
  return { message: signHeader(authentication.key, ip, message, headerSequence), stamp: { headerSequence } };
}

function dataOf({
  version,
  authentication,
}: SendSettings): { readonly type: number; readonly data: Uint8Array } | undefined {
  if (version === 3) return undefined;
  const nothing = new Uint8Array(AUTHENTICATION_BYTES);
  switch (authentication.by) {
    case 'none':
      return { type: AUTHENTICATION_NONE, data: nothing };
    case 'password':
      return { type: AUTHENTICATION_PASSWORD, data: authentication.password };
    case 'header':
      return { type: AUTHENTICATION_HEADER, data: nothing };
  }
}

/** Adverts that were heard since may have raised the number of the header; the time in a trailer is ours alone. */
export const remember = (memory: WireMemory, { headerSequence, trailerSequence }: Stamp): WireMemory => ({
  ...memory,
  headerSequence: Math.max(memory.headerSequence, headerSequence ?? 0),
  trailerSequence: trailerSequence ?? memory.trailerSequence,
});
