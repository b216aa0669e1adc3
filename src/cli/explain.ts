import { type PacketWords, readAskedPacket } from '../dataplane/asked-packet.js';
import { flag, text, type Wrong } from './arguments.js';
import { describe } from './manual.js';

export interface ExplainStep {
  /** parse, service, session, affinity, schedule, destination, path, rewrite, link, verdict. */
  readonly step: string;
  /** A sentence. */
  readonly text: string;
  /** What the sentence says, by name. */
  readonly [fact: string]: unknown;
}

/** A frame by its bytes in hexadecimal. */
export interface SentFrame {
  readonly port: string;
  readonly frame: string;
}

export interface Explanation {
  readonly packet: string;
  /** Whose doing it is. */
  readonly by: 'engine' | 'kernel';
  /** Where it comes in; null: that does not matter. */
  readonly interface: string | null;
  readonly steps: readonly ExplainStep[];
  readonly verdict: string;
  /** Why it is dropped, a word of docs/counters.md. */
  readonly reason: string | null;
  /** What goes out, and what the engine answers itself. */
  readonly out: SentFrame | null;
  readonly answers: readonly SentFrame[];
}

export interface ExplainRequest extends PacketWords {
  readonly do: 'explain';
  readonly interface?: string;
}

const options = {
  iface: { ...text, value: 'NAME', help: 'where it comes in (default: where the way back to the client leads)' },
  flags: { ...text, value: 'FLAGS', help: 'of tcp: fin, syn, rst, psh, ack, urg (default syn)' },
  length: { ...text, value: 'BYTES', help: 'of the IP packet (default: as short as can be)' },
  df: { ...flag, help: 'it must not be cut into fragments' },
  mac: { ...text, value: 'MAC', help: 'whom the frame is from, for services that hash it' },
} as const;

export const explainCommand = describe(
  {
    program: 'lvsctl',
    name: 'explain',
    summary: "what becomes of a packet, step by step: 'tcp 198.51.100.7:40000 > 10.0.0.1:80'",
    synopsis: ['PACKET [--iface NAME] [--flags syn|ack] [--length BYTES] [--df] [--mac MAC]'],
    shares: ['control', 'json'],
    about: [
      `What becomes of a packet, step by step: which service takes it and why, session or none, hash and slot, which server, what is rewritten
      or added, where it goes. Of the userspace engine by the code that forwards; of the kernel's IPVS by what it tells of itself. Nothing is
      sent, and nothing changes by being asked.`,
      `PACKET is 'tcp CLIENT:PORT > TARGET:PORT', so udp and sctp; 'icmp CLIENT > TARGET' is an echo request; IPv6 with a port is
      [ADDRESS]:PORT.`,
    ],
  },
  {
    options,
    words: ['nothing'],
    read: ({ iface, flags, length, df, mac }, flow): ExplainRequest | Wrong => {
      if (flow.length === 0) return { wrong: "explain which packet? Such as 'tcp 198.51.100.7:40000 > 10.0.0.1:80'" };
      const words: PacketWords = {
        flow: flow.join(' '),
        ...(flags === undefined ? {} : { flags }),
        ...(length === undefined ? {} : { length }),
        ...(df ? { df } : {}),
        ...(mac === undefined ? {} : { mac }),
      };
      const packet = readAskedPacket(words);
      if ('wrong' in packet) return packet;
      return { do: 'explain', ...words, ...(iface === undefined ? {} : { interface: iface }) };
    },
  },
);

/** Of a line of JSON; undefined: it is none. A daemon believes nobody. */
export function decodeExplainRequest(told: object): ExplainRequest | undefined {
  const fields = told as Readonly<Record<string, unknown>>;
  const { flow, flags, length, df, mac, interface: at } = fields;
  const isText = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string';
  if (typeof flow !== 'string' || !isText(flags) || !isText(length) || !isText(mac) || !isText(at)) return undefined;
  return {
    do: 'explain',
    flow,
    ...(flags === undefined ? {} : { flags }),
    ...(length === undefined ? {} : { length }),
    ...(df === true ? { df } : {}),
    ...(mac === undefined ? {} : { mac }),
    ...(at === undefined ? {} : { interface: at }),
  };
}

const whose = { engine: 'the userspace engine', kernel: "the kernel's IPVS" } as const;

/** For people, as ovn-trace does it: a sentence for each step, then the bytes. */
export function explainText({ packet, by, interface: at, steps, verdict, reason, out, answers }: Explanation): string {
  const where = at === null ? '' : ` at ${at}`;
  const width = Math.max(...steps.map(({ step }) => step.length));
  const lines = [
    `${packet}${where}, by ${whose[by]}:`,
    ...steps.map(({ step, text }, i) => `  ${String(i + 1).padStart(2)}. ${`${step}:`.padEnd(width + 1)} ${text}`),
    `verdict: ${verdict}${reason === null ? '' : ` (${reason})`}${out === null ? '' : `, by ${out.port}`}`,
    ...(out === null ? [] : hexDump(out.frame)),
    ...answers.flatMap(({ port, frame }) => [`answer of our own, by ${port}:`, ...hexDump(frame)]),
  ];
  return `${lines.join('\n')}\n`;
}

const BYTES_A_LINE = 16;
/** Headers are what one looks at. */
const MOST_LINES = 8;

/** `  0000  02 02 00 00 ff 02 …` */
function hexDump(hex: string): readonly string[] {
  const bytes = hex.match(/../g) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += BYTES_A_LINE) {
    if (lines.length === MOST_LINES) {
      lines.push(`  … ${bytes.length} bytes in all`);
      break;
    }
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${bytes.slice(at, at + BYTES_A_LINE).join(' ')}`);
  }
  return lines;
}
