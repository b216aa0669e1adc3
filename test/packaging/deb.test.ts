/** The Debian package on a clean Debian 12: it is installed, serves as a user that is not root, is restarted and upgraded under traffic, removed and purged. */
// mostly waits
import { folder, installed, packages, versions } from './installed-deb.js';
import '../helpers/own-machine.js';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t, { type Test } from 'tap';
import { ask as askApi } from '../helpers/unix-http.js';
import { echo, Steady } from '../engine/site.js';
import { Crowd } from '../lab/crowd.js';
import { eventually } from '../lab/eventually.js';
import { natSite, numbersTo, serverAddress, serverHost, vip } from '../lab/nat-site.js';
import { ask, serve, serversOf } from '../lab/peers.js';
import { Network } from '../lab/topology.js';
import { CleanMachine, until } from './clean-machine.js';
import { inRoot, run } from './clean-root.js';

t.setTimeout(0); // whoever runs us sets the limit
const CONNECTIONS = 100;
const PER_SECOND = 200;
const FILE = '/etc/lvsd/lvsd.conf';
const UNIT = 'lvsd.service';
const HELD = '10.1.0.200';

/** An HTTP service whose check is a script, the ports of those who count losses, and an address that VRRP holds. */
const configuration = `
global_defs {
    engine_ports outside inside
    engine_workers 1
}
vrrp_instance WEB {
    interface outside
    virtual_router_id 51
    priority 200
    advert_int 0.2
    version 3
    virtual_ipaddress {
        ${HELD}/24
    }
}
virtual_server ${vip} 8080 {
    lvs_engine userspace
    lvs_sched rr
    lvs_method NAT
    protocol TCP
    delay_loop 1
    alpha
    real_server ${serverAddress(1)} 8080 {
        MISC_CHECK {
            misc_path "/etc/lvsd/checks/who"
        }
    }
    real_server ${serverAddress(2)} 8080 {
        TCP_CHECK {
            connect_timeout 2
        }
    }
}
${[
  [80, 'TCP'],
  [53, 'UDP'],
]
  .map(
    ([port, protocol]) => `
virtual_server ${vip} ${port} {
    lvs_engine userspace
    lvs_sched rr
    lvs_method NAT
    protocol ${protocol}
${numbersTo(2)
  .map((n) => `    real_server ${serverAddress(n)} ${port} {\n    }`)
  .join('\n')}
}`,
  )
  .join('')}
`;

/** Passes only as the user of scripts, and without any capability. */
const WHO = `#!/bin/sh
[ "$(id -un)" = lvsd-check ] && ! grep '^Cap[IPEA]' /proc/self/status | grep -qv '0000000000000000$'
`;

const http = { protocol: 'http', address: vip, port: 8080 } as const;

interface Said {
  readonly software: string;
  readonly services: number;
}

/** `GET /v1/status` over the API's own socket. */
async function status(machine: CleanMachine): Promise<Said> {
  const answer = await askApi(machine.path('/run/lvsd/api.sock'), '/v1/status');
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return JSON.parse(answer.text) as Said;
}

/** Processes of the unit that are not the director itself: program or its word, and PID. */
function others(machine: CleanMachine): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of machine.run('ps', '-eo', 'pid=,args=').out.split('\n')) {
    const [, pid = '', args = ''] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
    if (args.includes('lvsd-dataplane')) found['engine'] = pid;
    const [, word] = / \/usr\/(?:bin|lib\/lvsd\/bin)\/lvsd (vrrp|sync) /.exec(args) ?? [];
    if (word !== undefined) found[word] = pid;
  }
  return found;
}

const statusOf = (machine: CleanMachine, pid: string): Record<string, string> =>
  Object.fromEntries(
    machine
      .must('cat', `/proc/${pid}/status`)
      .split('\n')
      .map((line) => line.split(/:\s*/) as [string, string]),
  );

/** What the unit has said last, as far as it was taken down. */
const journal = (machine: CleanMachine): string => machine.run('journalctl', '-u', UNIT, '-n', '200').out;

/** Permission bits of a file of a root. */
const modeOf = (folder: string, path: string): number => statSync(join(folder, path)).mode & 0o7777;

