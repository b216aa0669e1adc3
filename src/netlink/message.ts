import { decodeAttributes, i32, Malformed, text, u32 } from './attributes.js';
import { align, type Growing, littleEndian, type Memory } from './bytes.js';

/**
 * struct nlmsghdr of <linux/netlink.h>:
 *    length u32 | type u16 | flags u16 | sequence u32 | port u32 | payload …
 */
export const HEADER_BYTES = 16;

/** NLM_F_*. */
export const messageFlag = {
  request: 0x01,
  multi: 0x02,
  ack: 0x04,
  dumpInterrupted: 0x10,
  dump: 0x300,
  create: 0x400,
  exclusive: 0x200,
  replace: 0x100,
  /** On NLMSG_ERROR only: the request is not appended whole. */
  capped: 0x100,
  /** On NLMSG_ERROR and NLMSG_DONE: attributes of the extended ack follow. */
  ackAttributes: 0x200,
} as const;

export const messageType = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** Appends one message; the length is filled in when `body` has written its part. */
export function writeMessage(
  to: Growing,
  header: { readonly type: number; readonly flags: number; readonly sequence: number },
  body: (to: Growing) => void,
): void {
  const at = to.extend(HEADER_BYTES);
  body(to);
  const { view } = to.memory;
  view.setUint32(at, to.length - at, littleEndian);
  view.setUint16(at + 4, header.type, littleEndian);
  view.setUint16(at + 6, header.flags, littleEndian);
  view.setUint32(at + 8, header.sequence, littleEndian);
  to.extend(align(to.length) - to.length);
}

/** One message inside a datagram: its header, and where its payload lies. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly from: Memory;
  readonly at: number;
  readonly end: number;
}

/** Visits the messages between `at` and `end`. A length that does not fit throws Malformed; what came before it was visited. */
export function splitMessages(from: Memory, at: number, end: number, visit: (message: Message) => void): void {
  let position = at;
  while (position + HEADER_BYTES <= end) {
    const length = from.view.getUint32(position, littleEndian);
    if (length < HEADER_BYTES || position + length > end)
      throw new Malformed(`message of length ${length} with ${end - position} bytes left`);
    visit({
      type: from.view.getUint16(position + 4, littleEndian),
      flags: from.view.getUint16(position + 6, littleEndian),
      sequence: from.view.getUint32(position + 8, littleEndian),
      from,
      at: position + HEADER_BYTES,
      end: position + length,
    });
    position += align(length);
  }
  if (position < end) throw new Malformed(`${end - position} stray bytes after the last message`);
}

/** enum nlmsgerr_attrs. */
const extendedAckAttrs = {
  message: [1, text],
  offset: [2, u32],
  missingType: [5, u32],
  missingNest: [6, u32],
} as const;

/** What an NLMSG_ERROR or the end of a dump says: errno as a positive number, 0 for an ack, and the kernel's own words if it has any. */
export interface Verdict {
  readonly errno: number;
  readonly words?: string;
}

export function readVerdict(message: Message): Verdict {
  const { from, at, end } = message;
  if (at + 4 > end) return message.type === messageType.done ? { errno: 0 } : malformedError();
  const errno = -i32.read(from, at, 4);
  if (errno === 0 || (message.flags & messageFlag.ackAttributes) === 0) return { errno };
  const words = extendedAck(from, attributesAt(message), end);
  return words === undefined ? { errno } : { errno, words };
}

function malformedError(): never {
  throw new Malformed('error message without an error number');
}

/** Behind the errno stands the request's header (capped) or the whole request; NLMSG_DONE has neither. */
function attributesAt({ type, flags, from, at, end }: Message): number {
  if (type === messageType.done) return at + 4;
  if (at + 4 + HEADER_BYTES > end) return malformedError();
  const request = (flags & messageFlag.capped) !== 0 ? HEADER_BYTES : align(from.view.getUint32(at + 4, littleEndian));
  return at + 4 + request;
}

function extendedAck(from: Memory, at: number, end: number): string | undefined {
  if (at > end) return malformedError();
  const { message, offset, missingType } = decodeAttributes(extendedAckAttrs, from, at, end);
  if (message !== undefined) return offset === undefined ? message : `${message} (at byte ${offset} of the request)`;
  return missingType === undefined ? undefined : `attribute ${missingType} is missing`;
}
