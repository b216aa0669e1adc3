/**
 * The hostile adverts that were thrown at keepalived 2.2.7 and 2.4.3 and at FRR 10.7.1, in the order in which they were recorded, each with what
 * we make of it. The target is 10.77.0.1, VRID 51, 1 s, 10.77.0.50.
 */
import assert from 'node:assert/strict';
import t from 'tap';
import { passwordBytes } from '../../../src/vrrp/advert.js';
import { type ReceiveSettings, judge } from '../../../src/vrrp/receive.js';
import { GROUP4 } from '../../../src/vrrp/rfc.js';
import { nothingHeard } from '../../../src/vrrp/wire-memory.js';
import { advertsOf } from './captures.js';

/** 'ok', with what is remarked; or the reason of the refusal. */
type Row = readonly [packet: string, v3: string, v2?: string];

const both: readonly Row[] = [
  ['lower priority', 'ok'],
  ['higher priority 200', 'ok'],
  ['priority 254', 'ok'],
  ['priority 255 from one that is no owner', 'ok'],
  ['priority 0 from a third party', 'ok'],
  ['wrong checksum', 'checksum'],
  ['checksum field zero', 'checksum'],
  ['TTL 254', 'hop-limit'],
  ['TTL 1', 'hop-limit'],
  ['VRID 52', 'vrid'],
  ['VRID 0', 'vrid'],
  ['packet type 2', 'type'],
  ['version 4', 'version'],
  ['version 0', 'version'],
  ['4 bytes', 'truncated'],
  ['7 bytes', 'truncated'],
  ['header only, one address counted', 'truncated'],
  ['empty payload', 'truncated'],
  ['no addresses', 'no-addresses', 'ok addresses'],
  ['20 addresses counted, one there', 'truncated'],
  ['none counted, one there', 'length'],
  ['20 addresses', 'ok addresses'],
  ['255 addresses', 'ok addresses'],
  ['4 bytes behind', 'length'],
  ['300 bytes behind', 'length'],
  ['other address, priority 200', 'ok addresses'],
  ['other address, priority 90', 'ok addresses'],
  ['the address twice', 'ok addresses'],
  ["source is the target's own, same priority", 'own-address'],
  ["source is the target's own, priority 200", 'own-address'],
  ['source is the virtual address', 'ok'],
  ['source 0.0.0.0', 'source'],
  ['source off the subnet', 'ok'],
  ['source 127.0.0.1', 'source'],
  ['unicast to the target', 'destination'],
  ['multicast address in a unicast frame', 'ok'],
  ['to 255.255.255.255', 'destination'],
  ['same priority, higher address', 'ok'],
  ['same priority, lower address', 'ok'],
];

const onlyV3: readonly Row[] = [
  ['checksum without IPv4 pseudo header (RFC 9568)', 'ok'],
  ['version 2', 'version'],
  ['interval 0', 'interval-zero'],
  ['interval 1 cs', 'ok interval'],
  ['interval 4095 cs', 'ok interval'],
  ['reserved bits of the interval set', 'ok'],
];

/** The second column: an instance without a password; the third: with auth_pass s3cr3t12. */
const onlyV2: readonly Row[] = [
  ['version 3', 'version', 'version'],
  ['interval 2 s', 'interval', 'authentication-type'],
  ['interval 0', 'interval', 'authentication-type'],
  ['interval 255 s', 'interval', 'authentication-type'],
  ['wrong password', 'authentication-type', 'password'],
  ['right password', 'authentication-type', 'ok'],
  ['type 2 without the header', 'authentication-type', 'authentication-type'],
  ['type 99', 'authentication-type', 'authentication-type'],
  ['without the authentication field', 'truncated', 'truncated'],
];

const v3: ReceiveSettings = {
  family: 'ip4',
  version: 3,
  vrid: 51,
  intervalMs: 1000,
  addresses: ['10.77.0.50'],
  ownSources: ['10.77.0.1'],
  senders: { by: 'multicast', group: GROUP4 },
  authentication: { by: 'none' },
  hmac: undefined,
  checksums: ['pseudo', 'plain'],
  ignoresAll: false,
};
const v2: ReceiveSettings = { ...v3, version: 2 };
const withPassword: ReceiveSettings = {
  ...v2,
  authentication: { by: 'password', password: passwordBytes('s3cr3t12') },
};

const rowsV3 = [...both, ...onlyV3].map(([packet, outcome]) => [packet, outcome] as const);
const rowsV2 = [
  ...both.map(([packet, outcome, ofV2 = outcome]) => [packet, ofV2] as const),
  ...onlyV2.map(([packet, outcome]) => [packet, outcome] as const),
];
/** Authentication is looked at behind form, sender, TTL and version, and before all else. */
const before = new Set(['hop-limit', 'vrid', 'type', 'version', 'truncated', 'length', 'own-address', 'source']);
const rowsWithPassword = [
  ...both.map(([packet, outcome]) => [packet, before.has(outcome) ? outcome : 'authentication-type'] as const),
  ...onlyV2.map(([packet, , outcome = '']) => [packet, outcome] as const),
];

/** The one that sent them, in each capture. */
const HOSTILE = '020077000099';

const captures: readonly [capture: string, settings: ReceiveSettings, rows: readonly (readonly [string, string])[]][] =
  [
    ['robust-ka-backup-2.4.3', v3, rowsV3],
    ['robust-ka-master-2.2.7', v3, rowsV3],
    ['robust-ka-master-2.4.3', v3, rowsV3],
    ['robust-frr-master-10.7.1', v3, rowsV3],
    ['robust-ka-backup-v2-2.2.7', v2, rowsV2],
    ['robust-ka-master-v2-pass-2.2.7', v2, rowsV2],
    ['robust-ka-master-v2-pass-2.2.7', withPassword, rowsWithPassword],
  ];

for (const [capture, settings, rows] of captures) {
  t.test(`${capture}, heard with authentication ${settings.authentication.by}`, (t) => {
    const packets = advertsOf(capture).filter(({ mac }) => mac === HOSTILE);
    assert.equal(packets.length, rows.length);
    rows.forEach(([packet, outcome], i) => {
      const { heard, wallMs } = packets[i]!;
      const judged = judge(settings, nothingHeard, heard, wallMs);
      const got = 'refused' in judged ? judged.refused : ['ok', ...judged.accepted.remarks].join(' ');
      t.equal(got, outcome, packet);
      if ('refused' in judged) t.equal(judged.memory, nothingHeard, `${packet}: nothing is remembered`);
    });
    t.end();
  });
}

t.test(
  'the checksum of RFC 9568 is refused where only the other one is configured, and the reason says which it was',
  (t) => {
    const packet = advertsOf('robust-ka-master-2.4.3').filter(({ mac }) => mac === HOSTILE)[both.length]!;
    const judged = judge({ ...v3, checksums: ['pseudo'] }, nothingHeard, packet.heard, packet.wallMs);
    t.match(judged, { refused: 'checksum', detail: "it is 'plain'" });
    t.end();
  },
);
