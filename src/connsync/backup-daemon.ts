import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { LvsError } from '../errors.js';
import type { SyncDaemon } from '../ipvs/rows.js';
import { addressBytes, familyOf } from '../model/address.js';
import type { Clock } from '../system/clock.js';

/** Where messages of the sync protocol go. */
export interface MessageSink {
  /** Waits while whoever takes them is behind. @throws LvsError RESYNC_FAILED */
  send(message: Uint8Array): Promise<void>;
  /** All that was sent has been taken over by a kernel, or was lost. */
  drained(): Promise<void>;
  close(): void;
}

/** How much waits, or was lost, at the socket of this kernel's backup daemon. */
export const queueOf = ({ group, port }: SyncDaemon): QueueWatch =>
  new QueueWatch(group ?? DEFAULT_GROUP, port ?? DEFAULT_PORT);

const DEFAULT_GROUP = '224.0.0.81';
const DEFAULT_PORT = 8848;
/**
 * Beyond this the kernel's thread has to take some first. A socket has room for 212,992 unless somebody changed it, and what the running
 * director's kernel tells meanwhile needs some of that, too.
 */
const QUEUE_BYTES = 144 * 1024;
/** What a message of 1500 bytes takes of that. */
const MESSAGE_COST = 2816;
/** The kernel takes some ten messages, four hundred connections, meanwhile. */
const POLL_MS = 1;
/** It takes its whole queue in milliseconds. */
const STUCK_MS = 20_000;

/**
 * Opens the way to the backup daemon of this kernel. It is bound to its multicast group on its interface, so that nothing sent to an address of
 * this machine reaches it: we send to the group with a TTL of 0, which the kernel loops back on that interface and puts on no wire.
 * @throws LvsError RESYNC_FAILED if the interface has no address
 */
export async function openBackupDaemon(daemon: SyncDaemon, clock: Clock): Promise<MessageSink> {
  const group = daemon.group ?? DEFAULT_GROUP;
  const port = daemon.port ?? DEFAULT_PORT;
  const socket = await openMulticast(daemon.interface, group, port, 0);
  return new BackupDaemon(socket, { group, port, clock });
}

/**
 * Opens the way to all backup daemons of a segment, of whatever make: as the kernel's own master sends, but what is lost is not noticed.
 * @throws LvsError RESYNC_FAILED if the interface has no address
 */
export async function openSyncGroup(daemon: SyncDaemon): Promise<MessageSink> {
  const group = daemon.group ?? DEFAULT_GROUP;
  const port = daemon.port ?? DEFAULT_PORT;
  const socket = await openMulticast(daemon.interface, group, port, daemon.ttl ?? 1);
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        socket.send(message, (cause) => {
          if (cause === null) resolve();
          else reject(unsendable(group, cause));
        });
      }),
    drained: () => Promise.resolve(),
    close: () => void socket.close(),
  };
}

class BackupDaemon implements MessageSink {
  readonly #socket: Socket;
  readonly #group: string;
  readonly #clock: Clock;
  readonly #watch: QueueWatch;
  /** What may be in its queue at most. */
  #queued = 0;
  #failure: LvsError<'RESYNC_FAILED'> | undefined;

  constructor(socket: Socket, { group, port, clock }: { group: string; port: number; clock: Clock }) {
    this.#socket = socket;
    this.#group = group;
    this.#clock = clock;
    this.#watch = new QueueWatch(group, port);
  }

  async send(message: Uint8Array): Promise<void> {
    if (this.#queued + MESSAGE_COST > QUEUE_BYTES) await this.#waitBelow(QUEUE_BYTES / 2);
    // it is in the other queue when this returns: to wait for each to be told so costs more than to send it
    this.#socket.send(message, this.#sent);
    this.#queued += Math.max(MESSAGE_COST, 2 * message.length);
  }

  readonly #sent = (cause: Error | null): void => {
    if (cause !== null) this.#failure ??= unsendable(this.#group, cause);
  };

