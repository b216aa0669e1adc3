/** Which adverts count: each rule with the packet that breaks it. */
import t from 'tap';
import { type Advert, encodeAdvert, passwordBytes } from '../../../src/vrrp/advert.js';
import { signHeader } from '../../../src/vrrp/ah.js';
import { type HmacSettings, sequenceAt, signTrailer } from '../../../src/vrrp/hmac.js';
import type { HeardAdvert } from '../../../src/vrrp/ports.js';
import { type Judgement, type ReceiveSettings, judge } from '../../../src/vrrp/receive.js';
import { refusals } from '../../../src/vrrp/refusals.js';
import { GROUP4, GROUP6 } from '../../../src/vrrp/rfc.js';
import { compose } from '../../../src/vrrp/send.js';
import { type WireMemory, nothingHeard } from '../../../src/vrrp/wire-memory.js';
import { bytesOf, heard, receiver, receiver6, sender, sender6 } from './packets.js';

const NOW = 1_800_000_000_000;
const outcome = (judged: Judgement): string =>
  'refused' in judged ? judged.refused : ['ok', ...judged.accepted.remarks].join(' ');
const judged = (settings: ReceiveSettings, packet: HeardAdvert, memory = nothingHeard): Judgement =>
  judge(settings, memory, packet, NOW);

const v3: Advert = {
  version: 3,
  vrid: 51,
  priority: 200,
  intervalMs: 1000,
  addresses: ['192.0.2.50'],
  authentication: undefined,
};
const none = { type: 0, data: new Uint8Array(8) };
const v2: Advert = { ...v3, version: 2, authentication: none };
const multicast = { source: '192.0.2.2', destination: GROUP4 };
const good = encodeAdvert(v3, multicast, 'pseudo');

t.test('an advert is what it was, with where it came from', (t) => {
  t.same(judged(receiver, heard(good)), {
    accepted: { ...v3, source: '192.0.2.2', remarks: [] },
    memory: { ...nothingHeard, form: 'pseudo' },
  });
  t.end();
});

const v2Receiver: ReceiveSettings = { ...receiver, version: 2 };
const password: ReceiveSettings = {
  ...v2Receiver,
  authentication: { by: 'password', password: passwordBytes('secret') },
};
const withPassword = (text: string): Uint8Array =>
  encodeAdvert({ ...v2, authentication: { type: 1, data: passwordBytes(text) } }, multicast, 'plain');

const peer = { address: '192.0.2.2', leastTtl: 255, mostTtl: 255 };
const unicast: ReceiveSettings = { ...receiver, senders: { by: 'unicast', peers: [peer], peersOnly: true } };
const direct = { source: '192.0.2.2', destination: '192.0.2.1' };
const fromPeer = encodeAdvert(v3, direct, 'pseudo');
const routed: ReceiveSettings = {
  ...unicast,
  senders: { by: 'unicast', peers: [{ ...peer, leastTtl: 250, mostTtl: 253 }], peersOnly: true },
};
const anybody: ReceiveSettings = { ...unicast, senders: { by: 'unicast', peers: [peer], peersOnly: false } };
const stranger = { source: '192.0.2.3', destination: '192.0.2.1' };
const fromStranger = heard(encodeAdvert(v3, stranger, 'pseudo'), { ...stranger, ttl: 60 });

const six = (change: Partial<Advert>, link = { source: 'fe80::2', destination: GROUP6 }): Uint8Array =>
  encodeAdvert({ ...v3, addresses: receiver6.addresses, ...change }, link, 'pseudo');
const heard6 = (payload: Uint8Array, packet = {}): HeardAdvert => heard(payload, { source: 'fe80::2', ...packet });
const spoilt = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 6 ? byte ^ 0x55 : byte));

