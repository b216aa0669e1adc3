import { portName } from '../replay/vpp-topology.js';
import { type NoOrder, readCommand, text, texts, type Values, type Wrong } from './arguments.js';
import { type DescribedOptions, type Manual, usageOf } from './manual.js';

export interface ReplayOrder {
  readonly site:
    | { readonly from: 'file'; readonly file: string; readonly topology: string }
    | { readonly from: 'vpp'; readonly script: string }
    /** Steps say everything. */
    | { readonly from: 'nothing' };
  readonly inputs: readonly { readonly port: string; readonly file: string }[];
  readonly script: string | undefined;
  readonly outDir: string | undefined;
  readonly sessions: number;
}

const SESSIONS = 65_536;
/** 64 bytes each, and more beside: a replay on a laptop. */
const MOST_SESSIONS = 16_777_216;

const options = {
  file: {
    ...text,
    short: 'f',
    value: 'FILE',
    fills: 'file',
    help: "configuration, in keepalived's language; all servers are up",
  },
  topology: {
    ...text,
    value: 'JSON',
    fills: 'file',
    help: 'its network: {"interfaces": [{"name", "mac", "mtu", "addresses"}], "routes": [{"to", "via", "dev"}], "neighbours": [{"ip", "mac", "dev"}]}',
  },
  vpp: {
    ...text,
    value: 'SCRIPT',
    fills: 'file',
    help: 'a VPP CLI script: interfaces, addresses, MTU, neighbours, routes, lb commands',
  },
  in: {
    ...texts,
    value: 'IF=PCAP',
    help: 'what comes in by an interface (pcap or pcapng); several are merged by time',
  },
  'out-dir': {
    ...text,
    value: 'DIR',
    fills: 'file',
    help: 'DIR/IF.pcap for each interface that sent anything, and DIR/state.json with what was counted',
  },
  script: { ...text, value: 'STEPS', fills: 'file', help: 'a file with a step on each line' },
  sessions: {
    ...text,
    value: 'N',
    help: 'room for so many sessions per family (default 65536, of a VPP script at least what it says)',
  },
} as const;

export const replayManual: Manual = {
  program: 'lvsd',
  name: 'replay',
  summary: 'runs captures through a configuration, without a device',
  synopsis: [
    '(-f FILE --topology T.json | --vpp SCRIPT.cli) --in IF=IN.pcap [--in ...] --out-dir DIR',
    '[-f FILE --topology T.json | --vpp SCRIPT.cli] --script STEPS [--out-dir DIR]',
  ],
  about: [
    'Captures through a configuration, with no device: the packet engine of lvsd, and a clock taken from the captures.',
    {
      title: 'Steps',
      terms: [
        ['run CLI-LINE', "a line of VPP's CLI or of ovn-nbctl; its answer is printed"],
        ['in IF PCAP', 'a capture comes in, at its own times or at once if those are over'],
        ['wait SECONDS', 'time passes'],
        ['out DIR', 'what was sent since the last out, and what was counted'],
      ],
    },
  ],
  exit: '0 done, 1 a line was refused or a file cannot be read, 2 usage.',
};

export const replayOptions: DescribedOptions = options;
const usage = usageOf(replayManual, options);

export const parseReplay = (args: readonly string[]): ReplayOrder | NoOrder =>
  readCommand(args, { usage, options, read: readOrder });

function readOrder(values: Values<typeof options>): ReplayOrder | Wrong {
  const site = siteOf(values);
  if ('wrong' in site) return site;
  const inputs = inputsOf(values.in);
  if ('wrong' in inputs) return inputs;
  const { script, sessions = String(SESSIONS), 'out-dir': outDir } = values;
  if (script === undefined && inputs.ports.length === 0)
    return { wrong: 'what comes in? --in IF=PCAP, or --script STEPS' };
  if (script === undefined && outDir === undefined) return { wrong: 'where to? --out-dir DIR' };
  if (script !== undefined && inputs.ports.length > 0)
    return { wrong: '--in and --script do not go together: write `in IF PCAP` in STEPS' };
  const room = /^\d{1,8}$/.test(sessions) ? Number(sessions) : 0;
  if (room < 1 || room > MOST_SESSIONS)
    return { wrong: `--sessions is a number from 1 to ${MOST_SESSIONS}, not '${sessions}'` };
  return { site, inputs: inputs.ports, script, outDir, sessions: room };
}

function siteOf({ file, topology, vpp, script }: Values<typeof options>): ReplayOrder['site'] | Wrong {
  if (vpp !== undefined)
    return file === undefined && topology === undefined
      ? { from: 'vpp', script: vpp }
      : { wrong: '--vpp says everything: no -f and no --topology beside it' };
  if (file === undefined && topology === undefined && script !== undefined) return { from: 'nothing' };
  if (file === undefined) return { wrong: 'which site? -f FILE --topology T.json, or --vpp SCRIPT.cli' };
  return topology === undefined ? { wrong: '-f needs --topology T.json' } : { from: 'file', file, topology };
}

function inputsOf(words: readonly string[]): { readonly ports: ReplayOrder['inputs'] } | Wrong {
  const ports: { port: string; file: string }[] = [];
  for (const word of words) {
    const [, port = '', file = ''] = /^([^=]+)=(.+)$/.exec(word) ?? [];
    if (file === '') return { wrong: `--in is IF=PCAP, not '${word}'` };
    ports.push({ port: portName(port), file });
  }
  return { ports };
}