  drained(): Promise<void> {
    return this.#waitBelow(1);
  }

  close(): void {
    this.#socket.close();
    this.#watch.close();
  }

  async #waitBelow(bytes: number): Promise<void> {
    const end = this.#clock.now() + STUCK_MS;
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      this.#queued = this.#watch.bytes();
      if (this.#queued < bytes) return;
      if (this.#clock.now() > end) throw new LvsError('RESYNC_FAILED', ["this kernel's backup daemon takes nothing"]);
      await new Promise<void>((resolve) => void this.#clock.after(POLL_MS, resolve));
    }
  }
}

/** How much waits at the daemon's socket, as /proc/net/udp tells. */
export class QueueWatch {
  readonly #path: string;
  readonly #local: string;
  readonly #page = Buffer.alloc(4096);
  #file: number | undefined;

  constructor(group: string, port: number) {
    this.#path = familyOf(group) === 'ip4' ? '/proc/net/udp' : '/proc/net/udp6';
    this.#local = `${procAddress(group)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  }

  /** It takes a tenth of a millisecond, and is asked for every fifty messages. @throws LvsError RESYNC_FAILED if nobody listens there */
  bytes(): number {
    const bytes = this.read(this.#text());
    if (bytes === undefined) throw new LvsError('RESYNC_FAILED', ['no backup daemon runs in this kernel']);
    return bytes;
  }

  #text(): string {
    this.#file ??= openSync(this.#path, 'r');
    let text = '';
    for (let length = -1; length !== 0; ) {
      length = readSync(this.#file, this.#page, 0, this.#page.length, text.length);
      text += this.#page.toString('latin1', 0, length);
    }
    return text;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** Messages that came while its queue was full; undefined: nobody listens there. */
  lost(): number | undefined {
    const found = this.#text()
      .split('\n')
      .map((line) => line.trim().split(/ +/));
    const ours = found.filter(([, local]) => local === this.#local);
    return ours.length === 0 ? undefined : ours.reduce((sum, words) => sum + Number(words.at(-1)), 0);
  }

  /** Of the text of that file; undefined: there is no such socket. */
  read(text: string): number | undefined {
    const found = text.split('\n').flatMap((line) => {
      const [, local, , , queues = ''] = line.trim().split(/ +/);
      return local === this.#local ? [Number.parseInt(queues.split(':')[1] ?? '', 16)] : [];
    });
    return found.length === 0 ? undefined : Math.max(...found);
  }
}

/** Words of four bytes in the machine's order, which is little-endian wherever we run. */
const procAddress = (address: string): string =>
  Buffer.from(addressBytes(address)).swap32().toString('hex').toUpperCase();

async function openMulticast(name: string, group: string, port: number, ttl: number): Promise<Socket> {
  const family = familyOf(group);
  const from = family === 'ip6' ? `::%${name}` : addressOf(name);
  const socket = createSocket(family === 'ip6' ? 'udp6' : 'udp4');
  try {
    socket.bind(0);
    await once(socket, 'listening');
    socket.setMulticastInterface(from);
    socket.setMulticastLoopback(true);
    socket.setMulticastTTL(ttl);
    // so that a message is sent at once: to an address it would be looked up first, each time
    socket.connect(port, group);
    await once(socket, 'connect');
    return socket;
  } catch (cause) {
    socket.close();
    throw new LvsError('RESYNC_FAILED', [`nothing can be sent to ${group} on ${name}`], { cause });
  }
}

function addressOf(name: string): string {
  const found = networkInterfaces()[name]?.find(({ family }) => family === 'IPv4');
  if (found === undefined) throw new LvsError('RESYNC_FAILED', [`interface ${name} has no IPv4 address`]);
  return found.address;
}

const unsendable = (group: string, cause: Error): LvsError<'RESYNC_FAILED'> =>
  new LvsError('RESYNC_FAILED', [`nothing can be sent to ${group}`], { cause });
