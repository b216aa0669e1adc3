/** What is known of interfaces and addresses, by the kernel's news. */
import t from 'tap';
import { type AddressMessage, writeAddress } from '../../../src/links/address-attrs.js';
import { writeLink } from '../../../src/links/link-attrs.js';
import { addressKey, KnownLinks } from '../../../src/links/known-links.js';
import { type LinkNews, LinkWatch } from '../../../src/links/link-watch.js';
import { Links } from '../../../src/links/links.js';
import { writeRoute } from '../../../src/links/route-attrs.js';
import type { InterfaceAddress, Link } from '../../../src/links/rows.js';
import { addressBytes } from '../../../src/model/address.js';
import { align, Growing } from '../../../src/netlink/bytes.js';
import { type DatagramSocket, Exchange } from '../../../src/netlink/exchange.js';
import { type Message, writeMessage } from '../../../src/netlink/message.js';
import { done, FakeSocket, part } from '../../helpers/fake-socket.js';

const link = (index: number, name: string): Link => ({
  index,
  name,
  kind: 'veth',
  up: true,
  running: true,
  loopback: false,
  resolvesNeighbours: true,
  mtu: 1500,
  macAddress: '02:00:00:00:00:01',
});
const row = (address: string, more: Partial<InterfaceAddress> = {}): InterfaceAddress => ({
  index: 3,
  address,
  prefixLength: address.includes(':') ? 64 : 24,
  scope: 'global',
  nodad: false,
  noPrefixRoute: false,
  tentative: false,
  dadFailed: false,
  ...more,
});

t.test('addresses stand in the kernel’s order', (t) => {
  const known = new KnownLinks();
  known.setLink(link(3, 'eth0'));
  const order = (): readonly string[] => known.addresses(3).map(({ address }) => address);
  known.setAddress(row('10.0.0.1'));
  known.setAddress(row('10.0.0.2', { secondary: true }));
  known.setAddress(row('10.1.0.1'));
  known.setAddress(row('127.0.0.2', { scope: 'host' }));
  known.setAddress(row('169.254.0.1', { scope: 'link' }));
  t.same(order(), ['10.0.0.1', '10.1.0.1', '169.254.0.1', '127.0.0.2', '10.0.0.2']);
  known.setAddress(row('fe80::1', { scope: 'link' }));
  known.setAddress(row('2001:db8::1'));
  known.setAddress(row('2001:db8::2'));
  known.setAddress(row('fe80::2', { scope: 'link' }));
  t.same(order().slice(5), ['2001:db8::2', '2001:db8::1', 'fe80::2', 'fe80::1']);
  known.deleteAddress(row('10.0.0.1', { secondary: true }));
  known.setAddress(row('10.0.0.2'));
  t.same(order().slice(0, 4), ['10.1.0.1', '10.0.0.2', '169.254.0.1', '127.0.0.2'], 'a promoted one moves up');
  known.setAddress(row('10.1.0.1', { scope: 'global', noPrefixRoute: true }));
  t.equal(order()[0], '10.1.0.1', 'what is told again stays where it is');
  t.equal(known.address(addressKey(3, '10.1.0.1', 24))?.noPrefixRoute, true);
  t.equal(known.linkWith('fe80::2')?.name, 'eth0');
  known.deleteLink(3);
  t.same(order(), []);
  t.equal(known.address(addressKey(3, '10.1.0.1', 24)), undefined);
  t.end();
});

t.test('a name goes to who has it now', (t) => {
  const known = new KnownLinks();
  known.setLink(link(3, 'eth0'));
  known.setLink(link(4, 'eth1'));
  known.setLink(link(3, 'old0'));
  known.setLink(link(4, 'eth0'));
  t.equal(known.named('eth0')?.index, 4);
  t.equal(known.named('old0')?.index, 3);
  t.equal(known.named('eth1'), undefined);
  known.deleteLink(3);
  t.equal(known.named('old0'), undefined);
  t.equal(known.named('eth0')?.index, 4);
  t.end();
});

/** Tells what a test puts into it. */
class News implements DatagramSocket {
  readonly waiting: (Uint8Array | Error)[] = [];
  #onReadable: () => void = () => undefined;

  send(): void {
    throw new Error('news are only heard');
  }
  receive(into: Uint8Array, at: number): readonly number[] | undefined {
    const next = this.waiting.shift();
    if (next instanceof Error) throw next;
    if (next === undefined) return undefined;
    into.set(next, at);
    return [at + next.length];
  }
  watch(onReadable: () => void): void {
    this.#onReadable = onReadable;
  }
  close(): void {
    this.waiting.length = 0;
  }
  tell(...news: readonly (Uint8Array | Error)[]): void {
    this.waiting.push(...news);
    this.#onReadable();
  }
}

