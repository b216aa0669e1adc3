/** What explain says of the kernel's IPVS; test/lab/explain.lab.ts asks the kernel itself. */
import t from 'tap';
import { explainKernel, type KernelFacts } from '../../../src/daemon/explain-kernel.js';
import { explainPacket } from '../../../src/daemon/explain.js';
import type { KernelView } from '../../../src/daemon/kernel-view.js';
import { sessionReader, whatIfNow } from '../../../src/daemon/what-if.js';
import { type PacketWords, readAskedPacket } from '../../../src/dataplane/asked-packet.js';
import { type Connection, parseConnection } from '../../../src/ipvs/proc.js';
import type { DestinationRow, ListedService } from '../../../src/ipvs/rows.js';
import { type DestinationSettings, defaultDestinationSettings } from '../../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey, type ServiceSettings } from '../../../src/model/service.js';
import { noStatistics } from '../../../src/model/statistics.js';

const row = (
  n: number,
  settings: Partial<DestinationSettings> = {},
  connections = 0n,
  more: Partial<DestinationRow> = {},
): DestinationRow => ({
  key: { address: `10.0.0.${n}`, port: 8080 },
  settings: { ...defaultDestinationSettings, method: 'masquerade', ...settings },
  active: 0,
  inactive: 0,
  persistent: 0,
  statistics: { ...noStatistics, connections },
  ...more,
});
const web: ServiceKey = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 };
const service = (
  settings: Partial<ServiceSettings>,
  destinations: readonly DestinationRow[],
  key: ServiceKey = web,
): ListedService => ({
  key,
  settings: { ...defaultServiceSettings('ip4'), ...settings },
  statistics: noStatistics,
  destinations,
});

const rules = { sloppyTcp: false, expireQuiescentTemplate: false, connReuseMode: 1 };
const ask = (words: PacketWords, facts: Partial<KernelFacts>) => {
  const packet = readAskedPacket(words);
  if ('wrong' in packet) throw new Error(packet.wrong);
  return explainKernel({ services: [], connections: [], rules, targetIsLocal: true, ...facts }, packet);
};
const flow = 'tcp 198.51.100.7:40000 > 192.0.2.1:80';
const texts = (told: { readonly steps: readonly { readonly text: string }[] }): string =>
  told.steps.map(({ text }) => text).join('\n');
const connection = (line: string): Connection => {
  const read = parseConnection(line);
  if (read === undefined) throw new Error(line);
  return read;
};
/** 198.51.100.7:40000 to 192.0.2.1:80, at 10.0.0.2:8080. */
const established = connection('TCP C6336407 9C40 C0000201 0050 0A000002 1F90 ESTABLISHED     891');
const two = [row(2), row(1)];

t.test('rr and wrr: whose turn it is, as far as the numbers tell', (t) => {
  const turn = (scheduler: string, weights: readonly number[], counts: readonly bigint[]) => {
    const rows = weights.map((weight, i) => row(i + 1, { weight }, counts[i]));
    const told = ask({ flow }, { services: [service({ scheduler }, rows)] });
    const step = told.steps.find((one) => one.step === 'schedule');
    t.equal(step?.['certain'], false);
    return [step?.['server'], /do not come to whole turns/.test(step?.text ?? '') ? 'unknown' : 'known'];
  };
  t.same(turn('rr', [1, 1, 1], [0n, 0n, 0n]), ['10.0.0.1:8080', 'known']);
  t.same(turn('rr', [1, 1, 1], [5n, 4n, 4n]), ['10.0.0.2:8080', 'known']);
  t.same(turn('rr', [1, 0, 1], [5n, 0n, 4n]), ['10.0.0.3:8080', 'known']);
  t.same(turn('rr', [1, 1, 1], [5n, 3n, 4n])[1], 'unknown');
  t.same(turn('rr', [1, 0, 1], [5n, 2n, 4n])[1], 'unknown', 'it had a weight before');
  t.same(turn('wrr', [4, 2, 2], [2n, 1n, 1n]), ['10.0.0.1:8080', 'known'], 'a round is over');
  t.same(turn('wrr', [4, 2, 2], [3n, 1n, 1n])[1], 'known');
  t.same(turn('wrr', [4, 2, 2], [2n, 0n, 0n])[1], 'unknown');
  const persistent = service({ scheduler: 'rr', persistent: true, persistenceSeconds: 9 }, two);
  t.match(
    texts(ask({ flow }, { services: [persistent] })),
    /do not come to whole turns/,
    'it counts more than choices',
  );
  t.end();
});