t.test('what is refused is not remembered, and says what differs', (t) => {
  const memory: WireMemory = { ...nothingHeard, form: 'plain' };
  const packet = heard(encodeAdvert(v2, multicast, 'plain'));
  t.same(judged(receiver, packet, memory), { refused: 'version', detail: 'version 2, ours is 3', memory });
  t.match(judged({ ...receiver, version: 2, intervalMs: 2000 }, packet), {
    refused: 'interval',
    detail: '1000 ms, ours is 2000 ms',
  });
  t.match(judged(receiver, heard(good, { ttl: 254 })), { refused: 'hop-limit', detail: '254' });
  t.match(judged(unicast, fromStranger), { refused: 'stranger', detail: '192.0.2.3' });
  t.match(judged(receiver, heard(fromPeer, direct)), { refused: 'destination', detail: '192.0.2.1' });
  t.match(judged(receiver, heard(spoilt(good))), { refused: 'checksum', detail: undefined });
  const onlyPseudo: ReceiveSettings = { ...receiver, checksums: ['pseudo'] };
  const plain = heard(encodeAdvert(v3, multicast, 'plain'));
  t.match(judged(onlyPseudo, plain), { refused: 'checksum', detail: "it is 'plain'" });
  t.end();
});

const rows: readonly [what: string, judged: Judgement, outcome: string][] = [
  ['version 2', judged(v2Receiver, heard(encodeAdvert(v2, multicast, 'plain'))), 'ok'],
  [
    'RFC 3768 §5.3.7 another interval',
    judged({ ...v2Receiver, intervalMs: 3000 }, heard(encodeAdvert(v2, multicast, 'plain'))),
    'interval',
  ],
  [
    'interval 0 in version 2',
    judged(v2Receiver, heard(encodeAdvert({ ...v2, intervalMs: 0 }, multicast, 'plain'))),
    'interval',
  ],
  [
    'interval 0 on both sides',
    judged({ ...receiver, intervalMs: 0 }, heard(encodeAdvert({ ...v3, intervalMs: 0 }, multicast, 'plain'))),
    'interval-zero',
  ],
  ['another interval in version 3', judged({ ...receiver, intervalMs: 100 }, heard(good)), 'ok interval'],
  ['the password', judged(password, heard(withPassword('secret'))), 'ok'],
  ['another password', judged(password, heard(withPassword('secres'))), 'password'],
  ['no password', judged(password, heard(encodeAdvert(v2, multicast, 'plain'))), 'authentication-type'],
  ['a password nobody asked for', judged(v2Receiver, heard(withPassword('secret'))), 'authentication-type'],
  ['version 3 while we speak 2', judged(v2Receiver, heard(good)), 'version'],
  ['our own advert', judged({ ...receiver, ownSources: ['192.0.2.9', '192.0.2.2'] }, heard(good)), 'own-address'],
  ['a broadcast source', judged(receiver, heard(good, { source: '255.255.255.255' })), 'source'],
  ['a multicast source', judged(receiver, heard(good, { source: '224.0.0.18' })), 'source'],
  [
    'source 10.0.0.1',
    judged(receiver, heard(encodeAdvert(v3, { ...multicast, source: '10.0.0.1' }, 'pseudo'), { source: '10.0.0.1' })),
    'ok',
  ],
  [
    'filling behind the IP packet',
    judged(receiver, { ...heard(good), payload: Uint8Array.of(...good, ...new Uint8Array(14)) }),
    'ok',
  ],
  ['less than the IP header says', judged(receiver, { ...heard(good), payload: good.subarray(0, 11) }), 'truncated'],
  ['an IP header that is cut', judged(receiver, { ...heard(good), ipHeader: bytesOf('4500') }), 'truncated'],
  [
    'an IP packet shorter than its header',
    judged(receiver, { ...heard(good), ipHeader: heard(good).ipHeader.fill(0, 2, 4) }),
    'truncated',
  ],
  ['bytes that belong to nothing', judged(receiver, heard(Uint8Array.of(...good, 0, 0))), 'length'],
  [
    'RFC 9568 §5.2.5 no address',
    judged(receiver, heard(encodeAdvert({ ...v3, addresses: [] }, multicast, 'pseudo'))),
    'no-addresses',
  ],
  [
    'no address on either side',
    judged({ ...receiver, addresses: [] }, heard(encodeAdvert({ ...v3, addresses: [] }, multicast, 'pseudo'))),
    'ok',
  ],
  [
    'addresses in another order',
    judged(
      { ...receiver, addresses: ['192.0.2.51', '192.0.2.50'] },
      heard(encodeAdvert({ ...v3, addresses: ['192.0.2.50', '192.0.2.51'] }, multicast, 'pseudo')),
    ),
    'ok',
  ],
  [
    'one address more than ours',
    judged(receiver, heard(encodeAdvert({ ...v3, addresses: ['192.0.2.50', '192.0.2.51'] }, multicast, 'pseudo'))),
    'ok addresses',
  ],
  [
    '255 addresses',
    judged(
      receiver,
      heard(encodeAdvert({ ...v3, addresses: new Array<string>(255).fill('192.0.2.50') }, multicast, 'pseudo')),
    ),
    'ok addresses',
  ],
  ['owner_ignore_adverts', judged({ ...receiver, ignoresAll: true }, heard(good)), 'owner-ignores'],
  [
    'another group',
    judged({ ...receiver, senders: { by: 'multicast', group: '224.0.0.19' } }, heard(good)),
    'destination',
  ],
  ['a peer', judged(unicast, heard(fromPeer, direct)), 'ok'],
  ['a peer behind a router', judged(unicast, heard(fromPeer, { ...direct, ttl: 254 })), 'hop-limit'],
  ['a peer that may be behind routers', judged(routed, heard(fromPeer, { ...direct, ttl: 250 })), 'ok'],
  ['a peer behind too many', judged(routed, heard(fromPeer, { ...direct, ttl: 249 })), 'hop-limit'],
  ['a peer that is nearer than it should be', judged(routed, heard(fromPeer, { ...direct, ttl: 255 })), 'hop-limit'],
  ['a stranger', judged(unicast, fromStranger), 'stranger'],
  ['a stranger where anybody may', judged(anybody, fromStranger), 'ok'],
  ['multicast where unicast is spoken', judged(unicast, heard(good)), 'destination'],
  ['unicast where multicast is spoken', judged(receiver, heard(fromPeer, direct)), 'destination'],
  ['keepalived 1.3.6 to a peer', judged(unicast, heard(encodeAdvert(v3, direct, 'old-unicast'), direct)), 'ok'],
  [
    '… where that is turned off',
    judged({ ...unicast, checksums: ['pseudo', 'plain'] }, heard(encodeAdvert(v3, direct, 'old-unicast'), direct)),
    'checksum',
  ],
  ['IPv6', judged(receiver6, heard6(six({}))), 'ok'],
  ['IPv6, lower priority', judged(receiver6, heard6(six({ priority: 90 }))), 'ok'],
  ['IPv6, priority 0', judged(receiver6, heard6(six({ priority: 0 }))), 'ok'],
  ['IPv6, hop limit 254', judged(receiver6, heard6(six({}), { ttl: 254 })), 'hop-limit'],
  ['IPv6, hop limit 1', judged(receiver6, heard6(six({}), { ttl: 1 })), 'hop-limit'],
  ['IPv6, wrong checksum', judged(receiver6, heard6(spoilt(six({})))), 'checksum'],
  ['IPv6, checksum without pseudo header', judged(receiver6, heard6(withPlainSum(six({})))), 'checksum'],
  [
    'IPv6, global source',
    judged(receiver6, heard6(six({}, { source: '2001:db8::9', destination: GROUP6 }), { source: '2001:db8::9' })),
    'ok',
  ],
  [
    'IPv6, source ::',
    judged(receiver6, heard6(six({}, { source: '::', destination: GROUP6 }), { source: '::' })),
    'source',
  ],
  ['IPv6, no link-local address', judged(receiver6, heard6(six({ addresses: ['2001:db8::50'] }))), 'ok addresses'],
  ['IPv6, order swapped', judged(receiver6, heard6(six({ addresses: [...receiver6.addresses].reverse() }))), 'ok'],
  ['IPv6, two addresses counted, one there', judged(receiver6, heard6(six({}).subarray(0, 24))), 'truncated'],
  [
    'IPv6, unicast',
    judged(receiver6, heard6(six({}, { source: 'fe80::2', destination: 'fe80::1' }), { destination: 'fe80::1' })),
    'destination',
  ],
  [
    'IPv6, all nodes',
    judged(receiver6, heard6(six({}, { source: 'fe80::2', destination: 'ff02::1' }), { destination: 'ff02::1' })),
    'destination',
  ],
  ['IPv6, version 2', judged(receiver6, heard6(six({}).map((byte, i) => (i === 0 ? 0x21 : byte)))), 'version'],
  [
    'IPv6, our own',
    judged(receiver6, heard6(six({}, { source: 'fe80::1', destination: GROUP6 }), { source: 'fe80::1' })),
    'own-address',
  ],
];
for (const [what, result, wanted] of rows) {
  t.test(what, (t) => {
    t.equal(outcome(result), wanted);
    if ('refused' in result) t.equal(result.memory, nothingHeard);
    t.end();
  });
}

