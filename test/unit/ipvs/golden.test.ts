/** Our bytes beside those that ipvsadm 1.31 (libipvs) sends, recorded on kernel 7.2.7: test/golden/netlink/representative.json. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { type DestinationSettings, defaultDestinationSettings, plainTunnel } from '../../../src/model/destination.js';
import { defaultServiceSettings, type ServiceKey } from '../../../src/model/service.js';
import { encodeAttributes, text, u16 } from '../../../src/netlink/attributes.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { type Message, splitMessages } from '../../../src/netlink/message.js';
import { done, FakeSocket, part, verdict } from '../../helpers/fake-socket.js';

interface Recording {
  readonly title: string;
  readonly io: readonly { readonly dir: 'req' | 'rep'; readonly hex: string }[];
}

const file = new URL('../../../../test/golden/netlink/representative.json', import.meta.url);
const recordings = JSON.parse(readFileSync(file, 'utf8')) as readonly Recording[];
function recorded(title: string): Recording {
  const recording = recordings.find((one) => one.title === title);
  if (recording === undefined) throw new Error(`no recording ${title}`);
  return recording;
}

const FAMILY = 30;

/** A client whose kernel answers with the recorded replies to each request in turn (or just says yes), and what it sent. */
function replaying(title?: string): { client: IpvsClient; sent: string[] } {
  const turns = title === undefined ? [] : replies(recorded(title));
  const sent: string[] = [];
  const socket = new FakeSocket((request) => {
    if (request.type !== FAMILY) return [part(request, 16, familyNumber()), verdict(request, 0)];
    sent.push(bodyHex(request));
    const turn = turns.shift()?.map((datagram) => renumbered(datagram, request.sequence)) ?? [];
    return [...turn, verdict(request, 0)]; // libipvs did not wait for the ack after an answer, so it was not recorded
  });
  return { client: new IpvsClient(socket), sent };
}

function familyNumber(): Uint8Array {
  const to = new Growing();
  to.extend(4);
  encodeAttributes(to, { id: [1, u16], name: [2, text] } as const, { id: FAMILY, name: 'IPVS' });
  return to.written().slice();
}

const bodyHex = ({ from, at, end }: Message): string => Buffer.from(from.bytes.subarray(at, end)).toString('hex');

function replies({ io }: Recording): Uint8Array[][] {
  const turns: Uint8Array[][] = [];
  for (const { dir, hex } of io) {
    if (dir === 'req') turns.push([]);
    else turns.at(-1)?.push(Buffer.from(hex, 'hex'));
  }
  return turns;
}

function renumbered(datagram: Uint8Array, sequence: number): Uint8Array {
  const copy = datagram.slice();
  const { view } = memory(copy);
  for (let at = 0; at + 16 <= copy.length; at += (view.getUint32(at, true) + 3) & ~3)
    view.setUint32(at + 8, sequence, true);
  return copy;
}

/** The body (generic header and attributes) of the first request of a recording. */
function requestBody(title: string): string {
  let body = '';
  const bytes = Buffer.from(recorded(title).io[0]?.hex ?? '', 'hex');
  splitMessages(memory(bytes), 0, bytes.length, (message) => {
    body = bodyHex(message);
  });
  return body;
}

const tcp = (port: number): ServiceKey => ({ by: 'address', protocol: 'tcp', address: '192.0.2.10', port });
const ip4 = defaultServiceSettings('ip4');
const ip6 = defaultServiceSettings('ip6');

const services: readonly (readonly [title: string, send: (client: IpvsClient) => Promise<void>])[] = [
  ['NEW_SERVICE, smallest form', (c) => c.addService(tcp(80), ip4)],
  [
    'NEW_SERVICE IPv6, persistent, prefix',
    (c) =>
      c.addService(
        { by: 'address', protocol: 'tcp', address: '2001:db8::10', port: 80 },
        { ...ip6, persistent: true, persistenceSeconds: 360, persistenceMask: '64' },
      ),
  ],
  [
    'NEW_SERVICE with persistence engine',
    (c) =>
      c.addService(
        { by: 'address', protocol: 'udp', address: '192.0.2.10', port: 5060 },
        { ...ip4, persistent: true, persistenceSeconds: 60, persistenceEngine: 'sip' },
      ),
  ],
  ['NEW_SERVICE with scheduler flags', (c) => c.addService(tcp(82), { ...ip4, scheduler: 'sh', schedulerFlags: 3 })],
  [
    'NEW_SERVICE one-packet',
    (c) =>
      c.addService({ by: 'address', protocol: 'udp', address: '192.0.2.10', port: 53 }, { ...ip4, onePacket: true }),
  ],
  ['NEW_SERVICE fwmark, IPv6', (c) => c.addService({ by: 'fwmark', family: 'ip6', mark: 1 }, ip6)],
  ['SET_SERVICE', (c) => c.editService(tcp(80), ip4)],
  ['ZERO all', (c) => c.zero()],
  ['FLUSH', (c) => c.flush()],
  ['SET_CONFIG with zeros (keep)', (c) => c.setTimeouts({ tcp: 0, tcpFin: 0, udp: 60 })],
  [
    'NEW_DAEMON with all options',
    (c) =>
      c.startDaemon({
        state: 'master',
        interface: 'eth1',
        syncId: 7,
        maxLength: 4000,
        group: '239.1.1.1',
        port: 9000,
        ttl: 8,
      }),
  ],
  [
    'NEW_DAEMON with IPv6 group',
    (c) => c.startDaemon({ state: 'master', interface: 'eth1', syncId: 0, group: 'ff02::1:2', port: 9000, ttl: 255 }),
  ],
];

