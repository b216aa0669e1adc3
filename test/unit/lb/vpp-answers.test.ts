/** Command lines and answers as VPP v26.10 gave them, and where it crashed or took nonsense the sentence of ours. */
import t from 'tap';
import { Typed } from './typed.js';

type Session = readonly (readonly [line: string, answer: string])[];

const play = (name: string, session: Session, ...before: readonly string[]): void => {
  t.test(name, (t) => {
    const vpp = new Typed();
    for (const line of before) vpp.run(line);
    for (const [line, answer] of session) t.equal(vpp.run(line), answer, line);
    t.end();
  });
};

play('lb conf', [
  [
    'show lb',
    'lb_main ip4-src-address: 255.255.255.255 \n ip6-src-address: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \n #vips: 1\n #ass: 0',
  ],
  ['lb conf ip4-src-address 39.40.41.42', ''],
  ['lb conf ip6-src-address 2004::1', ''],
  ['lb conf buckets 4096', ''],
  ['lb conf timeout 60', ''],
  ['lb conf buckets-log2 12', ''],
  ['lb conf ip4-src-address 39.40.41.42 ip6-src-address 2004::1 buckets 1024 timeout 40', ''],
  ['show lb', 'lb_main ip4-src-address: 39.40.41.42 \n ip6-src-address: 2004::1 \n #vips: 1\n #ass: 0'],
  ['lb conf buckets 1000', 'lb conf: lb_conf error -70'],
  ['lb conf buckets 3', 'lb conf: lb_conf error -70'],
  ['lb conf buckets-log2 32', 'lb conf: buckets-log2 value is too high'],
  ['lb conf buckets-log2 40', 'lb conf: buckets-log2 value is too high'],
  ['lb conf timeout', "lb conf: parse error: 'timeout'"],
  ['lb conf ip4-src-address 1.2.3', "lb conf: parse error: 'ip4-src-address 1.2.3'"],
  ['lb conf ip4-src-address 2001::1', "lb conf: parse error: 'ip4-src-address 2001::1'"],
  ['lb conf foo', "lb conf: parse error: 'foo'"],
  ['lb conf timeout 0', ''],
  ['lb conf timeout -1', ''],
  ['lb conf', ''],
]);

play('lb vip: every encap and option', [
  ['lb vip 2002::/16 encap gre6 new_len 1024', 'lb_vip_add ok 1'],
  ['lb vip 2003::/16 encap gre4 new_len 2048', 'lb_vip_add ok 2'],
  ['lb vip 80.0.0.0/8 encap gre6 new_len 16', 'lb_vip_add ok 3'],
  ['lb vip 90.0.0.0/8 encap gre4 new_len 1024', 'lb_vip_add ok 4'],
  ['lb vip 91.0.0.0/8', 'lb_vip_add ok 5'],
  ['lb vip 100.0.0.0/8 encap l3dsr dscp 2 new_len 32', 'lb_vip_add ok 6'],
  ['lb vip 101.0.0.1/32 encap l3dsr dscp 63 src_ip_sticky', 'lb_vip_add ok 7'],
  ['lb vip 101.0.0.2/32 protocol udp port 53 encap l3dsr dscp 7', 'lb_vip_add ok 8'],
  ['lb vip 101.0.0.2/32 protocol tcp port 53 encap l3dsr dscp 7 src_ip_sticky', 'lb_vip_add ok 9'],
  ['lb vip 102.0.0.1/32 protocol tcp port 80 encap gre4', 'lb_vip_add ok 10'],
  ['lb vip 2005::1/128 protocol tcp port 80 encap gre4', 'lb_vip_add ok 11'],
  [
    'lb vip 90.1.2.1/32 protocol udp port 3306 encap nat4 type clusterip target_port 3307 new_len 1024',
    'lb_vip_add ok 12',
  ],
  ['lb vip 90.1.2.3/32 protocol udp port 30964 encap nat4 type nodeport target_port 3307', 'lb_vip_add ok 13'],
  [
    'lb vip 2004::/16 protocol udp port 6306 encap nat6 type clusterip target_port 6307 new_len 1024',
    'lb_vip_add ok 14',
  ],
  [
    'show lb vip',
    [
      'ip6-gre6 2002::/16 new_size:1024 #as:0',
      'ip6-gre4 2003::/16 new_size:2048 #as:0',
      'ip4-gre6 80.0.0.0/8 new_size:16 #as:0',
      'ip4-gre4 90.0.0.0/8 new_size:1024 #as:0',
      'ip4-gre4 91.0.0.0/8 new_size:1024 #as:0',
      'ip4-l3dsr 100.0.0.0/8 new_size:32 #as:0  dscp:2',
      'ip4-l3dsr 101.0.0.1/32 new_size:1024 #as:0  dscp:63',
      'ip4-l3dsr 101.0.0.2/32 new_size:1024 #as:0  protocol:17 port:53   dscp:7',
      'ip4-l3dsr 101.0.0.2/32 new_size:1024 #as:0  protocol:6 port:53   dscp:7',
      'ip4-gre4 102.0.0.1/32 new_size:1024 #as:0  protocol:6 port:80 ',
      'ip6-gre4 2005::1/128 new_size:1024 #as:0  protocol:6 port:80 ',
      // VPP prints these ports with their bytes swapped
      'ip4-nat4 90.1.2.1/32 new_size:1024 #as:0  protocol:17 port:3306  type:clusterip port:3306 target_port:3307',
      'ip4-nat4 90.1.2.3/32 new_size:1024 #as:0  protocol:17 port:30964  type:nodeport port:30964 target_port:3307',
      'ip6-nat6 2004::/16 new_size:1024 #as:0  protocol:17 port:6306  type:clusterip port:6306 target_port:6307',
    ].join('\n'),
  ],
  ['lb as 2002::/16 2001::2 2001::3 2001::4', ''],
  ['lb as 90.0.0.0/8 10.0.0.1', ''],
  ['lb as 90.0.0.0/8 10.0.0.2 10.0.0.3 weight 50', ''],
  ['lb as 90.0.0.0/8 10.0.0.3 weight 0', ''],
  ['lb as 90.0.0.0/8 10.0.0.3 weight 100 flush', ''],
  ['lb as 102.0.0.1/32 protocol tcp port 80 10.0.0.1 10.0.0.2', ''],
  ['lb flush vip 90.0.0.0/8', 'lb_flush_vip ok 4'],
  ['lb flush vip 102.0.0.1/32 protocol tcp port 80', 'lb_flush_vip ok 10'],
  ['lb vip 102.0.0.1/32 protocol tcp port 80 del', ''],
  ['lb vip 80.0.0.0/8 encap gre6 del', ''],
  ['lb set interface nat4 in pg1', ''],
  ['lb set interface nat6 in pg1', ''],
  ['lb set interface nat4 in pg1 del', ''],
  ['test lb flowtable flush', ''],
  ['lb flowtable flush', ''],
]);