function withPlainSum(bytes: Uint8Array): Uint8Array {
  const without = bytes.slice().fill(0, 6, 8);
  let sum = 0;
  for (let i = 0; i < without.length; i += 2) sum += (without[i]! << 8) | without[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  without.set([(~sum >> 8) & 0xff, ~sum & 0xff], 6);
  return without;
}

t.test('the checksum of the one heard last is remembered, and we answer in it', (t) => {
  const first = judged(receiver, heard(encodeAdvert(v3, multicast, 'plain')));
  t.equal(first.memory.form, 'plain');
  const answer = compose(sender, first.memory, { priority: 100, wallMs: NOW });
  t.same(answer?.message, encodeAdvert({ ...v3, priority: 100 }, multicast, 'plain'));
  const fixed = compose({ ...sender, checksum: { form: 'pseudo', follows: false } }, first.memory, {
    priority: 100,
    wallMs: NOW,
  });
  t.same(fixed?.message, encodeAdvert({ ...v3, priority: 100 }, multicast, 'pseudo'));
  t.equal(judged(receiver, heard(good), first.memory).memory.form, 'pseudo', 'the next one counts');
  const mute = judged(receiver, heard(spoilt(good)), first.memory);
  t.equal(mute.memory.form, 'plain', 'a wrong one does not');
  t.end();
});

const header: ReceiveSettings = { ...v2Receiver, authentication: { by: 'header', key: passwordBytes('secret') } };
const behind = encodeAdvert({ ...v2, authentication: { ...none, type: 2 } }, multicast, 'plain');
const ip = { ...multicast, identification: 7, ttl: 255, unicast: false };
const signed = (sequence: number, message = behind): HeardAdvert =>
  heard(signHeader(passwordBytes('secret'), ip, message, sequence), { protocol: 51, identification: 7 });

t.test('the authentication header: there or not, good or not, and its number grows', (t) => {
  const at = (headerSequence: number): WireMemory => ({ ...nothingHeard, headerSequence });
  t.same(judged(header, signed(5)).memory.headerSequence, 5);
  t.equal(outcome(judged(header, signed(5), at(4))), 'ok');
  t.equal(outcome(judged(header, signed(5), at(5))), 'ah-replay');
  t.equal(outcome(judged(header, signed(5), at(6))), 'ah-replay');
  t.equal(outcome(judged(header, heard(behind))), 'ah-missing');
  t.equal(outcome(judged(v2Receiver, signed(5))), 'ah-unexpected');
  t.equal(outcome(judged(receiver, signed(5))), 'ah-unexpected');
  t.equal(outcome(judged(header, heard(new Uint8Array(20), { protocol: 51 }))), 'truncated');
  const other = { by: 'header', key: passwordBytes('other') } as const;
  t.equal(outcome(judged({ ...header, authentication: other }, signed(5))), 'ah-mismatch');
  const plain = encodeAdvert(v2, multicast, 'plain');
  t.equal(outcome(judged(header, signed(5, plain))), 'authentication-type', 'the advert has to say it, too');
  t.end();
});

const keys = new Map([[1, new Uint8Array(32).fill(7)]]);
const enforce: HmacSettings = { keys, activeKey: 1, windowMs: 5000, mode: 'enforce' };
const hmacOf = (mode: HmacSettings['mode']): ReceiveSettings => ({ ...receiver, hmac: { ...enforce, mode } });
const sealed = (wallMs: number, source = '192.0.2.2', form: 'pseudo' | 'plain' = 'pseudo'): HeardAdvert => {
  const bound = { version: 3, vrid: 51, source } as const;
  const bytes = encodeAdvert(v3, { source, destination: GROUP4 }, form, (message) =>
    signTrailer(enforce, bound, message, sequenceAt(wallMs)),
  );
  return heard(bytes, { source });
};

t.test('auth_hmac in its three modes', (t) => {
  for (const mode of ['enforce', 'permissive', 'receive-only'] as const) {
    t.equal(outcome(judged(hmacOf(mode), sealed(NOW))), 'ok', `${mode}, signed`);
    t.equal(outcome(judged(hmacOf(mode), heard(good))), mode === 'enforce' ? 'hmac-missing' : 'ok unsigned', mode);
    t.equal(outcome(judged(hmacOf(mode), sealed(NOW - 7000))), 'hmac-stale', `${mode}, old`);
  }
  t.equal(outcome(judged(receiver, sealed(NOW))), 'hmac-unexpected', 'the sender signs, and we have no key');
  t.end();
});

t.test('a signed advert counts once, and after one that came later not at all', (t) => {
  const { memory } = judged(hmacOf('enforce'), sealed(NOW));
  t.equal(outcome(judged(hmacOf('enforce'), sealed(NOW), memory)), 'hmac-replay');
  t.equal(outcome(judged(hmacOf('enforce'), sealed(NOW - 1), memory)), 'hmac-replay');
  t.equal(outcome(judged(hmacOf('enforce'), sealed(NOW + 1), memory)), 'ok');
  t.equal(outcome(judged(hmacOf('enforce'), sealed(NOW, '192.0.2.3'), memory)), 'ok', 'each sender by itself');
  t.equal(outcome(judged({ ...hmacOf('enforce'), checksums: ['plain'] }, sealed(NOW + 1), memory)), 'checksum');
  t.end();
});

t.test('four senders are remembered by multicast, all peers by unicast', (t) => {
  const sources = ['2', '3', '4', '5', '6', '7'].map((last) => `192.0.2.${last}`);
  const peers = sources.map((address) => ({ ...peer, address }));
  const settings: ReceiveSettings = { ...hmacOf('enforce'), senders: { by: 'unicast', peers, peersOnly: true } };
  const toUs = (source: string): HeardAdvert => ({ ...sealed(NOW, source, 'plain'), destination: '192.0.2.1' });
  const byUnicast = sources.reduce((memory, source) => judged(settings, toUs(source), memory).memory, nothingHeard);
  t.strictSame(
    byUnicast.senders.map(({ source }) => source),
    sources,
  );
  const byMulticast = sources.reduce(
    (memory, source) => judged(hmacOf('enforce'), sealed(NOW, source), memory).memory,
    nothingHeard,
  );
  t.strictSame(
    byMulticast.senders.map(({ source }) => source),
    sources.slice(2),
  );
  t.end();
});

t.test('each bit of a signed advert: one flip, and it is refused', (t) => {
  const withHmac = { ...sender, hmac: enforce };
  const version2 = { ...sender, hmac: enforce, version: 2 } as const;
  const kinds: readonly [what: string, packet: HeardAdvert, settings: ReceiveSettings][] = [
    ['version 3', heard(compose(withHmac, nothingHeard, { priority: 9, wallMs: NOW })!.message), hmacOf('enforce')],
    [
      'version 2',
      heard(compose(version2, nothingHeard, { priority: 9, wallMs: NOW })!.message),
      { ...hmacOf('enforce'), version: 2 },
    ],
    [
      'IPv6',
      heard6(compose({ ...sender6, hmac: enforce }, nothingHeard, { priority: 9, wallMs: NOW })!.message),
      { ...receiver6, hmac: enforce },
    ],
    ['authentication header', signed(1), header],
  ];
  for (const [what, packet, settings] of kinds) {
    t.equal(outcome(judged(settings, packet)), 'ok', what);
    const survived: number[] = [];
    for (let bit = 0; bit < packet.payload.length * 8; bit++) {
      const payload = packet.payload.slice();
      payload[bit >> 3]! ^= 1 << (bit & 7);
      if (!('refused' in judged(settings, { ...packet, payload }))) survived.push(bit);
    }
    t.same(survived, [], `${what}: ${packet.payload.length * 8} flips`);
  }
  t.end();
});

t.test('each reason is a sentence', (t) => {
  for (const [reason, { sentence }] of Object.entries(refusals)) {
    t.match(reason, /^[a-z]+(-[a-z]+)*$/);
    t.match(sentence, /^[a-z].{14,}[^.]$/, reason);
  }
  t.end();
});
