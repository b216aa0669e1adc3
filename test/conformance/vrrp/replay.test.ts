/**
 * Each advert in each capture is heard by a router of ours that is set up like its sender: it is accepted, says what the sender's file says,
 * and the same fields make the same bytes again, signatures included.
 */
import assert from 'node:assert/strict';
import t from 'tap';
import { familyOf } from '../../../src/model/address.js';
import { gratuitousArp, unsolicitedAdvertisement } from '../../../src/vrrp/announce.js';
import { HEADER_BYTES, signHeader } from '../../../src/vrrp/ah.js';
import { sequenceAt, TRAILER_BYTES } from '../../../src/vrrp/hmac.js';
import { type AcceptedAdvert, type ReceiveSettings, judge } from '../../../src/vrrp/receive.js';
import { GROUP4, GROUP6 } from '../../../src/vrrp/rfc.js';
import { type SendSettings, compose } from '../../../src/vrrp/send.js';
import { type WireMemory, nothingHeard } from '../../../src/vrrp/wire-memory.js';
import { type CapturedAdvert, advertsOf, captureNames, framesOf } from './captures.js';
import { type Setup, setupsOf } from './setups.js';

const routerOf: ReadonlyMap<string, Setup['router']> = new Map([
  ['10.77.0.1', 'r1'],
  ['10.77.0.2', 'r2'],
]);

/** Link-local sources say nothing: there the priority tells the routers apart. */
function senderOf(setups: readonly Setup[], { heard }: CapturedAdvert): Setup | undefined {
  const at = heard.ipHeader[9] === 51 ? 24 : 0;
  const [first, vrid, priority] = heard.payload.subarray(at);
  const router = routerOf.get(heard.source);
  return setups.find(
    (setup) =>
      setup.version === first! >> 4 &&
      setup.vrid === vrid &&
      setup.priorities.includes(priority!) &&
      familyOf(setup.addresses[0] ?? '') === familyOf(heard.source) &&
      (router === undefined || router === setup.router),
  );
}

const receiverLike = (setup: Setup, source: string): ReceiveSettings => ({
  ...setup,
  family: familyOf(source),
  ownSources: [],
  checksums: [setup.form],
  senders: setup.unicast
    ? { by: 'unicast', peers: [{ address: source, leastTtl: 0, mostTtl: 255 }], peersOnly: true }
    : { by: 'multicast', group: familyOf(source) === 'ip4' ? GROUP4 : GROUP6 },
  ignoresAll: false,
});

/** As if we had sent this one: what the sender's counters and clock were is read from the packet. */
function sameAgain(setup: Setup, { heard }: CapturedAdvert, { priority }: AcceptedAdvert): Uint8Array | undefined {
  const { ipHeader, payload, source, destination, ttl } = heard;
  const bytes = Buffer.from(payload);
  const trailer = setup.hmac === undefined ? undefined : bytes.readBigUInt64BE(bytes.length - TRAILER_BYTES + 4);
  const settings: SendSettings = {
    ...setup,
    family: familyOf(source),
    source,
    destination,
    ttl,
    checksum: { form: setup.form, follows: false },
  };
  const memory: WireMemory = {
    ...nothingHeard,
    headerSequence: setup.authentication.by === 'header' ? bytes.readUInt32BE(8) - 1 : 0,
    trailerSequence: trailer === undefined ? undefined : trailer - 1n,
  };
  const wallMs = trailer === undefined ? 0 : Number(trailer >> 32n) * 1000; // not after the sequence, so that it is one more
  const composed = compose(settings, memory, { priority, wallMs });
  if (composed === undefined || setup.authentication.by !== 'header') return composed?.message;
  // keepalived counts its packets in the identification, where we repeat the sequence: only that is taken from the packet.
  const ip = { ...settings, identification: (ipHeader[4]! << 8) | ipHeader[5]! };
  const message = composed.message.subarray(HEADER_BYTES);
  return signHeader(setup.authentication.key, ip, message, memory.headerSequence + 1);
}