t.test('what the kernel keeps to itself is doubted', (t) => {
  const doubt = (settings: Partial<ServiceSettings>, rows: readonly DestinationRow[]): unknown =>
    ask({ flow }, { services: [service(settings, rows)] }).steps.find(({ step }) => step === 'schedule')?.['certain'];
  t.equal(doubt({ scheduler: 'sh' }, two), true);
  t.equal(doubt({ scheduler: 'wlc' }, two), true);
  t.equal(doubt({ scheduler: 'lblc' }, two), false);
  t.equal(doubt({ scheduler: 'mh' }, two), true);
  t.equal(doubt({ scheduler: 'mh' }, [row(1), row(2, { weight: 0 })]), false);
  t.equal(doubt({ scheduler: 'sh' }, [row(1), row(2, { upperThreshold: 9 })]), false);
  t.equal(doubt({ scheduler: 'none' }, two), false);
  t.end();
});

t.test('who is at the upper threshold is passed over', (t) => {
  const full = row(1, { weight: 9, upperThreshold: 5 }, 0n, { active: 3, inactive: 2 });
  const told = ask({ flow }, { services: [service({ scheduler: 'fo' }, [full, row(2)])] });
  t.same(told.server, { address: '10.0.0.2', port: 8080 });
  t.end();
});

t.test('a connection decides before any service, also at weight 0; a removed server ends it', (t) => {
  const facts = { connections: [established], services: [service({}, [row(1), row(2, { weight: 0 })])] };
  const told = ask({ flow, flags: 'ack' }, facts);
  t.same([told.verdict, told.server], ['forward', { address: '10.0.0.2', port: 8080 }]);
  t.match(texts(told), /remembers the connection \(ESTABLISHED, 891 s until it is forgotten\): to 10\.0\.0\.2:8080/);
  t.match(texts(told), /Its weight is 0: it gets no new connections/);
  const gone = ask({ flow, flags: 'ack' }, { ...facts, services: [service({}, [row(1)])] });
  t.equal(gone.verdict, 'drop');
  t.match(texts(gone), /10\.0\.0\.2:8080 was removed/);
  t.end();
});

t.test('a SYN takes the place of an ended connection, unless it is forbidden or the client keeps its server', (t) => {
  const ended = connection('TCP C6336407 9C40 C0000201 0050 0A000002 1F90 TIME_WAIT       91');
  const facts = { connections: [ended], services: [service({ scheduler: 'fo' }, [row(1, { weight: 9 }), row(2)])] };
  t.same(ask({ flow }, facts).server?.address, '10.0.0.1');
  t.same(ask({ flow, flags: 'ack' }, facts).server?.address, '10.0.0.2');
  t.same(ask({ flow }, { ...facts, rules: { ...rules, connReuseMode: 0 } }).server?.address, '10.0.0.2');
  const persistent = [service({ scheduler: 'fo', persistent: true, persistenceSeconds: 9 }, [row(1), row(2)])];
  t.same(ask({ flow }, { ...facts, services: persistent }).server?.address, '10.0.0.2');
  t.end();
});

