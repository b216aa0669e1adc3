import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import t from 'tap';
import { addressAttrs, readAddress, writeAddress } from '../../../src/links/address-attrs.js';
import { ipTunnelAttrs, linkAttrs, readLink } from '../../../src/links/link-attrs.js';
import { Links } from '../../../src/links/links.js';
import { readRoute } from '../../../src/links/route-attrs.js';
import { addressOf, linkOf, routeOf } from '../../../src/links/rows.js';
import { endsFit, tunnelData } from '../../../src/links/tunnels.js';
import { decodeAttributes, Malformed } from '../../../src/netlink/attributes.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { Exchange } from '../../../src/netlink/exchange.js';
import { HEADER_BYTES, type Message, splitMessages } from '../../../src/netlink/message.js';
import { type Answer, done, FakeSocket, part, verdict } from '../../helpers/fake-socket.js';

/** Recorded bytes; `#` begins a comment. */
function golden(name: string): Uint8Array {
  const text = readFileSync(new URL(`../../../../test/golden/links/${name}.hex`, import.meta.url), 'utf8');
  return Uint8Array.from(Buffer.from(text.replace(/#.*$/gm, '').replace(/\s/g, ''), 'hex'));
}

/** Payloads of the messages of a datagram. */
function payloads(datagram: Uint8Array): Uint8Array[] {
  const all: Uint8Array[] = [];
  splitMessages(memory(datagram), 0, datagram.length, ({ at, end }) => all.push(datagram.slice(at, end)));
  return all;
}

const RTM_GETLINK = 18;
const RTM_GETADDR = 22;

/** A kernel with the recorded interface v0 (index 3, from `link`) as lo too, which says yes, or `errno`, to every change. */
function kernel(errno = 0): FakeSocket {
  const link = payloads(golden('link'))[0]!;
  const answer: Answer = (request: Message) => {
    if (request.type === RTM_GETLINK)
      return [part(request, 16, named(link, 'lo', 1)), part(request, 16, link), done(request)];
    if (request.type === RTM_GETADDR)
      return [...payloads(golden('addresses')).map((one) => part(request, 20, one)), done(request)];
    return [verdict(request, errno)];
  };
  return new FakeSocket(answer);
}

/** The recorded link under another name, which is its first attribute: 7 bytes, padded to 8. */
function named(link: Uint8Array, name: string, index: number): Uint8Array {
  const copy = link.slice();
  copy[4] = index;
  copy.set([...Buffer.from(name), 0], 20);
  return copy;
}

/** What was sent last, its sequence number and port taken from the recording. */
function sent(socket: FakeSocket, like: Uint8Array): Uint8Array {
  const bytes = socket.sent.at(-1)!.slice();
  bytes.set(like.subarray(8, HEADER_BYTES), 8);
  return bytes;
}

const open = (socket: FakeSocket): Links => new Links(new Exchange(socket));

t.test('the bytes are those of iproute2', async (t) => {
  const socket = kernel();
  const links = open(socket);
  await links.addAddress({ interface: 'lo', address: '192.0.2.1', prefixLength: 32, scope: 'host' });
  t.same(sent(socket, golden('add-ip4')), golden('add-ip4'));
  await links.addAddress({
    interface: 'lo',
    address: '2001:db8::1',
    prefixLength: 128,
    nodad: true,
    preferredSeconds: 0,
  });
  t.same(sent(socket, golden('add-ip6')), golden('add-ip6'));
  await links.setUp('v0', true);
  t.same(sent(socket, golden('set-up')), golden('set-up'));
});

t.test('a tunnel says what iproute2 says, without its defaults', (t) => {
  const [recorded] = payloads(golden('add-ipip'));
  const { name, info } = readLink(memory(recorded!), 0, recorded!.length).attributes;
  t.equal(name, 't1');
  t.equal(info?.kind, 'ipip');
  const data = tunnelData({ name: 't1', kind: 'ipip', local: '192.0.2.1', remote: '192.0.2.2' });
  const [ours, theirs] = [data, info!.data!].map((bytes) =>
    decodeAttributes(ipTunnelAttrs, memory(bytes), 0, bytes.length),
  );
  t.match(theirs, ours!);
  const gue = tunnelData({ name: 't', kind: 'ipip', udp: { type: 'gue', port: 6080 } });
  t.equal(Buffer.from(gue).toString('hex'), '06000f0002000000' + '0600100000000000' + '0600120017c00000');
  t.end();
});

t.test('links and addresses are read from what the kernel answered', async (t) => {
  const links = open(kernel());
  t.match(await links.find('v0'), {
    index: 3,
    kind: 'veth',
    up: false,
    mtu: 1500,
    macAddress: '02:00:00:00:00:01',
    resolvesNeighbours: true,
  });
  t.strictSame(
    (await links.addresses()).map(({ address, prefixLength, scope, nodad, preferredSeconds }) => [
      address,
      prefixLength,
      scope,
      nodad,
      preferredSeconds,
    ]),
    [
      ['127.0.0.1', 8, 'host', false, undefined],
      ['192.0.2.1', 32, 'host', false, undefined],
      ['2001:db8::1', 128, 'global', true, 0],
      ['::1', 128, 'host', false, undefined],
    ],
  );
});

const refusals: readonly [errno: number, code: string][] = [
  [1, 'LINK_NO_PERMISSION'],
  [17, 'LINK_EXISTS'],
  [19, 'LINK_MISSING'],
  [99, 'LINK_NO_SUCH_ADDRESS'],
  [22, 'LINK_REFUSED'],
  [95, 'LINK_REFUSED'],
];

for (const [errno, code] of refusals)
  t.test(`errno ${errno} is ${code}`, async (t) => {
    const order = { interface: 'lo', address: '192.0.2.1', prefixLength: 32 };
    await t.rejects(open(kernel(errno)).addAddress(order), { code });
  });

t.test('an interface that is not there is said before anything is asked for', async (t) => {
  const socket = kernel();
  await t.rejects(open(socket).setUp('nosuch0', true), { code: 'LINK_MISSING', message: /nosuch0/ });
  t.equal(socket.sent.length, 1);
});

t.test('ends of a tunnel are of the family that carries it', (t) => {
  t.ok(endsFit({ name: 'x', kind: 'ip6tnl', local: '2001:db8::1' }));
  t.notOk(endsFit({ name: 'x', kind: 'ip6gre', remote: '192.0.2.1' }));
  t.notOk(endsFit({ name: 'x', kind: 'sit', local: '192.0.2.1', remote: '2001:db8::1' }));
  t.end();
});

t.test('what is written is read back', (t) => {
  const octets = (n: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: n, maxLength: n });
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const attributes = fc.record(
    {
      local: octets(4),
      address: octets(4),
      label: fc.stringMatching(/^[a-z0-9]{1,15}$/),
      lifetimes: fc.record({ preferred: u32, valid: u32 }),
    } satisfies Partial<Record<keyof typeof addressAttrs, unknown>>,
    { requiredKeys: [] },
  );
  const message = fc.record({
    family: fc.constantFrom(2, 10),
    prefixLength: fc.nat(128),
    flags: u32,
    scope: fc.nat(255),
    index: u32,
    attributes,
  });
  fc.assert(
    fc.property(message, (value) => {
      const to = new Growing();
      writeAddress(to, value);
      const { attributes, ...header } = readAddress(to.memory, 0, to.length);
      delete attributes.flags;
      t.same({ attributes, ...header }, value);
    }),
  );
  t.end();
});

t.test('any bytes are read or refused', (t) => {
  t.ok(linkAttrs.name);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      for (const read of [
        () => linkOf(readLink(memory(bytes), 0, bytes.length)),
        () => addressOf(readAddress(memory(bytes), 0, bytes.length)),
        () => routeOf(readRoute(memory(bytes), 0, bytes.length)),
      ])
        try {
          read();
        } catch (error) {
          if (!(error instanceof Malformed)) throw error;
        }
    }),
  );
  t.end();
});
