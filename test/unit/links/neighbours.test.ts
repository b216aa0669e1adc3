import * as fc from 'fast-check';
import t from 'tap';
import { readNeighbour, writeNeighbour } from '../../../src/links/neighbour-attrs.js';
import { readLink, vlanAttrs, writeLink } from '../../../src/links/link-attrs.js';
import { Links } from '../../../src/links/links.js';
import { type RouteMessage, readRoute, routeAttrs } from '../../../src/links/route-attrs.js';
import { linkOf, neighbourOf, routedPrefixOf } from '../../../src/links/rows.js';
import { AF_INET, AF_INET6, neighbourState, NTF_USE, wayFlag } from '../../../src/links/uapi.js';
import { addressBytes } from '../../../src/model/address.js';
import { encodeAttributes, Malformed, type Values } from '../../../src/netlink/attributes.js';
import { Growing, memory } from '../../../src/netlink/bytes.js';
import { Exchange } from '../../../src/netlink/exchange.js';
import { type Message, messageFlag } from '../../../src/netlink/message.js';
import { FakeSocket, verdict } from '../../helpers/fake-socket.js';

const written = (write: (to: Growing) => void): Uint8Array => {
  const to = new Growing();
  write(to);
  return to.written().slice();
};

t.test('a neighbour is struct ndmsg and two attributes', (t) => {
  const bytes = written((to) =>
    writeNeighbour(to, {
      family: AF_INET,
      index: 3,
      state: neighbourState.reachable,
      flags: 0,
      attributes: { address: addressBytes('192.0.2.1'), linkLayerAddress: Uint8Array.of(2, 0, 0, 0, 0, 9) },
    }),
  );
  t.equal(Buffer.from(bytes).toString('hex'), '02000000030000000200000008000100c00002010a000200020000000009' + '0000');
  t.same(neighbourOf(readNeighbour(memory(bytes), 0, bytes.length)), {
    index: 3,
    address: '192.0.2.1',
    macAddress: '02:00:00:00:00:09',
    state: neighbourState.reachable,
  });
  t.throws(() => readNeighbour(memory(bytes), 0, 11), Malformed);
  const bridge = { family: 7, index: 3, state: 0, flags: 0, attributes: { linkLayerAddress: new Uint8Array(6) } };
  t.equal(neighbourOf(bridge), undefined, 'a bridge’s is none of IP');
  t.end();
});

t.test('using a neighbour is what `ip neigh add … use` says', async (t) => {
  const asked: Message[] = [];
  const socket = new FakeSocket((request) => {
    asked.push(request);
    return [verdict(request, 0)];
  });
  await new Links(new Exchange(socket)).useNeighbour(5, '2001:db8::1');
  const [request] = asked;
  t.equal(request!.type, 28);
  t.ok((request!.flags & messageFlag.create) !== 0 && (request!.flags & messageFlag.exclusive) === 0);
  const message = readNeighbour(request!.from, request!.at, request!.end);
  t.same([message.family, message.index, message.state, message.flags], [AF_INET6, 5, 0, NTF_USE]);
});

t.test('a VLAN interface says its tag and what is below it', (t) => {
  const data = written((to) => encodeAttributes(to, vlanAttrs, { id: 10, protocol: 0x88a8 }));
  const bytes = written((to) =>
    writeLink(to, { index: 4 }, { name: 'eth0.10', parent: 2, info: { kind: 'vlan', data } }),
  );
  t.same(linkOf(readLink(memory(bytes), 0, bytes.length)).vlan, { parent: 2, type: 'dot1ad', id: 10 });
  const veth = written((to) => writeLink(to, { index: 4 }, { name: 'v0', parent: 2, info: { kind: 'veth' } }));
  t.equal(linkOf(readLink(memory(veth), 0, veth.length)).vlan, undefined);
  t.end();
});

/** struct rtmsg and attributes, as a dump has them. */
function route(
  attributes: Values<typeof routeAttrs>,
  header: Partial<Record<'length' | 'tos' | 'type' | 'flags', number>> = {},
) {
  const bytes = written((to) => {
    const at = to.extend(12);
    const { view } = to.memory;
    view.setUint8(at, AF_INET);
    view.setUint8(at + 1, header.length ?? 24);
    view.setUint8(at + 3, header.tos ?? 0);
    view.setUint8(at + 4, 254);
    view.setUint8(at + 7, header.type ?? 1);
    view.setUint32(at + 8, header.flags ?? 0, true);
    encodeAttributes(to, routeAttrs, attributes);
  });
  return routedPrefixOf(readRoute(memory(bytes), 0, bytes.length));
}

const destination = addressBytes('10.0.0.0');
const gateway = addressBytes('192.0.2.1');

t.test('ways of a route', (t) => {
  t.match(route({ destination, outInterface: 3, gateway, metrics: { mtu: 1400 } }), {
    prefix: '10.0.0.0',
    ways: [{ index: 3, gateway: '192.0.2.1', weight: 1 }],
    mtu: 1400,
  });
  const way = (index: number, flags: number) => ({ index, flags, hops: index, attributes: { gateway } });
  t.same(route({ destination, ways: [way(1, 0), way(2, wayFlag.dead), way(3, wayFlag.linkDown)] })!.ways, [
    { index: 1, weight: 2, gateway: '192.0.2.1' },
  ]);
  t.same(route({ destination, ways: [way(3, wayFlag.linkDown)] })!.ways, [], 'without carrier it leads nowhere');
  t.equal(
    route({ destination, ways: [way(2, wayFlag.dead)] }),
    undefined,
    'a dead one is passed over, as the kernel does',
  );
  const via = { family: AF_INET6, address: addressBytes('2001:db8::1') };
  t.same(route({ destination, outInterface: 3, via })!.ways, [{ index: 3, weight: 1, gateway: '2001:db8::1' }]);
  t.equal(route({ destination, outInterface: 3, encapsulation: 1 }), undefined, 'MPLS is not for us');
  t.equal(route({ destination, outInterface: 3 }, { tos: 8 }), undefined);
  t.equal(route({ destination, outInterface: 3 }, { flags: wayFlag.cloned }), undefined);
  t.same(route({ destination }, { type: 6 })!.ways, []);
  t.end();
});

t.test('ways read back as they were written; what is cut is refused, never wrong', (t) => {
  const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const one = fc.record({
    flags: fc.nat(255),
    hops: fc.nat(255),
    index: fc.nat(0x7fff_ffff),
    attributes: fc.oneof(
      fc.constant({}),
      bytes4.map((gateway) => ({ gateway })),
      bytes4.map((address) => ({ via: { family: AF_INET, address } })),
    ),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 6 }), fc.nat(40), (ways, cut) => {
      const bytes = written((to) => {
        to.extend(12);
        encodeAttributes(to, routeAttrs, { ways });
      });
      const message: RouteMessage = readRoute(memory(bytes), 0, bytes.length);
      t.same(
        message.attributes.ways!.map((way) => ({ ...way, attributes: { ...way.attributes } })),
        ways,
      );
      const short = bytes.slice(0, Math.max(12, bytes.length - cut));
      try {
        readRoute(memory(short), 0, short.length);
      } catch (error) {
        t.type(error, Malformed);
      }
    }),
    { numRuns: 100 },
  );
  t.end();
});
