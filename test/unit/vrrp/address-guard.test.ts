/** VIPs that somebody else has: asked for and heard, told with MAC and advice, and never waited for. */
import t from 'tap';
import { gratuitousArp, unsolicitedAdvertisement } from '../../../src/vrrp/announce.js';
import { AdvertHub } from '../../helpers/fake-adverts.js';
import { instance, Side } from '../../helpers/vrrp-side.js';

const STRANGER = Uint8Array.of(2, 0, 0, 0, 0, 0x99);
const VIP = '10.77.0.50';
const ETHERNET = 14;

const claim = (mac: Uint8Array, address = VIP): Uint8Array => gratuitousArp(address, mac).subarray(ETHERNET);

const probesOf = ({ port }: Side): number => port.questions.length;

const inUse = ({ log }: Side): readonly object[] => log.named('vrrp.address-in-use');

async function started(text = instance(150)): Promise<{ hub: AdvertHub; a: Side; run: (ms: number) => Promise<void> }> {
  const hub = new AdvertHub();
  const a = new Side(hub, '10.77.0.1');
  await a.follow(text);
  return { hub, a, run: (ms) => hub.clock.run(ms, 50) };
}

t.test('somebody who answers before anybody is master is told of when we are; and nobody waits for it', async (t) => {
  const { hub, a, run } = await started();
  await run(100);
  t.equal(probesOf(a), 1);
  hub.neighbourSays(a.port, claim(STRANGER));
  await run(1900);
  t.equal(probesOf(a), 2, 'asked twice: one may be lost');
  t.same(inUse(a), [], 'it may be a master whose adverts are still to come');
  await run(1500);
  t.equal(a.role, 'master', 'at the moment at which it would be without');
  t.match(inUse(a), [{ router: 'V1', address: VIP, mac: '02:00:00:00:00:99', why: /take it away there/ }]);
  t.match(a.router.instances[0]?.guard.inUse, [{ address: VIP, mac: '02:00:00:00:00:99' }]);
  hub.neighbourSays(a.port, claim(STRANGER));
  await run(10_000);
  hub.neighbourSays(a.port, claim(STRANGER));
  t.equal(inUse(a).length, 1, 'once');
  t.equal(a.role, 'master', 'the addresses are held all the same');
});

t.test('the addresses of a master that is heard are its own', async (t) => {
  const hub = new AdvertHub();
  const [a, b] = [new Side(hub, '10.77.0.1'), new Side(hub, '10.77.0.2')];
  await a.follow(instance(150));
  await hub.clock.run(5000, 50);
  await b.follow(instance(100));
  await hub.clock.run(100, 50);
  hub.neighbourSays(b.port, claim(STRANGER));
  await hub.clock.run(2000, 50);
  await a.router.stop();
  await hub.clock.run(1000, 50);
  t.equal(b.role, 'master');
  await hub.clock.run(5000, 50);
  t.same(inUse(b), []);
});

t.test('a master asks when its predecessor had time to let go, and hears who takes an address later', async (t) => {
  const { hub, a, run } = await started();
  await run(3500);
  t.equal(a.role, 'master');
  const before = probesOf(a);
  hub.neighbourSays(a.port, claim(STRANGER));
  await run(1500);
  t.same(inUse(a), [], 'that may be the end of a predecessor');
  t.equal(probesOf(a), before);
  await run(4000);
  t.equal(probesOf(a), before + 2);
  hub.neighbourSays(a.port, claim(Uint8Array.of(2, 0, 0, 0, 0, 1)));
  hub.neighbourSays(a.port, claim(STRANGER, '10.77.0.51'));
  t.same(inUse(a), [], 'our own MAC address, and an address that is not ours');
  hub.neighbourSays(a.port, claim(STRANGER));
  t.equal(inUse(a).length, 1);
  for (let i = 0; i < 100; i++) hub.neighbourSays(a.port, claim(Uint8Array.of(2, 0, 0, 1, 0, i)));
  t.equal(inUse(a).length, 8, 'whoever invents MAC addresses fills no log');
});

t.test('two masters have news of their own: what the other one says is not told twice', async (t) => {
  const { hub, a, run } = await started();
  const b = new Side(hub, '10.77.0.2');
  await run(8000);
  hub.loses = (from) => from === '10.77.0.1'; // b is deaf
  await b.follow(instance(100));
  await run(8000);
  t.same([a.role, b.role], ['master', 'master']);
  hub.neighbourSays(a.port, claim(STRANGER));
  t.same(inUse(a), []);
  t.ok(a.told.some(({ what }) => what.is === 'lower-master'));
});

t.test('a master contradicts who says that an address is its, and is not drawn into a fight', async (t) => {
  const { hub, a, run } = await started();
  await run(10_000);
  const before = a.port.frames.length;
  hub.neighbourSays(a.port, claim(STRANGER));
  t.equal(a.port.frames.length, before, 'not into its words');
  await run(1900);
  t.equal(a.port.frames.length, before, 'nor before a successor is master');
  await run(200);
  t.equal(a.port.frames.length, before + 5, 'five gratuitous ARPs: neighbours know better again');
  await run(9000);
  const settledDown = a.port.frames.length;
  t.equal(settledDown, before + 10, 'and five more, as after any repair');
  for (let i = 0; i < 600; i++) {
    hub.neighbourSays(a.port, claim(STRANGER));
    await run(50);
  }
  t.ok(
    a.port.frames.length - settledDown <= 40,
    `${a.port.frames.length - settledDown} frames for 600 in half a minute`,
  );
  await a.router.stop();
  t.equal(hub.clock.pending, 0);
});

t.test('IPv6 asks by neighbour solicitation and hears neighbour advertisements', async (t) => {
  const { hub, a, run } = await started(
    instance(150, { addresses: '10.77.0.50/24', lines: 'virtual_ipaddress_excluded { 2001:db8::50/64 }' }),
  );
  await run(8000);
  t.equal(a.role, 'master');
  const said = unsolicitedAdvertisement('2001:db8::50', STRANGER, { router: false }).subarray(ETHERNET + 40);
  hub.neighbourSays(a.port, said, 64);
  t.same(inUse(a), [], 'not from this link');
  hub.neighbourSays(a.port, said, 255);
  t.match(inUse(a), [{ address: '2001:db8::50', mac: '02:00:00:00:00:99' }]);
  t.ok(a.port.questions.some((frame) => frame[12] === 0x86 && frame[54] === 135));
});

t.test('who is not there any more asks and hears nothing', async (t) => {
  const { hub, a, run } = await started();
  await run(5000);
  await a.follow('');
  const before = probesOf(a);
  await run(10_000);
  t.equal(probesOf(a), before);
  hub.neighbourSays(a.port, claim(STRANGER));
  t.same(inUse(a), []);
  await a.router.stop();
  t.equal(hub.clock.pending, 0);
});
