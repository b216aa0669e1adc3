import { ovnCommands } from '../lb/ovn/nbctl.js';
import { isLbCommand } from '../lb/run.js';
import { vppCommands } from '../lb/vpp/cli.js';

/** What lvsctl asks the daemon for: words of VPP's or OVN's, to be run where the engine is. */
export interface LbRequest {
  readonly do: 'lb';
  readonly words: readonly string[];
}

/** What it answers: what goes to standard output and standard error. */
export interface LbReply {
  readonly out: string;
  readonly err: string;
}

/** undefined: these words are lvsctl's own, or nobody's. One word may be a whole line in quotes. Help needs no daemon. */
export function lbRequestOf(args: readonly string[]): LbRequest | { readonly help: string } | undefined {
  const words = args.flatMap((word) => (word.includes('=') ? [word] : word.split(/\s+/)));
  if (!isLbCommand(words)) return undefined;
  return words.some((word) => WISHES_FOR_HELP.has(word)) ? { help: lbHelp } : { do: 'lb', words };
}

/** VPP has the last of them. */
const WISHES_FOR_HELP: ReadonlySet<string> = new Set(['--help', '-h', '?']);

export const lbHelp = `usage: lvsctl [--control SOCKET] COMMAND

VPP's commands; their words may be abbreviated:
${vppCommands.map(({ help }) => `  ${help}`).join('\n')}

ovn-nbctl's commands; a switch or router is an interface:
${ovnCommands.map(({ usage }) => `  ${usage}`).join('\n')}
`;

/** Of a line of JSON; undefined: it is none. A daemon believes nobody. */
export function decodeLbRequest(told: object): LbRequest | undefined {
  if (!('do' in told) || told.do !== 'lb' || !('words' in told) || !Array.isArray(told.words)) return undefined;
  const words: readonly unknown[] = told.words;
  const isShort =
    words.length <= MOST_WORDS && words.every((word) => typeof word === 'string' && word.length <= LONGEST_WORD);
  return isShort ? { do: 'lb', words: words as readonly string[] } : undefined;
}

/** A VIP may get thousands of servers in one line. */
const MOST_WORDS = 65_536;
const LONGEST_WORD = 1_048_576;

/** How commands of others begin. Their own words are told by `lvsctl lb --help`. */
export interface ForeignCommand {
  readonly word: string;
  readonly summary: string;
  readonly synopsis: string;
}

/** VPP's first words and each of ovn-nbctl's. */
export const foreignCommands: readonly ForeignCommand[] = [
  {
    word: 'lb',
    summary: "VPP's words for its lb plugin; 'lvsctl lb --help' prints them",
    synopsis: 'lb conf|vip|as|flush vip|set interface nat4|nat6|flowtable flush ...',
  },
  {
    word: 'show',
    summary: "VPP's: what its words have made, and what the engine counts",
    synopsis: 'show lb [vips [verbose]] | show node counters',
  },
  {
    word: 'test',
    summary: "VPP's: what its tests say",
    synopsis: 'test lb flowtable flush',
  },
  ...ovnCommands.map(({ name, usage }) => ({
    word: name,
    summary: "ovn-nbctl's for load balancers; a switch or router is an interface",
    synopsis: usage,
  })),
];

export const isForeign = (word: string): boolean => foreignCommands.some((one) => one.word === word);
