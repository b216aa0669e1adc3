/**
 * grpc.health.v1 on the wire: HealthCheckRequest { string service = 1 } and HealthCheckResponse { ServingStatus status = 1 } in
 * protocol buffers, each behind five bytes: compressed or not, and its length (gRPC over HTTP/2, Length-Prefixed-Message).
 */

/** By number; what is not in it, the protocol does not know yet. */
const SERVING_STATUS = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const;
export type ServingStatus = (typeof SERVING_STATUS)[number];

const PREFIX_BYTES = 5;
const TAG_SERVICE = 0x0a; // field 1, length-delimited

/** `service` empty: the server as a whole. */
export function encodeHealthRequest(service: string): Uint8Array {
  const name = Buffer.from(service);
  const message = name.length === 0 ? [] : [TAG_SERVICE, ...varint(name.length), ...name];
  const frame = Buffer.alloc(PREFIX_BYTES + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

/** All of an answer's body: exactly one message, not compressed (we offer no compression). */
export function decodeHealthResponse(body: Uint8Array): ServingStatus | { readonly refused: string } {
  const frame = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (frame.length < PREFIX_BYTES) return { refused: 'an answer without message' };
  if (frame[0] !== 0) return { refused: 'a compressed message' };
  const length = frame.readUInt32BE(1);
  if (frame.length !== PREFIX_BYTES + length)
    return { refused: `${frame.length - PREFIX_BYTES} bytes of message where ${length} are announced` };
  const status = decodeStatus(frame.subarray(PREFIX_BYTES));
  if (status === undefined) return { refused: 'a message that is no HealthCheckResponse' };
  return SERVING_STATUS[status] ?? { refused: `serving status ${status}` };
}

/** Wire types of protocol buffers. Groups (3 and 4) are of former times. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Fields that we do not know are passed over, and of several the last one counts, as the encoding says. */
function decodeStatus(message: Buffer): number | undefined {
  let status = 0;
  for (let at = 0; at < message.length; ) {
    const tag = readVarint(message, at);
    if (tag === undefined || tag.value < 8) return undefined; // there is no field 0
    at = tag.end;
    const isStatus = tag.value === ((1 << 3) | wire.varint);
    switch (tag.value % 8) {
      case wire.varint: {
        const number = readVarint(message, at);
        if (number === undefined) return undefined;
        if (isStatus) status = number.value;
        at = number.end;
        break;
      }
      case wire.fixed64:
        at += 8;
        break;
      case wire.fixed32:
        at += 4;
        break;
      case wire.bytes: {
        const length = readVarint(message, at);
        if (length === undefined) return undefined;
        at = length.end + length.value;
        break;
      }
      default:
        return undefined;
    }
    if (at > message.length) return undefined;
  }
  return status;
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** At most ten bytes. Past 2^53 it is not exact, which no length or status of a real message comes near. */
function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let i = 0; i < 10; i++) {
    const byte = bytes[from + i];
    if (byte === undefined) return undefined;
    value += (byte % 128) * 128 ** i;
    if (byte < 128) return { value, end: from + i + 1 };
  }
  return undefined;
}
