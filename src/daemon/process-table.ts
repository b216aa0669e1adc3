import { readdir, readFile } from 'node:fs/promises';
import { openNetlink } from '../addon/netlink.js';
import { Growing, memory } from '../netlink/bytes.js';
import type { DatagramSocket } from '../netlink/exchange.js';
import { MAX_DATAGRAM } from '../netlink/inbox.js';
import { splitMessages } from '../netlink/message.js';
import { NETLINK_CONNECTOR, PROCESS_EVENTS_GROUP, readProcessNews, writeListen } from '../netlink/process-events.js';
import type { Cancel } from '../system/clock.js';
import { reasonOf } from '../system/log.js';
import type { ProcessFacts } from '../vrrp/trackers/process-match.js';
import type { ProcessEvent, ProcessTable } from '../vrrp/trackers/processes.js';

/** A burst of forks must find room. */
const ROOM_BYTES = 1024 * 1024;

/** Opens the kernel's process events. @throws LvsError NETLINK_SOCKET, { code, syscall } */
const openEvents = (): DatagramSocket =>
  openNetlink(NETLINK_CONNECTOR, { groups: [PROCESS_EVENTS_GROUP], receiveBufferBytes: ROOM_BYTES });

/** The processes under /proc, and what the kernel's connector tells of them where it speaks with us (CAP_NET_ADMIN, outermost namespaces). */
export const processTable = (root = '/proc', open: () => DatagramSocket = openEvents): ProcessTable => ({
  async pids() {
    const names = await readdir(root).catch(() => []);
    return names.filter((name) => /^\d+$/.test(name)).map(Number);
  },

  async read(pid, withArguments): Promise<ProcessFacts | undefined> {
    try {
      const comm = await readFile(`${root}/${pid}/comm`, 'utf8');
      const words = withArguments ? await readFile(`${root}/${pid}/cmdline`, 'utf8') : '';
      return { comm: comm.replace(/\n$/, ''), argv: words === '' ? [] : words.replace(/\0$/, '').split('\0') };
    } catch {
      return undefined; // it has ended
    }
  },

  follow(tell) {
    let socket: DatagramSocket;
    try {
      socket = open();
    } catch (error) {
      const cancel = later(() => tell({ is: 'deaf', reason: reasonOf(error) }));
      return cancel;
    }
    return listen(socket, tell);
  },
});

/** `tell` is not called before `follow` has returned. */
function later(run: () => void): Cancel {
  let wanted = true;
  queueMicrotask(() => {
    if (wanted) run();
  });
  return () => void (wanted = false);
}

function listen(socket: DatagramSocket, tell: (event: ProcessEvent) => void): Cancel {
  let open = true;
  const close = (): void => {
    if (open) socket.close();
    open = false;
  };
  const deaf = (reason: string): void => {
    if (!open) return;
    close();
    tell({ is: 'deaf', reason });
  };
  const room = memory(new Uint8Array(MAX_DATAGRAM));
  socket.watch(() => {
    while (open) {
      let ends: readonly number[] | undefined;
      try {
        ends = socket.receive(room.bytes, 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOBUFS') return deaf(reasonOf(error));
        tell({ is: 'lost' });
        continue;
      }
      if (ends === undefined) return;
      for (const [from, to] of spans(ends))
        splitMessages(room, from, to, (message) => {
          const news = readProcessNews(message);
          if (news === undefined || !open) return;
          if (news.is !== 'answer') tell(news);
          else if (news.errno === 0) tell({ is: 'following' });
          else deaf(`the kernel refuses process events: errno ${news.errno}`);
        });
    }
  });
  const wish = new Growing(64);
  writeListen(wish);
  try {
    socket.send(wish.written());
  } catch (error) {
    const cancel = later(() => deaf(reasonOf(error)));
    return () => {
      cancel();
      close();
    };
  }
  return close;
}

/** Each datagram begins at a multiple of four behind the one before. */
const spans = (ends: readonly number[]): readonly (readonly [number, number])[] =>
  ends.map((end, i) => [i === 0 ? 0 : (ends[i - 1]! + 3) & ~3, end]);
