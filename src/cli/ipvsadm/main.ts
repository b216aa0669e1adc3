import type * as ChildProcess from 'node:child_process';
import { createRequire } from 'node:module';
import { addon } from '../../addon/addon.js';
import { openNetlink } from '../../addon/netlink.js';
import { IpvsClient } from '../../ipvs/client.js';
import { NETLINK_GENERIC } from '../../netlink/generic.js';
import type { Io } from './io.js';
import { systemNames } from './names.js';
import { calledAs, commandLineOfProcess } from './program.js';
import { main } from './run.js';
import { lineReader, readTextFile, writeAll } from './streams.js';

/** bin/ipvsadm starts here: the world of a process around a run. */

/** What is printed goes out in pieces of about this many characters. */
const PIECE = 1 << 17;
let output = '';

function print(text: string): void {
  output += text;
  if (output.length >= PIECE) flush();
}

function flush(): void {
  writeAll(1, output);
  output = '';
}

function loadModule(): boolean {
  // Only the rare start that finds no IPVS pays for loading this.
  const { spawnSync } = createRequire(import.meta.url)('node:child_process') as typeof ChildProcess;
  return spawnSync('/sbin/modprobe', ['--', 'ip_vs'], { stdio: 'inherit' }).status === 0;
}

const io: Io = {
  program: () => calledAs(process.argv, process.env['PATH'] ?? '', commandLineOfProcess()),
  out: print,
  err: (text) => writeAll(2, text),
  readLines: lineReader(0),
  readFile: readTextFile,
  names: systemNames(addon),
  open: () => new IpvsClient(openNetlink(NETLINK_GENERIC)),
  loadModule,
  privileged: () => process.geteuid?.() === 0,
};

void main(process.argv.slice(2), io).then((exitCode) => {
  flush();
  process.exit(exitCode);
});