t.test('persistence: the template decides, and by its mask', (t) => {
  const template = connection('TCP C6336400 0000 C0000201 0050 0A000002 1F90 NONE            91');
  const services = (weight: number) => [
    service({ scheduler: 'fo', persistent: true, persistenceSeconds: 99, persistenceMask: '255.255.255.0' }, [
      row(1, { weight: 9 }),
      row(2, { weight }),
    ]),
  ];
  t.same(ask({ flow }, { services: services(1) }).server?.address, '10.0.0.1', 'none yet');
  const facts = { connections: [template], services: services(0) };
  t.same(ask({ flow }, facts).server?.address, '10.0.0.2');
  t.match(
    texts(ask({ flow }, facts)),
    /clients of 198\.51\.100\.0\/255\.255\.255\.0 keep their server: 10\.0\.0\.2:8080/,
  );
  const expiring = { ...facts, rules: { ...rules, expireQuiescentTemplate: true } };
  t.same(ask({ flow }, expiring).server?.address, '10.0.0.1');
  t.same(ask({ flow: 'tcp 198.51.101.7:1 > 192.0.2.1:80' }, facts).server?.address, '10.0.0.1', 'another network');
  t.end();
});

t.test('an answer of a server: masquerading is undone, others pass', (t) => {
  const reply = { flow: 'tcp 10.0.0.2:8080 > 198.51.100.7:40000', flags: 'syn|ack' };
  const told = ask(reply, { connections: [established], services: [service({}, two)] });
  t.match([told.verdict, told.server], ['forward', { address: '198.51.100.7', port: 40000 }]);
  t.match(texts(told), /source 10\.0\.0\.2:8080 becomes 192\.0\.2\.1:80/);
  const direct = [service({}, [row(2, { method: 'direct-route' })])];
  t.equal(ask(reply, { connections: [established], services: direct }).verdict, 'pass');
  t.end();
});

t.test('services: the exact port first, all ports only with persistence, marks only mentioned, none', (t) => {
  const all: ServiceKey = { ...web, port: 0 };
  const exact = service({ scheduler: 'fo' }, [row(1)]);
  const wide = service(
    { scheduler: 'fo', persistent: true },
    [row(2, {}, 0n, { key: { address: '10.0.0.2', port: 0 } })],
    all,
  );
  const mark = service({}, [row(3)], { by: 'fwmark', family: 'ip4', mark: 7 });
  const facts = { services: [mark, wide, exact] };
  t.same(ask({ flow }, facts).server?.address, '10.0.0.1');
  t.match(texts(ask({ flow }, facts)), /first, if a rule of nft or iptables marks this packet.*: fwmark 7/);
  const other = ask({ flow: 'tcp 198.51.100.7:40000 > 192.0.2.1:81' }, facts);
  t.same(other.server?.address, '10.0.0.2');
  t.match(texts(other), /192\.0\.2\.1:81 becomes 10\.0\.0\.2:81/);
  const unable = [service({ scheduler: 'fo' }, [row(2)], all)];
  t.equal(ask({ flow }, { services: unable }).verdict, 'drop');
  t.equal(ask({ flow: 'udp 198.51.100.7:1 > 192.0.2.1:80' }, facts).verdict, 'pass');
  t.equal(ask({ flow: 'icmp 198.51.100.7 > 192.0.2.1' }, facts).concerned, false);
  t.match(texts(ask({ flow }, { ...facts, targetIsLocal: false })), /no address of this machine/);
  t.end();
});

t.test('only a SYN begins a connection; nobody there is told to the client', (t) => {
  const facts = { services: [service({ scheduler: 'rr' }, [])] };
  t.equal(ask({ flow, flags: 'ack' }, facts).verdict, 'pass');
  t.equal(ask({ flow, flags: 'rst|syn' }, facts).verdict, 'pass');
  t.match(ask({ flow, flags: 'ack' }, { ...facts, rules: { ...rules, sloppyTcp: true } }).verdict, 'drop');
  t.match(texts(ask({ flow }, facts)), /'port unreachable' by ICMP/);
  t.end();
});

