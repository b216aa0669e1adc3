import { createSocket, type Socket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
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

const DEFAULT_GROUP = '224.0.0.81';
const DEFAULT_PORT = 8848;
/** Beyond this the kernel's thread has to take some first. A socket has room for 212,992 unless somebody changed it. */
const QUEUE_BYTES = 96 * 1024;
/** What a message of 1500 bytes takes of that. */
const MESSAGE_COST = 2816;
const POLL_MS = 4;
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
  const socket = await openMulticast(daemon.interface, group, 0);
  return new BackupDaemon(socket, { group, port, clock });
}

/**
 * Opens the way to all backup daemons of a segment, of whatever make: as the kernel's own master sends, but what is lost is not noticed.
 * @throws LvsError RESYNC_FAILED if the interface has no address
 */
export async function openSyncGroup(daemon: SyncDaemon): Promise<MessageSink> {
  const group = daemon.group ?? DEFAULT_GROUP;
  const port = daemon.port ?? DEFAULT_PORT;
  const socket = await openMulticast(daemon.interface, group, daemon.ttl ?? 1);
  return {
    send: (message) => sendTo(socket, message, group, port),
    drained: () => Promise.resolve(),
    close: () => void socket.close(),
  };
}

class BackupDaemon implements MessageSink {
  readonly #socket: Socket;
  readonly #group: string;
  readonly #port: number;
  readonly #clock: Clock;
  readonly #watch: QueueWatch;
  /** What may be in its queue at most. */
  #queued = 0;

  constructor(socket: Socket, { group, port, clock }: { group: string; port: number; clock: Clock }) {
    this.#socket = socket;
    this.#group = group;
    this.#port = port;
    this.#clock = clock;
    this.#watch = new QueueWatch(group, port);
  }

  async send(message: Uint8Array): Promise<void> {
    if (this.#queued + MESSAGE_COST > QUEUE_BYTES) await this.#waitBelow(QUEUE_BYTES / 2);
    await sendTo(this.#socket, message, this.#group, this.#port);
    this.#queued += Math.max(MESSAGE_COST, 2 * message.length);
  }

  drained(): Promise<void> {
    return this.#waitBelow(1);
  }

  close(): void {
    this.#socket.close();
  }

  async #waitBelow(bytes: number): Promise<void> {
    const end = this.#clock.now() + STUCK_MS;
    for (;;) {
      this.#queued = await this.#watch.bytes();
      if (this.#queued < bytes) return;
      if (this.#clock.now() > end) throw new LvsError('RESYNC_FAILED', ["this kernel's backup daemon takes nothing"]);
      await new Promise<void>((resolve) => void this.#clock.after(POLL_MS, resolve));
    }
  }
}

/** How much waits at the daemon's socket, as /proc/net/udp tells. */
export class QueueWatch {
  readonly #file: string;
  readonly #local: string;

  constructor(group: string, port: number) {
    this.#file = familyOf(group) === 'ip4' ? '/proc/net/udp' : '/proc/net/udp6';
    this.#local = `${procAddress(group)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  }

  /** @throws LvsError RESYNC_FAILED if nobody listens there */
  async bytes(): Promise<number> {
    const bytes = this.read(await readFile(this.#file, 'latin1'));
    if (bytes === undefined) throw new LvsError('RESYNC_FAILED', ['no backup daemon runs in this kernel']);
    return bytes;
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

async function openMulticast(name: string, group: string, ttl: number): Promise<Socket> {
  const family = familyOf(group);
  const from = family === 'ip6' ? `::%${name}` : addressOf(name);
  const socket = createSocket(family === 'ip6' ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    socket.setMulticastInterface(from);
    socket.setMulticastLoopback(true);
    socket.setMulticastTTL(ttl);
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

const sendTo = (socket: Socket, message: Uint8Array, group: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.send(message, port, group, (cause) => {
      if (cause === null) resolve();
      else reject(new LvsError('RESYNC_FAILED', [`nothing can be sent to ${group}`], { cause }));
    });
  });
