/** The checkers that learn of a server in other ways, and what a virtual server makes of a verdict. */
import { chmodSync, writeFileSync } from 'node:fs';
import { address, at, BFD_DETECTION_MS, bfdPace, type Checker, one, outAndBack, PROMISED_MS } from './checker-case.js';
import { peer, put } from './checker-servers.js';
import { Bfdd, bfddMissing } from './bfdd.js';
import type { Network } from './topology.js';

/** Comes and goes, for ha_suspend. */
const guestVip = '10.1.0.101';

/** What the scripts of the quorum were told, a line each. */
export const QUORUM_JOURNAL = at('quorum');

/** A command that exits with what its file says. */
function exitsWith(name: string): { readonly command: string; readonly say: (status: number) => void } {
  const script = at(`${name}.sh`);
  writeFileSync(script, `#!/bin/sh\nread -r status <${at(name)}\necho "the file says $status"\nexit "$status"\n`);
  chmodSync(script, 0o755);
  return { command: script, say: (status) => put(at(name), `${status}\n`) };
}

export function misc(): Checker {
  const { command, say } = exitsWith('misc');
  return {
    what: 'MISC_CHECK: a server whose command exits with 1 is out until it exits with 0',
    server: address.misc,
    real: `MISC_CHECK {\nmisc_path "${command}"\nmisc_timeout 10\n}`,
    start: () => say(0),
    steps: outAndBack(
      address.misc,
      { what: 'status 1', act: () => say(1), because: /exit status 1: the file says 1/ },
      { what: 'status 0', act: () => say(0) },
    ),
  };
}

export function dynamic(): Checker {
  const { command, say } = exitsWith('dynamic');
  return {
    what: 'MISC_CHECK with misc_dynamic: the weight is the exit status less two, and 1 is out',
    server: address.dynamic,
    real: `weight 3\nMISC_CHECK {\nmisc_path "${command}"\nmisc_dynamic\nmisc_timeout 10\n}`,
    start: () => say(12),
    steps: [
      { what: 'status 12', becomes: one(address.dynamic, 10) },
      { what: 'status 7', act: () => say(7), becomes: one(address.dynamic, 5) },
      { what: 'status 1', act: () => say(1), becomes: '', because: /exit status 1/ },
      { what: 'status 22', act: () => say(22), becomes: one(address.dynamic, 20) },
    ],
  };
}

export function file(): Checker {
  const say = (value: number) => () => put(at('load'), `${value}\n`);
  return {
    what: 'FILE_CHECK with a weight: the number in the file, times that weight, is added to the weight of the server; the lowest is out',
    server: address.file,
    promisedMs: 0,
    real: 'weight 3\nFILE_CHECK {\ntrack_file load\nweight 2\n}',
    start: say(5),
    steps: [
      { what: '5', becomes: one(address.file, 13) },
      { what: '8', act: say(8), becomes: one(address.file, 19) },
      { what: 'the lowest', act: say(-2147483648), becomes: '', because: /means down/ },
      { what: '1', act: say(1), becomes: one(address.file, 5) },
    ],
  };
}

export function bfd(): Checker {
  const configuration = [
    'bfd',
    ` peer 10.2.0.1 local-address ${address.bfd}`,
    `  detect-multiplier ${bfdPace.multiplier}`,
    `  receive-interval ${bfdPace.intervalMs}`,
    `  transmit-interval ${bfdPace.intervalMs}`,
    '  no shutdown',
    '',
  ].join('\n');
  let running: Bfdd | undefined;
  return {
    what: "BFD_CHECK: a server whose router daemon (FRR's bfdd) is killed is out, and in again when it was started",
    server: address.bfd,
    promisedMs: BFD_DETECTION_MS,
    skip: bfddMissing() ?? false,
    real: 'BFD_CHECK {\nname neighbour\n}',
    async start() {
      running = await Bfdd.start('bfd', configuration);
    },
    end: () => running?.[Symbol.asyncDispose](),
    steps: outAndBack(
      address.bfd,
      { what: 'killed', act: () => running?.kill(), because: /control detection time expired/ },
      { what: 'started', act: () => running?.start() },
    ),
  };
}

export function suspended(network: Network): Checker {
  const server = peer('farm', 'tcp', address.suspended);
  const addressIs = (what: 'add' | 'delete') => () =>
    network.must('director', 'ip', 'address', what, `${guestVip}/32`, 'dev', 'lo');
  return {
    what: 'ha_suspend: nothing is learnt of a server while the address of its service is not here',
    server: address.suspended,
    vip: guestVip,
    virtual: 'alpha\nha_suspend',
    real: `TCP_CHECK {\n}`,
    start: server.start,
    steps: [
      { what: 'it is alive, but the address is not here', becomes: '', holdsMs: 4000 },
      { what: 'the address comes', act: addressIs('add'), becomes: one(address.suspended) },
      {
        what: 'the address goes, and then the server',
        async act() {
          await addressIs('delete')();
          await server.kill();
        },
        becomes: one(address.suspended),
        holdsMs: PROMISED_MS,
      },
      { what: 'the address comes', act: addressIs('add'), becomes: '', because: /refused/ },
      { what: 'the server is started', act: server.start, becomes: one(address.suspended) },
    ],
  };
}

export function inhibited(): Checker {
  const server = peer('farm', 'tcp', address.inhibited);
  return {
    what: 'inhibit_on_failure: a server that is killed stays in the table with weight 0',
    server: address.inhibited,
    virtual: 'alpha\ninhibit_on_failure',
    real: `weight 4\nTCP_CHECK {\n}`,
    start: server.start,
    steps: [
      { what: 'at first', becomes: one(address.inhibited, 4) },
      { what: 'killed', act: server.kill, becomes: one(address.inhibited, 0), because: /refused/ },
      { what: 'started', act: server.start, becomes: one(address.inhibited, 4) },
    ],
  };
}

export function quorum(): Checker {
  const server = peer('farm', 'tcp', address.quorum);
  const script = at('quorum.sh');
  writeFileSync(script, `#!/bin/sh\necho "$1" >>${QUORUM_JOURNAL}\n`);
  chmodSync(script, 0o755);
  return {
    what: 'sorry_server and quorum: without the only server the sorry server is in, and the scripts run once for each change',
    server: address.quorum,
    virtual: `sorry_server ${address.sorry} 80\nquorum_up "${script} up"\nquorum_down "${script} down"`,
    real: `TCP_CHECK {\n}`,
    start: server.start,
    steps: [
      { what: 'at first', becomes: one(address.quorum), holdsMs: 4000 },
      { what: 'killed', act: server.kill, becomes: one(address.sorry), because: /refused/ },
      { what: 'started', act: server.start, becomes: one(address.quorum) },
    ],
  };
}