for (const [title, send] of services) {
  t.test(`${title}: the same bytes`, async (t) => {
    const { client, sent } = replaying();
    await send(client);
    t.strictSame(sent, [requestBody(title)]);
  });
}

const server: DestinationSettings = defaultDestinationSettings;
const destinations: readonly (readonly [
  title: string,
  address: string,
  port: number,
  settings: DestinationSettings,
  edit?: true,
])[] = [
  ['NEW_DEST, defaults', '192.0.2.11', 80, server],
  ['NEW_DEST with thresholds', '192.0.2.12', 80, { ...server, upperThreshold: 100, lowerThreshold: 50 }],
  [
    'NEW_DEST, tunnel gue with checksum',
    '192.0.2.12',
    80,
    { ...server, method: 'tunnel', tunnel: { type: 'gue', port: 6080, checksum: true, remoteChecksum: false } },
  ],
  ['NEW_DEST IPv6 server in IPv4 service', '2001:db8::11', 80, { ...server, method: 'tunnel', tunnel: plainTunnel }],
  ['SET_DEST', '192.0.2.11', 80, { ...server, weight: 7 }, true],
];

for (const [title, address, port, settings, edit] of destinations) {
  t.test(`${title}: the same command and the same destination nest (the service is named more briefly)`, async (t) => {
    const { client, sent } = replaying();
    await client[edit === true ? 'editDestination' : 'addDestination'](tcp(80), { address, port }, settings);
    const theirs = requestBody(title);
    const nest = theirs.slice(theirs.lastIndexOf('60000280'));
    t.ok(sent[0]?.startsWith(theirs.slice(0, 8)), 'command and version');
    t.ok(sent[0]?.endsWith(nest), `…${nest}`);
  });
}

t.test('a recorded table is read', async (t) => {
  const { client } = replaying('GET_SERVICE dump (all services), then GET_DEST dump per service');
  const [service] = await client.list();
  t.match(service, {
    key: tcp(80),
    settings: { scheduler: 'rr', persistent: false, persistenceMask: '255.255.255.255' },
  });
  t.match(
    service?.destinations.map(({ key, settings }) => [
      key.address,
      settings.method,
      settings.tunnel.type,
      settings.tunnel.checksum,
    ]),
    [
      ['192.0.2.12', 'tunnel', 'gre', true],
      ['192.0.2.11', 'tunnel', 'gre'],
    ],
  );
  t.equal(service?.statistics.inBytes, 0n);
});

t.test('recorded timeouts and daemons are read', async (t) => {
  t.match(await replaying('GET_CONFIG').client.timeouts(), { tcp: Number, tcpFin: Number, udp: Number });
  const [daemon] = await replaying('GET_DAEMON dump').client.daemons();
  t.match(daemon, { state: 'master', interface: String, syncId: Number, port: Number, group: String });
});

const refusals: readonly (readonly [title: string, send: (client: IpvsClient) => Promise<unknown>, code: string])[] = [
  ['error reply (EEXIST)', (c) => c.addService(tcp(80), ip4), 'IPVS_EXISTS'],
  ['error reply (ENOENT)', (c) => c.addService(tcp(80), { ...ip4, scheduler: 'nosuch' }), 'IPVS_NO_SCHEDULER'],
  ['DEL_DAEMON not running', (c) => c.stopDaemon('master'), 'IPVS_NO_SUCH_DAEMON'],
];
for (const [title, send, code] of refusals) {
  t.test(`${title} becomes ${code}`, async (t) => {
    await t.rejects(send(replaying(title).client), { code });
  });
}

t.test('a missing service is an answer, not a failure', async (t) => {
  t.equal(await replaying('GET_SERVICE do, missing (ESRCH)').client.findService(tcp(81)), undefined);
});

t.test('a kernel without IPVS says so', async (t) => {
  const client = new IpvsClient(new FakeSocket((request) => [verdict(request, 2)]));
  await t.rejects(client.probe(), { code: 'IPVS_UNAVAILABLE' });
});

t.test('a service whose destinations dump is empty has none', async (t) => {
  const client = new IpvsClient(
    new FakeSocket((request) =>
      request.type === FAMILY ? [done(request)] : [part(request, 16, familyNumber()), verdict(request, 0)],
    ),
  );
  t.strictSame(await client.destinations(tcp(80)), []);
});
