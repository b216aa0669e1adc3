import { type Growing, littleEndian } from './bytes.js';
import { type Message, messageType, writeMessage } from './message.js';

/** NETLINK_CONNECTOR of <linux/netlink.h>; the group is CN_IDX_PROC of <linux/connector.h>. */
export const NETLINK_CONNECTOR = 11;
export const PROCESS_EVENTS_GROUP = 1;

const CN_IDX_PROC = 1;
const CN_VAL_PROC = 1;
/** struct cn_msg: idx u32 | val u32 | seq u32 | ack u32 | len u16 | flags u16 | data. */
const CN_BYTES = 20;
/** PROC_CN_MCAST_LISTEN of <linux/cn_proc.h>. */
const LISTEN = 1;

/** struct proc_event: what u32 | cpu u32 | timestamp u64 | what it is about. */
const EVENT_BYTES = 16;
const eventWord = { none: 0, fork: 1, exec: 2, comm: 0x200, exit: 0x80000000 } as const;

/** What the kernel tells of processes; of their threads nothing is left. `answer`: to our wish to listen, errno or 0. */
export type ProcessNews =
  | { readonly is: 'answer'; readonly errno: number }
  | { readonly is: 'fork'; readonly pid: number; readonly parent: number }
  | { readonly is: 'exec'; readonly pid: number }
  | { readonly is: 'exit'; readonly pid: number };

/** The wish to be told. Without CAP_NET_ADMIN, or outside of the first network and process namespaces, it is not answered. */
export function writeListen(to: Growing): void {
  writeMessage(to, { type: messageType.done, flags: 0, sequence: 0 }, (body) => {
    const start = body.extend(CN_BYTES + 4);
    const { view } = body.memory;
    view.setUint32(start, CN_IDX_PROC, littleEndian);
    view.setUint32(start + 4, CN_VAL_PROC, littleEndian);
    view.setUint16(start + 16, 4, littleEndian);
    view.setUint32(start + CN_BYTES, LISTEN, littleEndian);
  });
}

/** undefined: it is about a thread, or nothing of ours. */
export function readProcessNews({ from: { view }, at, end }: Message): ProcessNews | undefined {
  const event = at + CN_BYTES;
  const data = event + EVENT_BYTES;
  const u32 = (position: number): number => (position + 4 <= end ? view.getUint32(position, littleEndian) : 0);
  if (data + 4 > end || u32(at) !== CN_IDX_PROC || u32(at + 4) !== CN_VAL_PROC) return undefined;
  const [first, second, third, fourth] = [u32(data), u32(data + 4), u32(data + 8), u32(data + 12)];
  switch (u32(event)) {
    case eventWord.none:
      return { is: 'answer', errno: first };
    case eventWord.fork: // parent and its thread group, child and its
      return third === fourth ? { is: 'fork', pid: fourth, parent: second } : undefined;
    case eventWord.exec:
    case eventWord.comm:
      return first === second ? { is: 'exec', pid: second } : undefined;
    case eventWord.exit:
      return first === second ? { is: 'exit', pid: second } : undefined;
    default:
      return undefined;
  }
}
