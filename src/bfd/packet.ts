import {
  LEAST_AUTHENTICATED_BYTES,
  MANDATORY_BYTES,
  MOST_U32,
  type SessionState,
  VERSION,
  sessionStates,
} from './rfc5880.js';

/** A control packet (RFC 5880 §4.1) without authentication, which we do not speak. Intervals are in microseconds. */
export interface ControlPacket {
  /** 0 to 31: why the sender's session changed its state last. */
  readonly diagnostic: number;
  readonly state: SessionState;
  readonly poll: boolean;
  readonly final: boolean;
  /** The sender's BFD lives on when its control plane restarts. */
  readonly controlPlaneIndependent: boolean;
  /** The sender asks us to cease our periodic packets while both ends are Up. */
  readonly demand: boolean;
  /** 1 to 255. */
  readonly multiplier: number;
  /** Not 0. */
  readonly myDiscriminator: number;
  /** 0: the sender has not heard of our session. */
  readonly yourDiscriminator: number;
  readonly desiredMinTransmitUs: number;
  /** 0: the sender wants no periodic packets. */
  readonly requiredMinReceiveUs: number;
  readonly requiredMinEchoReceiveUs: number;
}

/** Why a packet was refused (RFC 5880 §6.8.6, in its order). Each word is also what statistics count. */
export const decodingRefusals = [
  'truncated',
  'version',
  'length',
  'multiplier',
  'multipoint',
  'my-discriminator',
  'your-discriminator',
  'authentication',
] as const;
export type DecodingRefusal = (typeof decodingRefusals)[number];

export type Decoded = { readonly packet: ControlPacket } | { readonly refused: DecodingRefusal };

const POLL = 0x20;
const FINAL = 0x10;
const CONTROL_PLANE_INDEPENDENT = 0x08;
const AUTHENTICATION = 0x04;
const DEMAND = 0x02;
const MULTIPOINT = 0x01;

/**
 *    0                   1                   2                   3
 *   |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *   |                       My Discriminator                        |
 *   |                      Your Discriminator                       |
 *   |                    Desired Min TX Interval                    |
 *   |                   Required Min RX Interval                    |
 *   |                 Required Min Echo RX Interval                 |
 *
 * Bytes behind the length that the packet itself names have no meaning.
 */
export function decodePacket(bytes: Uint8Array): Decoded {
  if (bytes.length < MANDATORY_BYTES) return { refused: 'truncated' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, flags, multiplier, length] = [view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3)];
  const authenticated = (flags & AUTHENTICATION) !== 0;
  const state = sessionStates[flags >> 6] ?? 'admin-down'; // two bits, four states
  const myDiscriminator = view.getUint32(4);
  const yourDiscriminator = view.getUint32(8);

  if (first >> 5 !== VERSION) return { refused: 'version' };
  if (length < (authenticated ? LEAST_AUTHENTICATED_BYTES : MANDATORY_BYTES)) return { refused: 'length' };
  if (length > bytes.length) return { refused: 'length' };
  if (multiplier === 0) return { refused: 'multiplier' };
  if ((flags & MULTIPOINT) !== 0) return { refused: 'multipoint' };
  if (myDiscriminator === 0) return { refused: 'my-discriminator' };
  if (yourDiscriminator === 0 && state !== 'down' && state !== 'admin-down') return { refused: 'your-discriminator' };
  if (authenticated) return { refused: 'authentication' };

  return {
    packet: {
      diagnostic: first & 0x1f,
      state,
      poll: (flags & POLL) !== 0,
      final: (flags & FINAL) !== 0,
      controlPlaneIndependent: (flags & CONTROL_PLANE_INDEPENDENT) !== 0,
      demand: (flags & DEMAND) !== 0,
      multiplier,
      myDiscriminator,
      yourDiscriminator,
      desiredMinTransmitUs: view.getUint32(12),
      requiredMinReceiveUs: view.getUint32(16),
      requiredMinEchoReceiveUs: view.getUint32(20),
    },
  };
}

export function encodePacket(packet: ControlPacket): Uint8Array {
  const bytes = new Uint8Array(MANDATORY_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, (VERSION << 5) | packet.diagnostic);
  view.setUint8(
    1,
    (sessionStates.indexOf(packet.state) << 6) |
      (packet.poll ? POLL : 0) |
      (packet.final ? FINAL : 0) |
      (packet.controlPlaneIndependent ? CONTROL_PLANE_INDEPENDENT : 0) |
      (packet.demand ? DEMAND : 0),
  );
  view.setUint8(2, packet.multiplier);
  view.setUint8(3, MANDATORY_BYTES);
  view.setUint32(4, packet.myDiscriminator);
  view.setUint32(8, packet.yourDiscriminator);
  view.setUint32(12, Math.min(packet.desiredMinTransmitUs, MOST_U32));
  view.setUint32(16, Math.min(packet.requiredMinReceiveUs, MOST_U32));
  view.setUint32(20, packet.requiredMinEchoReceiveUs);
  return bytes;
}