t.test('what tunnels add', (t) => {
  const added = (tunnel: Partial<DestinationSettings['tunnel']>, address = '10.0.0.1'): string => {
    const settings = { method: 'tunnel', tunnel: { ...defaultDestinationSettings.tunnel, ...tunnel } } as const;
    const rows = [row(1, settings, 0n, { key: { address, port: 80 } })];
    return (
      /(\d+) bytes go in front/.exec(texts(ask({ flow }, { services: [service({ scheduler: 'fo' }, rows)] })))?.[1] ??
      ''
    );
  };
  t.same(
    [
      added({}),
      added({}, 'fd00::1'),
      added({ type: 'gre' }),
      added({ type: 'gre', checksum: true }),
      added({ type: 'gue', port: 6080 }),
      added({ type: 'gue', port: 6080, remoteChecksum: true }),
    ],
    ['20', '40', '24', '28', '32', '40'],
  );
  t.end();
});

const view = (services: readonly ListedService[], rows: readonly Connection[]): KernelView => ({
  timeouts: () => Promise.resolve({ tcp: 900, tcpFin: 120, udp: 300 }),
  services: () => Promise.resolve(services),
  async *connections() {
    for (const one of rows) yield await Promise.resolve(one);
  },
});

t.test(
  'the engine is asked first; what it leaves to the kernel the kernel explains, if it has to do with it',
  async (t) => {
    const engineSays = (verdict: string) => ({
      running: true,
      portFor: () => ({ name: 'eth0', mac: '02:00:00:00:00:01' }),
      portName: (index: number) => `eth${index}`,
      explain: () =>
        Promise.resolve(
          JSON.stringify({ steps: [], verdict, port: 1, frame: verdict === 'pass' ? '' : '00ff', answers: [] }),
        ),
    });
    const packet = readAskedPacket({ flow });
    if ('wrong' in packet) throw new Error(packet.wrong);
    const owners = { sysctl: undefined, links: undefined };
    const kernel = view([service({ scheduler: 'fo' }, two)], [established]);
    t.match(await explainPacket({ ...owners, engine: engineSays('forward'), kernel }, packet, undefined), {
      by: 'engine',
      interface: 'eth0',
      out: { port: 'eth1', frame: '00ff' },
    });
    t.match(await explainPacket({ ...owners, engine: engineSays('pass'), kernel }, packet, undefined), {
      by: 'kernel',
    });
    const nothing = view([], []);
    t.match(await explainPacket({ ...owners, engine: engineSays('pass'), kernel: nothing }, packet, undefined), {
      by: 'engine',
    });
    t.match(await explainPacket({ ...owners, engine: undefined, kernel: nothing }, packet, 'eth7'), {
      by: 'kernel',
      interface: 'eth7',
      verdict: 'pass',
    });
    await t.rejects(explainPacket({ ...owners, engine: undefined, kernel: undefined }, packet, undefined), {
      code: 'EXPLAIN_NOBODY',
    });
  },
);

t.test('what-if of the kernel: its slots and its connections', async (t) => {
  const template = connection('TCP C6336407 0000 C0000201 0050 0A000002 1F90 NONE            91');
  const kernel = view([service({ scheduler: 'mh' }, two)], [established, template]);
  const supposed = { do: 'remove', server: '10.0.0.2' } as const;
  const [outlook, ...more] = await whatIfNow({ engine: undefined, kernel }, { do: 'what-if', supposed });
  t.same(more, []);
  t.match(outlook, { slots: 4093, sessions: 1, movedSessions: 1, after: { '10.0.0.1:8080': 4093 } });
  await t.rejects(whatIfNow({ engine: undefined, kernel }, { do: 'what-if', supposed, service: 'tcp 1.1.1.1:1' }), {
    code: 'WHAT_IF_NOBODY',
  });
  const read = sessionReader([service({}, two, { ...web, port: 0 })]);
  t.equal(read(established)?.service, 'tcp 192.0.2.1:0', 'a service of all ports');
  t.equal(read(template), undefined);
});