play(
  'errors',
  [
    ['lb vip', ''],
    ['lb vip foo', "lb vip: invalid vip prefix: 'foo'"],
    ['lb vip 90.0.0.1', "lb vip: invalid vip prefix: '90.0.0.1'"],
    ['lb vip 90.0.0.0/33', "lb vip: invalid vip prefix: '90.0.0.0/33'"],
    ['lb vip 2001::/129', "lb vip: invalid vip prefix: '2001::/129'"],
    ['lb vip 92.0.0.0/8 encap vxlan', "lb vip: parse error: 'encap vxlan'"],
    ['lb vip 92.0.0.0/8 encap', "lb vip: parse error: 'encap'"],
    ['lb vip 92.0.0.0/8 foo', "lb vip: parse error: 'foo'"],
    ['lb vip 92.0.0.0/8 protocol sctp port 80', "lb vip: parse error: 'protocol sctp port 80'"],
    ['lb vip 92.0.0.0/8 port abc', "lb vip: parse error: 'port abc'"],
    ['lb vip 90.0.0.0/8 encap gre4', 'lb vip: lb_vip_add error -81'],
    ['lb vip 90.0.0.0/8 encap gre6', 'lb vip: lb_vip_add error -81'],
    ['lb vip 90.1.2.3/8 encap gre4', 'lb vip: lb_vip_add error -81'],
    ['lb vip 90.0.0.0/16 encap gre4', 'lb_vip_add ok 2'],
    ['lb vip 90.0.0.0/7 encap gre4', 'lb_vip_add ok 3'],
    ['lb vip 0.0.0.0/0 encap gre4', 'lb_vip_add ok 4'],
    ['lb vip ::/0 encap gre6', 'lb_vip_add ok 5'],
    ['lb vip 172.16.1.1/32 encap gre4', 'lb_vip_add ok 6'],
    ['lb vip 90.0.0.0/8 protocol tcp port 80 encap gre4', 'lb vip: lb_vip_add error -81'],
    ['lb vip 93.0.0.0/8 protocol tcp port 80 encap gre4', 'lb_vip_add ok 7'],
    ['lb vip 93.0.0.0/8 encap gre4', 'lb vip: lb_vip_add error -81'],
    ['lb vip 93.0.0.0/8 protocol tcp port 81 encap gre6', 'lb vip: lb_vip_add error -73'],
    ['lb vip 93.0.0.0/8 protocol udp port 80 encap gre4', 'lb_vip_add ok 8'],
    ['lb vip 94.0.0.0/8 encap gre4 new_len 1000', 'lb vip: lb_vip_add error -70'],
    ['lb vip 94.0.0.0/8 encap gre4 new_len 3', 'lb vip: lb_vip_add error -70'],
    ['lb vip 94.0.0.0/8 encap gre4 new_len -1', 'lb vip: lb_vip_add error -70'],
    ['lb vip 94.0.0.0/8 encap gre4 new_len 1', 'lb_vip_add ok 9'],
    ['lb vip 94.1.0.0/16 encap gre4 new_len 65536', 'lb_vip_add ok 10'],
    ['lb vip 94.2.0.0/16 encap gre4 new_len abc', "lb vip: parse error: 'new_len abc'"],
    ['lb vip 95.0.0.0/8 encap nat6 protocol udp port 1 target_port 2', 'lb vip: currently does not support NAT46'],
    ['lb vip 2009::/16 encap nat4 protocol udp port 1 target_port 2', 'lb vip: currently does not support NAT64'],
    ['lb vip 95.0.0.0/8 encap l3dsr', 'lb vip: lb_vip_add error: dscp for L3DSR should be less than 64.'],
    ['lb vip 95.0.0.0/8 encap l3dsr dscp 64', 'lb vip: lb_vip_add error: dscp for L3DSR should be less than 64.'],
    ['lb vip 95.0.0.0/8 encap l3dsr dscp -1', 'lb vip: lb_vip_add error: dscp for L3DSR should be less than 64.'],
    ['lb vip 95.0.0.0/8 encap gre4 dscp 7', 'lb vip: lb_vip_add error: should not configure dscp for none L3DSR.'],
    ['lb vip 2001::/16 encap l3dsr dscp 7', 'lb vip: lb_vip_add error -97'],
    ['lb as', ''],
    ['lb as 90.0.0.0/8', 'lb as: No AS address provided'],
    ['lb as foo', "lb as: invalid as address: 'foo'"],
    ['lb as 90.0.0.0/8 10.0.0.1', 'lb as: lb_vip_add_ass error -81'],
    ['lb as 90.0.0.0/8 10.0.0.2 10.0.0.1', 'lb as: lb_vip_add_ass error -81'],
    ['lb as 90.0.0.0/8 10.0.0.2 10.0.0.2', ''],
    ['lb as 90.0.0.0/8 2001::1', 'lb as: lb_vip_add_ass error -97'],
    ['lb as 90.0.0.0/8 10.0.0.5 2001::1', 'lb as: lb_vip_add_ass error -97'],
    ['lb as 91.0.0.0/8 10.0.0.1', 'lb as: lb_vip_find_index error -6'],
    ['lb as 90.0.0.0/8 10.0.0.99 del', 'lb as: lb_vip_del_ass error -6'],
    ['lb as 90.0.0.0/8 10.0.0.2 10.0.0.99 del', 'lb as: lb_vip_del_ass error -6'],
    ['lb as 90.0.0.0/8 10.0.0.3 weight 101', 'lb as: weight must be between 0 and 100'],
    ['lb as 90.0.0.0/8 10.0.0.3 weight -1', "lb as: parse error: 'weight -1'"],
    ['lb as 90.0.0.0/8 10.0.0.1 weight 5 del', 'lb as: weight and del are mutually exclusive'],
    ['lb as 90.0.0.0/8 90.0.0.5', ''],
    ['lb as 90.0.0.0/8 protocol tcp port 80 10.0.0.1', 'lb as: lb_vip_find_index error -6'],
    ['lb as 93.0.0.0/8 10.0.0.1', 'lb as: lb_vip_find_index error -6'],
    ['lb as 90.0.0.0/8 10.0.0.7 bogus', "lb as: parse error: 'bogus'"],
    ['lb vip 99.0.0.0/8 del', 'lb vip: lb_vip_find_index error -6'],
    ['lb vip 93.0.0.0/8 protocol tcp port 99 encap gre4 del', 'lb vip: lb_vip_find_index error -6'],
    ['lb flush vip 99.0.0.0/8', 'lb flush vip: lb_vip_find_index error -6'],
    ['lb flush vip foo', "lb flush vip: invalid vip prefix: 'foo'"],
    ['lb flush vip 93.0.0.0/8', 'lb flush vip: lb_vip_find_index error -6'],
    ['lb set interface nat4 in pg9', "lb set interface nat4: unknown input 'in pg9'"],
    ['lb set interface nat4', ''],
    ['lb set interface nat4 in', "lb set interface nat4: unknown input 'in'"],
    ['lb set interface nat4 in pg0', ''],
    ['lb set interface nat4 in pg0', ''],
    ['lb set interface nat4 in pg1 del', ''],
    ['lb bogus', "lb: unknown input `bogus'"],
  ],
  'lb conf ip4-src-address 39.40.41.42 ip6-src-address 2004::1',
  'lb vip 90.0.0.0/8 encap gre4',
  'lb as 90.0.0.0/8 10.0.0.1',
);