const SECOND = 1n << 32n;

function replay(capture: string): number {
  const setups = setupsOf(capture);
  const adverts = advertsOf(capture);
  const memories = new Map<string, WireMemory>();
  for (const [i, advert] of adverts.entries()) {
    const { heard, wallMs } = advert;
    const name = `advert ${i + 1} from ${heard.source}`;
    const setup = senderOf(setups, advert);
    assert(setup, `${name}: no file says so`);
    const receiver = `${heard.source} ${setup.vrid}`;
    const judged = judge(receiverLike(setup, heard.source), memories.get(receiver) ?? nothingHeard, heard, wallMs);
    assert('accepted' in judged, `${name}: ${'refused' in judged ? judged.refused : ''}`);
    memories.set(receiver, judged.memory);
    const { accepted } = judged;
    assert.deepEqual(accepted.remarks, [], name);
    assert.deepEqual(accepted.addresses, setup.addresses, name);
    assert.equal(accepted.intervalMs, setup.intervalMs, name);
    const { length } = setup.unicast && heard.ipHeader.length > 0 ? sent(heard) : heard.payload;
    assert.deepEqual(
      Buffer.from(sameAgain(setup, advert, accepted) ?? []),
      Buffer.from(heard.payload.subarray(0, length)),
      name,
    );
    if (setup.hmac !== undefined) {
      const [sequence] = judged.memory.senders.map((sender) => sender.sequence);
      const late = sequenceAt(wallMs) - sequence!;
      assert(late >= 0n && late < SECOND, `${name}: sent ${late} parts of a second before it was captured`);
    }
  }
  return adverts.length;
}

const sent = ({ ipHeader }: CapturedAdvert['heard']): { readonly length: number } => ({
  length: ((ipHeader[2]! << 8) | ipHeader[3]!) - ipHeader.length,
});

const recorded = captureNames.filter((name) => setupsOf(name).length > 0);
for (const capture of recorded) {
  t.test(capture, (t) => {
    t.ok(replay(capture) > 0, 'it has adverts');
    t.end();
  });
}

t.test('nothing was left out', (t) => {
  t.ok(recorded.length >= 90, `${recorded.length} captures with the files of both routers`);
  t.strictSame(
    captureNames.filter((name) => !recorded.includes(name)).filter((name) => !name.startsWith('robust-')),
    [],
    'only the hostile ones have none: robust.test.ts has these',
  );
  t.end();
});

const isGratuitous = (frame: Buffer): boolean =>
  frame.readUInt16BE(12) === 0x0806 &&
  frame.readUIntBE(0, 6) === 0xffffffffffff &&
  frame.subarray(28, 32).equals(frame.subarray(38, 42));
const isUnsolicited = (frame: Buffer): boolean =>
  frame.readUInt16BE(12) === 0x86dd &&
  frame[20] === 58 &&
  frame[54] === 136 &&
  frame.readUIntBE(0, 6) === 0x333300000001;

t.test('announcements are those of keepalived and FRR', (t) => {
  const found = { arp: 0, advertisement: 0 };
  for (const capture of recorded) {
    for (const { bytes } of framesOf(capture)) {
      const frame = Buffer.from(bytes);
      const mac = frame.subarray(6, 12);
      if (isGratuitous(frame)) {
        found.arp++;
        assert.deepEqual(Buffer.from(gratuitousArp([...frame.subarray(28, 32)].join('.'), mac)), frame, capture);
      } else if (isUnsolicited(frame)) {
        found.advertisement++;
        const address = frame
          .subarray(62, 78)
          .toString('hex')
          .replace(/(....)(?=.)/g, '$1:');
        const router = (frame[58]! & 0x80) !== 0;
        assert.deepEqual(Buffer.from(unsolicitedAdvertisement(address, mac, { router })), frame, capture);
      }
    }
  }
  t.ok(
    found.arp > 1000 && found.advertisement > 400,
    `${found.arp} ARP, ${found.advertisement} neighbour advertisements`,
  );
  t.end();
});
