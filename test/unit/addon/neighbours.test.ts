/** Who says whose an address is, from one end of a cable to the other. */
import '../../helpers/own-machine.js';
import { execFileSync } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import { openAdvertPort } from '../../../src/addon/advert-port.js';
import { addressSolicitation, arpProbe, gratuitousArp, unsolicitedAdvertisement } from '../../../src/vrrp/announce.js';
import { type Claim, claimOf } from '../../../src/vrrp/claims.js';

const PATIENCE_MS = 30_000;
const MAC = Uint8Array.of(2, 0, 0, 0, 0, 9);
const SAID_BY = { mac: '02:00:00:00:00:09' };

for (const [one, other] of [
  ['lv0', 'lv1'],
  ['lv2', 'lv3'],
]) {
  execFileSync('ip', ['link', 'add', one!, 'up', 'type', 'veth', 'peer', 'name', other!]);
  execFileSync('ip', ['link', 'set', other!, 'up']);
}
const links = JSON.parse(execFileSync('ip', ['-json', 'link', 'show'], { encoding: 'utf8' })) as {
  readonly ifname: string;
  readonly ifindex: number;
}[];
const indexOf = (name: string): number => links.find(({ ifname }) => ifname === name)!.ifindex;

const port = openAdvertPort({ realtimePriority: 0, lockMemory: false });
t.teardown(() => port.close());

async function until(what: string, is: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!is()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await turn();
  }
}

/** What is said on a cable becomes what is heard at its other end, and the last word is heard last: between two of them all has been heard. */
async function heardOf(
  family: 'ip4' | 'ip6',
  frames: readonly Uint8Array[],
  last: Uint8Array,
): Promise<readonly Claim[]> {
  const heard: Claim[] = [];
  const close = port.hearNeighbours('lv1', family, (message, hopLimit) => {
    const claim = claimOf(family, message, hopLimit);
    if (claim !== undefined) heard.push(claim);
  });
  const isLast = ({ address }: Claim): boolean => address === '10.77.0.99' || address === '2001:db8::99';
  // the link may still be coming up
  await until('the last word', () => {
    for (const frame of [...frames, last]) port.sendFrame(indexOf('lv0'), frame);
    return heard.filter(isLast).length >= 2;
  });
  close();
  return heard.slice(heard.findIndex(isLast), heard.findLastIndex(isLast)).filter((one) => !isLast(one));
}

/** A copy with one byte changed. */
const changed = (frame: Uint8Array, at: number, byte: number): Uint8Array => {
  const copy = Uint8Array.from(frame);
  copy[at] = byte;
  return copy;
};

t.test('ARP: gratuitous requests and answers, and not what others ask each other', async (t) => {
  const gratuitous = gratuitousArp('10.77.0.50', MAC);
  const answer = changed(changed(gratuitous, 21, 2), 41, 1);
  const question = changed(gratuitous, 41, 1);
  const heard = await heardOf(
    'ip4',
    [question, arpProbe('10.77.0.50', MAC), gratuitous, answer],
    gratuitousArp('10.77.0.99', MAC),
  );
  t.ok(heard.length >= 2);
  for (const claim of heard) t.same(claim, { address: '10.77.0.50', ...SAID_BY });
  t.equal(heard.length % 2, 0, 'both, each time');
});

t.test('IPv6: unsolicited advertisements, and neither answers to others nor questions', async (t) => {
  const said = unsolicitedAdvertisement('2001:db8::50', MAC, { router: false });
  const FLAGS = 58;
  const solicited = changed(unsolicitedAdvertisement('2001:db8::51', MAC, { router: false }), FLAGS, 0x60);
  const last = unsolicitedAdvertisement('2001:db8::99', MAC, { router: false });
  const heard = await heardOf('ip6', [solicited, addressSolicitation('2001:db8::52', MAC), said], last);
  t.ok(heard.length >= 1);
  for (const claim of heard) t.same(claim, { address: '2001:db8::50', ...SAID_BY });
});

t.test('only on the interface that was named, and nothing after the end', async (t) => {
  const heard: number[] = [];
  const close = port.hearNeighbours('lv3', 'ip4', () => heard.push(3));
  const stop = port.hearNeighbours('lv1', 'ip4', () => heard.push(1));
  await until('a word', () => {
    port.sendFrame(indexOf('lv0'), gratuitousArp('10.77.0.50', MAC));
    return heard.includes(1);
  });
  t.notOk(heard.includes(3));
  stop();
  const { length } = heard;
  port.sendFrame(indexOf('lv0'), gratuitousArp('10.77.0.50', MAC));
  await until('a word of the other one', () => {
    port.sendFrame(indexOf('lv2'), gratuitousArp('10.77.0.50', MAC));
    return heard.includes(3);
  });
  t.equal(heard.slice(length).includes(1), false);
  close();
  t.throws(() => port.hearNeighbours('nosuch0', 'ip4', () => undefined), { code: 'ENODEV' });
  t.throws(() => port.hearNeighbours('nosuch0', 'ip6', () => undefined), { code: 'ENODEV' });
});