/** Every name below a root that has to do with us, without following links or leaving its file system. */
const oursIn = (folder: string): string[] =>
  run(['find', folder, '-xdev', '-name', '*lvsd*', '-printf', '/%P\\n'])
    .out.split('\n')
    .filter((name) => name !== '' && !/^\/(root|var\/log|var\/cache)\//.test(name));

t.test('the package', async (t) => {
  const [version, next] = versions;
  const [, second] = packages;

  await t.test('one command installs it on a clean Debian', (t) => {
    t.equal(installed.status, 0, installed.err);
    t.match(inRoot(folder, ['getent', 'passwd', 'lvsd', 'lvsd-check']).out, /^lvsd:.*nologin\nlvsd-check:.*nologin\n$/);
    t.same([modeOf(folder, '/etc/lvsd'), modeOf(folder, FILE)], [0o750, 0o640]);
    t.match(
      inRoot(folder, ['lvsd', 'check', '-f', FILE]),
      { status: 0 },
      'what it comes with is right, and does nothing',
    );
    t.match(inRoot(folder, ['lvsctl', '--help']), { status: 0 });
    t.match(inRoot(folder, ['/usr/lib/lvsd/bin/ipvsadm', '-Ln']), { err: /ipvs/ }, 'this kernel may have none');
    t.equal(inRoot(folder, ['which', 'node', 'gcc']).out, '', 'no Node of anybody else, no compiler');
    t.end();
  });
  t.not(oursIn(folder).length, 0);

  await using network = await Network.build(natSite(2));
  for (const n of numbersTo(2)) {
    const address = serverAddress(n);
    await serve(serverHost(n), [
      { protocol: 'tcp', address, port: 80 },
      { protocol: 'http', address, port: 8080 },
    ]);
    await echo(serverHost(n), address, 53);
  }
  const machine = await CleanMachine.boot(t, folder, 'director');
  const api = async (): Promise<Said> => status(machine);

  await t.test('it runs after the boot, and does nothing', async (t) => {
    t.equal(machine.property(UNIT, 'ActiveState'), 'active');
    t.same(others(machine), {});
    t.match(await api(), { services: 0, software: version });
    t.match(machine.property(UNIT, 'StatusText'), '0 services');
  });

  await t.test('it is not root, and may do what it needs', (t) => {
    const { Uid, CapEff, CapBnd, NoNewPrivs, Seccomp } = statusOf(machine, machine.property(UNIT, 'MainPID'));
    const uid = machine.must('id', '-u', 'lvsd').trim();
    t.not(uid, '0');
    t.equal(Uid, [uid, uid, uid, uid].join('\t'));
    // net_admin 12, net_raw 13, ipc_lock 14, kill 5, setgid 6, setuid 7, perfmon 38, bpf 39
    const may = [12n, 13n, 14n, 5n, 6n, 7n, 38n, 39n].reduce((bits, bit) => bits | (1n << bit), 0n);
    t.same(
      [CapEff, CapBnd].map((bits) => BigInt(`0x${bits}`)),
      [may, may],
    );
    t.same([NoNewPrivs, Seccomp], ['1', '2']);
    const [, exposure = ''] =
      /Overall exposure level for lvsd.service: ([\d.]+)/.exec(
        machine.run('systemd-analyze', 'security', '--no-pager', UNIT).out,
      ) ?? [];
    t.comment(`systemd-analyze security: ${exposure}`);
    t.ok(Number(exposure) < 4, 'as systemd judges it');
    t.end();
  });

  await t.test('a file is taken by a reload, and a broken one is refused with the reason', async (t) => {
    const checks = machine.path('/etc/lvsd/checks');
    machine.must('mkdir', '-m', '755', '/etc/lvsd/checks');
    machine.must('chmod', 'a+x', '/etc/lvsd');
    writeFileSync(`${checks}/who`, WHO);
    chmodSync(`${checks}/who`, 0o755);
    writeFileSync(machine.path(FILE), configuration);
    const reloaded = machine.run('systemctl', 'reload', UNIT);
    t.equal(reloaded.status, 0, `${reloaded.err}${journal(machine)}`);
    t.match(machine.property(UNIT, 'StatusText'), '3 services');
    writeFileSync(machine.path(FILE), `${configuration}\nvirtual_server nonsense {\n}\n`);
    t.not(machine.run('systemctl', 'reload', UNIT).status, 0);
    await until('the reason is in the journal', () => /lvsd\.conf:\d+:\d+.*nonsense/.test(journal(machine)));
    t.equal(machine.property(UNIT, 'ActiveState'), 'active');
    writeFileSync(machine.path(FILE), configuration);
    t.match(await api(), { services: 3 });
  });

  await t.test('it serves: HTTP through the engine, checks by scripts, an address by VRRP', async (t) => {
    const both = async (): Promise<string[]> => [...new Set(serversOf(await ask(network, 'client', http, 6)))].sort();
    await eventually(async () => {
      const served = await both();
      if (served.join() !== 'rs1,rs2') throw new Error(`served by ${served.join()}`);
    }, 60_000);
    t.pass('also by the one whose check passes only as lvsd-check, without capabilities');
    await until('the address is held', () => machine.must('ip', '-o', 'addr', 'show', 'dev', 'outside').includes(HELD));
    t.match(others(machine), { engine: /\d+/, vrrp: /\d+/ });
    for (const pid of Object.values(others(machine)))
      t.not(statusOf(machine, pid)['Uid']?.split('\t')[1], '0', 'none of its processes is root');
    const { text } = await askApi(machine.path('/run/lvsd/api.sock'), '/v1/engine');
    t.match(JSON.parse(text), { ports: [{ mode: /xdp|zero-copy|copy|generic|native/ }] }, 'AF_XDP, not the slower way');
  });

  const begun = others(machine);
  const crowd = await Crowd.open('client', vip, 80, CONNECTIONS);
  const steady = await Steady.start('client', vip, 53, PER_SECOND);
  await crowd.rounds(1);
  const director = (): string => machine.property(UNIT, 'MainPID');
  /** Something that replaces the director, and what is to be seen afterwards. */
  const replaced = async (t: Test, what: () => void | Promise<void>): Promise<void> => {
    const was = director();
    await what();
    await until(
      'another director is ready',
      () => !['0', was].includes(director()) && machine.property(UNIT, 'ActiveState') === 'active',
    );
    await crowd.rounds(2);
    t.same(others(machine), begun, 'engine and VRRP are the same processes');
    t.match(await api(), { services: 3 });
  };

  await t.test('a restart', async (t) => {
    await replaced(t, () => void machine.must('systemctl', 'restart', UNIT));
  });

  await t.test('kill -9', async (t) => {
    await replaced(t, () => void machine.must('kill', '-KILL', director()));
  });

  await t.test('a director that hangs is ended by the watchdog', async (t) => {
    machine.must(
      'sh',
      '-c',
      `mkdir -p /run/systemd/system/${UNIT}.d && printf '[Service]\\nWatchdogSec=10s\\n' > /run/systemd/system/${UNIT}.d/fast.conf`,
    );
    machine.must('systemctl', 'daemon-reload');
    await replaced(t, () => void machine.must('systemctl', 'restart', UNIT));
    await replaced(t, () => void machine.must('kill', '-STOP', director()));
    await until('the journal says so', () => /Watchdog timeout/.test(journal(machine)));
  });

  await t.test('an upgrade', async (t) => {
    await replaced(t, () => void machine.must('dpkg', '--install', `/root/${basename(second)}`));
    t.match(await api(), { software: next });
    t.match(readFileSync(machine.path(FILE), 'utf8'), HELD, 'the file is as it was');
  });

  await t.test('nothing was lost', async (t) => {
    await crowd.rounds(1);
    t.match(await crowd.end(), /^\d+ 0 0$/, 'no connection broke, none changed its server');
    const { sent, back, longestMs } = await steady.end();
    t.comment(`${sent} datagrams, ${back} back, the slowest after ${longestMs} ms`);
    t.equal(back, sent);
  });

  await t.test('a stop ends everything', async (t) => {
    machine.must('systemctl', 'stop', UNIT);
    await until('its processes have ended', () => Object.keys(others(machine)).length === 0);
    t.notMatch(machine.must('ip', '-o', 'addr'), HELD);
    t.equal(machine.property(UNIT, 'Result'), 'success');
    machine.must('systemctl', 'start', UNIT);
    await until('it serves again', () => others(machine)['engine'] !== undefined);
  });

  await t.test('a package that is removed leaves its configuration, a purged one nothing', async (t) => {
    writeFileSync(machine.path(FILE), configuration.replace('global_defs {', 'global_defs {\n    lvs_stop keep'));
    machine.must('systemctl', 'reload', UNIT);
    machine.must('dpkg', '--remove', 'lvsd');
    await until('also what `lvs_stop keep` leaves has ended', () => Object.keys(others(machine)).length === 0);
    t.ok(existsSync(machine.path(FILE)));
    machine.must('dpkg', '--purge', 'lvsd');
    t.equal(machine.run('dpkg', '-s', 'lvsd').status, 1);
    t.equal(machine.must('getent', 'passwd').includes('lvsd'), false);
    t.same(
      readdirSync(machine.path('/run')).filter((name) => name.startsWith('lvsd')),
      [],
    );
    t.same(oursIn(folder), [], 'no file of it');
  });
});
