import { closeSync, openSync, writeSync } from 'node:fs';
import { CaptureFile } from '../dataplane/capture.js';
import type { CaptureOrder } from '../dataplane/protocol.js';
import { LvsError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import { protocolNumber } from '../model/service.js';
import { reasonOf } from '../system/log.js';
import { onSignals } from '../system/signals.js';
import { flag, text, type Wrong } from './arguments.js';
import { connectEngine, portsOf } from './engine-socket.js';
import type { Output } from './face.js';
import { describe } from './manual.js';

export interface CaptureArguments {
  readonly order: CaptureOrder;
  /** `-`: standard output. */
  readonly file: string;
}

/** kCapture's count is 32 bits. */
const NO_END = 0xffff_ffff;
const MOST_SNAP = 65_535;

const options = {
  count: { ...text, value: 'N', help: 'packets (default: no end)' },
  snap: { ...text, value: 'BYTES', help: 'of each frame, no more (default: all)' },
  dropped: { ...flag, help: 'only those that were dropped' },
  write: { ...text, short: 'w', value: 'FILE', fills: 'file', help: "where to; '-' is standard output" },
} as const;

export const captureCommand = describe(
  {
    program: 'lvsctl',
    name: 'capture',
    summary: "the userspace engine's packets before and after, as pcapng",
    synopsis: ['[FILTER] [--count N] [--snap BYTES] [--dropped] -w FILE|-'],
    shares: ['control'],
    notJson: 'capture writes pcapng, not JSON',
    about: [
      `Packets of the userspace engine as pcapng, each as it came and, behind it, as it went, with what the engine decided and why as comment.
      Ends after so many packets, on Ctrl-C, or when the engine ends.`,
      {
        title: 'FILTER is any of',
        terms: [
          ['client ADDRESS[:PORT]', 'one end of the flow; IPv6 with a port is [ADDRESS]:PORT'],
          ['vip ADDRESS[:PORT]', 'the address asked for'],
          ['server ADDRESS', 'whom it went to'],
          ['proto PROTOCOL', 'tcp, udp, sctp, icmp, icmp6 or a number'],
        ],
      },
    ],
  },
  {
    options,
    words: [['client', 'vip', 'server', 'proto']],
    read: ({ count, snap, dropped, write: file }, words): CaptureArguments | Wrong => {
      const filter = readFilter(words);
      if ('wrong' in filter) return filter;
      const most = readNumber('count', count, NO_END);
      if (typeof most === 'object') return most;
      const bytes = readNumber('snap', snap, MOST_SNAP);
      if (typeof bytes === 'object') return bytes;
      if (file === undefined) return { wrong: "capture where to? -w FILE, or '-' for standard output" };
      const order: CaptureOrder = {
        ...filter,
        ...(dropped ? { onlyDropped: true } : {}),
        ...(bytes === undefined ? {} : { snap: bytes }),
        most: most ?? NO_END,
      };
      return { order, file };
    },
  },
);

function readNumber(option: string, text: string | undefined, most: number): number | undefined | Wrong {
  if (text === undefined) return undefined;
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= most ? number : { wrong: `--${option} is a number from 1 to ${most}, not '${text}'` };
}

type Filter = Omit<CaptureOrder, 'most' | 'snap' | 'onlyDropped'>;

function readFilter(words: readonly string[]): Filter | Wrong {
  let filter: Filter = {};
  const seen = new Set<string>();
  for (let i = 0; i < words.length; i += 2) {
    const [word = '', value] = words.slice(i, i + 2);
    const part = value === undefined ? { wrong: `'${word}' of what?` } : readPart(word, value);
    if ('wrong' in part) return part;
    if (seen.has(word)) return { wrong: `'${word}' stands twice` };
    seen.add(word);
    filter = { ...filter, ...part };
  }
  return filter;
}

function readPart(word: string, value: string): Filter | Wrong {
  switch (word) {
    case 'client':
    case 'vip': {
      const end = readEnd(value);
      if (end === undefined)
        return { wrong: `${word} is ADDRESS or ADDRESS:PORT, IPv6 [ADDRESS]:PORT, not '${value}'` };
      const port = end.port === undefined ? {} : word === 'client' ? { clientPort: end.port } : { vipPort: end.port };
      return { [word]: end.address, ...port };
    }
    case 'server': {
      const server = canonicalAddress(value);
      return server === undefined ? { wrong: `server is an address, not '${value}'` } : { server };
    }
    case 'proto': {
      const protocol = protocolOf(value);
      return protocol === undefined
        ? { wrong: `proto is tcp, udp, sctp, icmp, icmp6 or a number from 1 to 255, not '${value}'` }
        : { protocol };
    }
    default:
      return { wrong: `'${word}' is no filter: client, vip, server, proto` };
  }
}

function readEnd(text: string): { readonly address: string; readonly port?: number } | undefined {
  const whole = canonicalAddress(text.replace(/^\[(.*)\]$/, '$1'));
  if (whole !== undefined) return { address: whole };
  const [, bracketed, plain, digits = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? plain ?? '');
  const port = Number(digits);
  if (address === undefined || address.includes(':') !== (bracketed !== undefined)) return undefined;
  return port >= 1 && port <= 65_535 ? { address, port } : undefined;
}

const otherProtocols: ReadonlyMap<string, number> = new Map([
  ['icmp', 1],
  ['icmp6', 58],
]);

function protocolOf(text: string): number | undefined {
  if (text === 'tcp' || text === 'udp' || text === 'sctp') return protocolNumber(text);
  const number = otherProtocols.get(text) ?? (/^\d{1,3}$/.test(text) ? Number(text) : 0);
  return number >= 1 && number <= 255 ? number : undefined;
}

const STDOUT = 1;

/** Answers with the exit status. @throws LvsError ENGINE_ABSENT, CAPTURE_FILE and others of the client */
export async function capture({ order, file }: CaptureArguments, control: string, output: Output): Promise<number> {
  let take: (packet: Parameters<CaptureFile['packet']>[0]) => void = () => undefined;
  let finish: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => (finish = resolve));
  const client = await connectEngine(control, {
    onCaptured: (packet) => take(packet),
    onEnd: () => finish('the engine ended'),
  });
  let descriptor = STDOUT;
  const quiet = onSignals(process, { SIGINT: () => finish(''), SIGTERM: () => finish('') });
  try {
    if (file !== '-') descriptor = openFile(file);
    const names = await portsOf(client);
    const pcap = new CaptureFile(
      (bytes) => writeAll(descriptor, bytes, file),
      (port) => names[port],
    );
    let count = 0;
    take = (packet) => {
      try {
        pcap.packet(packet);
      } catch (error) {
        take = () => undefined;
        return finish(reasonOf(error));
      }
      if (++count === order.most) finish('');
    };
    await client.capture(order);
    if (file !== '-') output.err(`lvsctl: capturing to ${file}\n`);
    const why = await ended;
    if (why !== '') output.err(`lvsctl: ${why}\n`);
    output.err(`${count} packet${count === 1 ? '' : 's'} captured\n`);
    return why === '' || why === 'the engine ended' ? 0 : 1;
  } finally {
    quiet();
    client.close();
    if (descriptor !== STDOUT) closeSync(descriptor);
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (cause) {
    throw new LvsError('CAPTURE_FILE', [path, reasonOf(cause)], { cause });
  }
}

/** @throws LvsError CAPTURE_FILE */
function writeAll(descriptor: number, bytes: Uint8Array, path: string): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
  } catch (cause) {
    throw new LvsError('CAPTURE_FILE', [path, reasonOf(cause)], { cause });
  }
}