const told = (type: number, body: (to: Growing) => void): Uint8Array => {
  const to = new Growing();
  writeMessage(to, { type, flags: 0, sequence: 0 }, body);
  return to.written().slice(0, align(to.length));
};
const payload = (body: (to: Growing) => void): Uint8Array => {
  const to = new Growing();
  body(to);
  return to.written().slice();
};
const writeEth = (index: number, name: string, flags: number) => (to: Growing) =>
  writeLink(to, { index, flags }, { name });
const address = (text: string): AddressMessage => ({
  family: 2,
  prefixLength: 24,
  flags: 0,
  scope: 0,
  index: 3,
  attributes: { local: addressBytes(text), address: addressBytes(text) },
});
const UP = 0x41;

/** A kernel whose dumps are what a test says. */
function world() {
  const has = {
    links: [payload(writeEth(3, 'eth0', UP))],
    addresses: [payload((to) => writeAddress(to, address('10.0.0.1')))],
  };
  const asked = new FakeSocket((request: Message) => [
    ...(request.type === 18
      ? has.links.map((one) => part(request, 16, one))
      : has.addresses.map((one) => part(request, 20, one))),
    done(request),
  ]);
  const news = new News();
  const batches: LinkNews[] = [];
  const watch = new LinkWatch(new Links(new Exchange(asked)), news, (batch) => batches.push(batch));
  return { has, asked, news, batches, watch };
}

t.test('news are taken as they come, one batch at a time', async (t) => {
  const { watch, news, batches, asked } = world();
  await watch.open();
  t.equal(watch.known.named('eth0')?.running, true);
  t.equal(batches.length, 0);
  news.tell(
    told(20, (to) => writeAddress(to, address('10.0.0.2'))),
    told(21, (to) => writeAddress(to, address('10.0.0.1'))),
  );
  t.match(batches, [{ links: true, addressesGone: true, rulesGone: false }]);
  t.same(
    watch.known.addresses(3).map((one) => one.address),
    ['10.0.0.2'],
  );
  const route = {
    family: 2,
    destinationLength: 8,
    scope: 0,
    attributes: { destination: Uint8Array.of(10, 0, 0, 0), table: 254 },
  };
  news.tell(told(25, (to) => writeRoute(to, route)));
  t.match(batches[1], { links: false, routesGone: [{ destinationLength: 8 }], routesInDoubt: false });
  news.tell(told(24, (to) => writeRoute(to, route)));
  t.equal(batches.length, 2, 'a new one is no news');
  news.tell(told(33, (to) => to.extend(12)));
  t.match(batches[2], { rulesGone: true, links: false });
  news.tell(told(16, writeEth(3, 'eth0', 0)));
  t.match(batches[3], { links: true, routesInDoubt: true, addressesGone: false });
  t.equal(watch.known.named('eth0')?.up, false);
  news.tell(
    told(17, (to) => {
      writeEth(3, 'eth0', 0)(to);
      to.memory.view.setUint8(16, 7); // AF_BRIDGE: it left a bridge, and is still there
    }),
  );
  t.equal(watch.known.named('eth0')?.index, 3);
  news.tell(told(17, writeEth(3, 'eth0', 0)));
  t.equal(watch.known.named('eth0'), undefined);
  t.equal(asked.sent.length, 2, 'nothing was asked for again');
  watch.close();
});

t.test('after lost news everything is read anew, and anything may have happened', async (t) => {
  const { has, watch, news, batches } = world();
  await watch.open();
  has.links.push(payload(writeEth(4, 'eth1', UP)));
  has.addresses.length = 0;
  news.tell(Object.assign(new Error('ENOBUFS'), { code: 'ENOBUFS' }));
  for (let i = 0; i < 20 && batches.length === 0; i++) await new Promise((resolve) => setImmediate(resolve));
  t.match(batches, [{ links: true, addressesGone: true, rulesGone: true, routesInDoubt: true }]);
  t.equal(watch.known.named('eth1')?.index, 4);
  t.same(watch.known.addresses(3), []);
  news.tell(told(20, (to) => writeAddress(to, address('10.0.0.9'))));
  t.equal(watch.known.addresses(3).length, 1, 'and it goes on');
  watch.close();
});
