/** A judge that cannot say no is none: each row is a product with one fault, and the case that must find it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { readCapture } from '../../../src/replay/pcap.js';
import { readCase } from './cases.js';
import type { Alter } from './driver.js';
import { fixHeaderSum, put16, readFrame } from './packets.js';
import { carriedFault } from './rules.js';
import { Site } from './site.js';
import { faultsOf } from './verdict.js';

const folder = fileURLToPath(new URL('../../../../test/conformance/vpp/cases/', import.meta.url));

const IP = 14;
const ip4 =
  (change: (packet: Uint8Array) => void): Alter =>
  (frame, port) => {
    if (port !== 'pg1') return frame;
    const copy = Uint8Array.from(frame);
    change(copy.subarray(IP));
    fixHeaderSum(copy.subarray(IP));
    return copy;
  };
const xor =
  (at: number, bits: number): Alter =>
  (frame) => {
    const copy = Uint8Array.from(frame);
    copy[IP + at]! ^= bits;
    return copy;
  };

/** The n-th frame of all is altered, the others are not. */
const only = (n: number, alter: Alter): Alter => {
  let count = 0;
  return (frame, port) => (count++ === n ? alter(frame, port) : frame);
};

const faulty: readonly (readonly [what: string, caseName: string, alter: () => Alter, complaint: RegExp])[] = [
  ['outer TTL below 64', 't_ip4_gre4', () => ip4((p) => (p[8] = 63)), /outer TTL 63/],
  ['DF set though the inner has none', 't_ip4_gre4', () => ip4((p) => (p[6] = 0x40)), /outer DF/],
  ['another source', 't_ip4_gre4', () => ip4((p) => (p[15] = 9)), /outer source/],
  ['a server that is none', 't_ip4_gre4', () => ip4((p) => (p[19] = 99)), /no server of the VIP/],
  ['outer checksum', 't_ip4_gre4', () => xor(10, 1), /outer checksum/],
  ['GRE flags', 't_ip4_gre4', () => xor(20, 0x80), /GRE flags/],
  ['GRE type', 't_ip4_gre4', () => xor(22, 1), /protocol type/],
  ['a byte of the inner packet', 't_ip4_gre4', () => only(3, xor(60, 4)), /inner packet changed/],
  ['inner TTL', 't_ip4_gre4', () => only(3, xor(32, 1)), /inner packet changed/],
  ['one packet lost', 't_ip4_gre4', () => only(50, () => undefined), /0 packets were sent/],
  ['destination MAC', 't_ip4_gre4', () => xor(-14, 2), /destination MAC/],
  ['all to one server', 't_ip4_gre4', () => ip4((p) => (p[19] = 1)), /10\.0\.0\.0 got 0/],
  ['ECN lost', 'e_v6gre6_tcflow', () => (f) => ((f[IP + 1] = f[IP + 1]! & 0xcf), f), /outer ECN/],
  ['DSCP lost', 'e_v6gre6_tcflow', () => (f) => ((f[IP] = 0x60), f), /outer DSCP/],
  ['DSCP', 't_ip4_l3dsr', () => ip4((p) => (p[1] = 8 << 2)), /DSCP 8, not 7/],
  ['TTL not decremented', 't_ip4_l3dsr', () => ip4((p) => p[8]!++), /TTL 64 after 64/],
  ['transport checksum', 't_ip4_l3dsr', () => xor(26, 1), /checksum/],
  ['a bad checksum made right', 'e_l3dsr_badcsum', () => ip4((p) => put16(p, 26, 0)), /checksum/],
  ['payload', 't_ip4_l3dsr', () => xor(70, 1), /payload changed/],
  ['target port', 't_ip4_nat4_port', () => ip4((p) => put16(p, 22, 3308)), /destination port 3308/],
  [
    'checksum not fixed for the port',
    't_ip4_nat4_port',
    () => ip4((p) => put16(p, 26, ((p[26]! << 8) | p[27]!) + 5)),
    /checksum/,
  ],
  [
    'fragments scatter',
    'e_gre4_frags',
    () =>
      only(
        1,
        ip4((p) => (p[19] = (p[19]! + 1) % 5)),
      ),
    /its flow goes to/,
  ],
  ['an ICMP error to another server', 'e_gre6_icmp_errors', () => only(4, xor(39, 1)), /went to/],
  ['wrong MTU told', 'e_gre4_big', () => only(0, xor(27, 4)), /./],
  ['time exceeded is not sent', 'e_l3dsr_ttl', () => (f, port) => (port === 'pg0' ? undefined : f), /time exceeded/],
  [
    'the reply is from the base of the prefix',
    'n_nat6_return_udp',
    () => (f, port) => (port === 'pg0' ? xor(23, 1)(f, port) : f),
    /./,
  ],
  [
    'a flow moves when a server goes',
    's_as_del_keeps_flows',
    () =>
      only(
        130,
        ip4((p) => (p[19] = p[19] === 1 ? 3 : 1)),
      ),
    /its flow goes to|takes none/,
  ],
  [
    'a sticky client is split',
    't_ip4_l3dsr_src_ip_sticky',
    () =>
      only(
        60,
        ip4((p) => (p[19] = (p[19]! + 1) % 5)),
      ),
    /./,
  ],
];

for (const [what, name, alter, complaint] of faulty) {
  t.test(`${name}: ${what}`, (t) => {
    const faults = faultsOf(readCase(folder, name), alter());
    t.ok(faults.length > 0, 'it is found');
    t.ok(
      faults.some((fault) => complaint.test(fault)),
      `${String(complaint)} among: ${faults.slice(0, 3).join(' · ')}`,
    );
    t.end();
  });
}

const framesIn = (name: string, file: string): readonly Uint8Array[] => {
  const capture = readCapture(readFileSync(`${folder}${name}/${file}`));
  return 'unreadable' in capture ? [] : capture.frames.map(({ bytes }) => bytes);
};

/** VPP's own packets under the rules for ours: right where its tests look, wrong where cases/README.md says that it is. */
const recorded: readonly (readonly [name: string, complaint: RegExp | undefined])[] = [
  ['t_ip4_gre4', undefined],
  ['t_ip6_gre6', undefined],
  ['t_ip4_l3dsr', undefined],
  ['t_ip4_nat4_port', /checksum/],
  ['t_ip6_nat6_port', /checksum/],
  ['e_v6gre6_tcflow', /DSCP|ECN/],
  ['e_l3dsrport_tos', /ECN/],
];
for (const [name, complaint] of recorded) {
  t.test(`recorded of VPP, ${name}: ${complaint === undefined ? 'right' : String(complaint)}`, (t) => {
    const site = new Site();
    for (const line of readCase(folder, name).script) site.apply(line);
    const [vip] = site.vips;
    const outputs = framesIn(name, 'output.pcap').map((frame) => readFrame(frame)!);
    const faults = framesIn(name, 'input.pcap').map((frame, i) =>
      carriedFault(site, vip!, readFrame(frame)!, outputs[i]!),
    );
    if (complaint === undefined)
      t.strictSame(
        faults.filter((fault) => fault !== undefined),
        [],
      );
    else
      t.ok(
        faults.some((fault) => fault !== undefined && complaint.test(fault)),
        faults.slice(0, 3).join(' · '),
      );
    t.end();
  });
}