play('where VPP dies, loops or takes nonsense', [
  [
    'lb vip 90.0.0.0/8 encap nat4 target_port 3307',
    'lb vip: encap nat4 and nat6 need a port: there is nothing else to translate by',
  ],
  ['lb vip 94.0.0.0/8 encap gre4 new_len 0', 'lb vip: new_len must be a power of two from 1 to 4194304'],
  ['lb vip 94.0.0.0/8 encap gre4 new_len 2147483648', 'lb vip: new_len must be a power of two from 1 to 4194304'],
  ['lb conf buckets 0', 'lb conf: buckets must be a power of two from 1 to 4194304'],
  ['lb conf buckets-log2 31', 'lb conf: buckets must be a power of two from 1 to 4194304'],
  ['lb vip 90.0.0.0/8 encap l3dsr dscp 1', 'lb_vip_add ok 1'],
  ['lb flush vip 90.0.0.0/8 bogus', "lb flush vip: parse error: 'bogus'"],
  ['lb as 90.0.0.0/8 90.0.0.5', 'lb as: 90.0.0.5 lies in its own VIP 90.0.0.0/8: what is sent there comes back'],
  ['lb as 90.0.0.0/8 0.0.0.0', 'lb as: 0.0.0.0 is no address of a server'],
  ['lb as 90.0.0.0/8 255.255.255.255', 'lb as: 255.255.255.255 is no address of a server'],
  ['lb vip 95.0.0.0/8 protocol tcp port 65536 encap gre4', 'lb vip: port must be between 1 and 65535'],
  ['lb vip 95.0.0.0/8 protocol tcp encap gre4', 'lb vip: protocol tcp needs a port'],
  ['lb vip 90.1.2.3/32 protocol udp port 30964 encap nat4 type nodeport target_port 3307', 'lb_vip_add ok 2'],
  [
    'lb vip 90.1.2.4/32 protocol udp port 30964 encap nat4 type nodeport target_port 3307',
    'lb vip: lb_vip_add error -81',
  ],
  [
    'show lb vips',
    'ip4-l3dsr 90.0.0.0/8 new_size:1024 #as:0  dscp:1\nip4-nat4 90.1.2.3/32 new_size:1024 #as:0  protocol:17 port:30964  type:nodeport port:30964 target_port:3307',
  ],
]);

