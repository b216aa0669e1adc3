import { readConfigurationFile } from '../config/include.js';
import { examineDirector, type KernelTold, nothingTold } from '../doctor/director.js';
import { connectionsOf } from '../doctor/expected.js';
import type { Finding } from '../doctor/finding.js';
import type { Shell } from '../doctor/look.js';
import { examineServer } from '../doctor/server.js';
import { LvsError } from '../errors.js';
import { openIpvs } from '../library/ipvs.js';
import { systemClock, wallMs } from '../system/clock.js';
import { runShell } from '../system/run-shell.js';
import { text, type Wrong } from './arguments.js';
import { complaintsText } from './complaints.js';
import type { Output } from './face.js';
import { describe } from './manual.js';

/** What lvsctl looks at. */
export interface DoctorOrder {
  readonly file: string;
  /** undefined: this machine, the director. */
  readonly server: string | undefined;
  readonly ssh: readonly string[];
}

const options = {
  file: {
    ...text,
    short: 'f',
    value: 'FILE',
    fills: 'file',
    help: "the director's configuration (default /etc/lvsd/lvsd.conf)",
  },
  server: {
    ...text,
    value: 'HOST',
    help: 'a real server of it, over ssh: an address that the file has, or a name that ssh knows',
  },
  ssh: { ...text, value: 'COMMAND', help: "how it is reached (default 'ssh -o BatchMode=yes'), split at spaces" },
} as const;

export const doctorCommand = describe(
  {
    program: 'lvsctl',
    name: 'doctor',
    summary: 'settings of a director or a real server that keep it from working',
    synopsis: ['[-f FILE]', '[-f FILE] --server HOST [--ssh COMMAND]'],
    shares: ['json'],
    about: [
      `What of a machine's settings contradicts the configuration, or will one day: each finding with why it matters and the command that
      mends it (docs/doctor.md has them all). It changes nothing, needs no lvsd that runs, and installs nothing on a server: a script for
      its shell tells what there is.`,
    ],
    exit: '0 nothing is wrong, 1 something is, or could not be looked at, 2 usage.',
  },
  {
    options,
    read({ file = '/etc/lvsd/lvsd.conf', server, ssh = 'ssh -o BatchMode=yes' }): DoctorOrder | Wrong {
      if (server?.startsWith('-') === true) return { wrong: `'${server}' is no host` };
      return { file, server, ssh: ssh.split(' ').filter((word) => word !== '') };
    },
  },
);

const LOCAL_MS = 20_000;
const REMOTE_MS = 60_000;

/** Looks, tells, and answers with the exit status. */
export async function doctor(order: DoctorOrder, json: boolean, output: Output): Promise<number> {
  const { file, server } = order;
  const { configuration, diagnostics } = readConfigurationFile(file, { environment: process.env });
  if (configuration === undefined) {
    output.err(complaintsText(diagnostics));
    throw new LvsError('CONFIG_REFUSED', [file, diagnostics.filter(({ severity }) => severity === 'error').length]);
  }
  const findings =
    server === undefined
      ? await examineDirector(configuration, here, await askKernel())
      : await examineServer(configuration, { host: server, server: over(order.ssh, server), director: here, wallMs });
  output.out(json ? `${JSON.stringify({ findings })}\n` : findingsText(findings));
  return findings.some(({ severity }) => severity === 'wrong') ? 1 : 0;
}

const here: Shell = (script, words) => runShell(['/bin/sh', '-s', '--', ...words], script, systemClock, LOCAL_MS);

const over =
  (ssh: readonly string[], host: string): Shell =>
  (script) =>
    runShell([...ssh, host, '/bin/sh'], script, systemClock, REMOTE_MS);

async function askKernel(): Promise<KernelTold> {
  try {
    await using ipvs = await openIpvs();
    const { tcp } = await ipvs.timeouts();
    return { idleSeconds: tcp, connections: connectionsOf(await ipvs.list()) };
  } catch (error) {
    if (error instanceof LvsError) return nothingTold;
    throw error;
  }
}

/** One finding after the other, as a person reads them. */
export function findingsText(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'nothing found\n';
  return findings
    .map(({ severity, rule, text, why, mend, mendOn }) =>
      [
        `${severity}: ${text}  [${rule}]`,
        `    ${why}`,
        ...(mend === null ? [] : [`    mend${mendOn === 'director' ? ' (on the director)' : ''}: ${mend}`]),
        '',
      ].join('\n'),
    )
    .join('\n');
}