play('lines that the manual has and VPP does not take', [
  ['lb vip 90.1.2.9/32 encap nat4 port 3306 target_port 3307 node_port 30964 new_len 1024', 'lb_vip_add ok 1'],
  ['lb vip 90.1.2.8/32 port 80 encap gre4', 'lb_vip_add ok 2'],
  ['lb as 90.1.2.8/32 port 80 10.0.0.1', ''],
  [
    'show lb vips',
    'ip4-nat4 90.1.2.9/32 new_size:1024 #as:0  protocol:0 port:3306  type:nodeport port:30964 target_port:3307\nip4-gre4 90.1.2.8/32 new_size:1024 #as:1  protocol:0 port:80 ',
  ],
]);

play('help and abbreviations', [
  [
    'lb conf ?',
    '  lb conf                                  lb conf [ip4-src-address <addr>] [ip6-src-address <addr>] [buckets <n>] [timeout <s>]',
  ],
  [
    'show lb ?',
    '  show lb vips                             show lb vips [verbose]\n  show lb                                  show lb',
  ],
  ['lb v 90.0.0.0/8', 'lb_vip_add ok 1'],
  ['sh lb v', 'ip4-gre4 90.0.0.0/8 new_size:1024 #as:0'],
  ['lb fl vip 90.0.0.0/8', "lb: unknown input `fl vip 90.0.0.0/8'"],
  ['lb flu vip 90.0.0.0/8', 'lb_flush_vip ok 1'],
  ['show lb vips foo', 'ip4-gre4 90.0.0.0/8 new_size:1024 #as:0'],
  ['bogus', "unknown input `bogus'"],
]);
