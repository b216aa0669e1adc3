/** keepalived.conf → settings: what a user writes is what the machine goes by. */
import t from 'tap';
import type { VrrpInstance } from '../../../src/config/vrrp/vrrp.js';
import type { HmacSettings } from '../../../src/vrrp/hmac.js';
import {
  announceSettingsOf,
  machineSettingsOf,
  receiveSettingsOf,
  sentChecksum,
  startupHoldMs,
} from '../../../src/vrrp/settings.js';
import { configurationOf } from '../../helpers/configuration.js';

function instance(lines: string, globals = ''): VrrpInstance {
  const text = `global_defs {\n${globals}\n}\nvrrp_instance V1 {\ninterface eth0\nvirtual_router_id 51\n${lines}\nvirtual_ipaddress {\n10.77.0.50/24\n}\n}\n`;
  const [found] = configurationOf(text).vrrp.instances;
  if (found === undefined) throw new Error(text);
  return found;
}
const machine = (lines: string, grouped = false) => machineSettingsOf(instance(lines), grouped);

t.test('what is true where nothing is written', (t) => {
  t.same(machine('version 3'), {
    version: 3,
    owner: false,
    advertMs: 1000,
    downTimerAdverts: 3,
    preempt: true,
    preemptDelayMs: 0,
    grouped: false,
    startsEagerly: false,
    answersLower: true,
    advertBeforeYielding: false,
    highestOtherPriority: undefined,
    learnedLeastMs: 250,
    learnedMostMs: 4000,
  });
  t.end();
});

const rows: readonly (readonly [says: string, lines: string, expected: object])[] = [
  ['centiseconds are exact', 'version 3\nadvert_int 0.07', { advertMs: 70, learnedLeastMs: 17.5, learnedMostMs: 280 }],
  ['down_timer_adverts', 'down_timer_adverts 6', { downTimerAdverts: 6 }],
  ['nopreempt', 'nopreempt', { preempt: false, preemptDelayMs: 0 }],
  ['nopreempt has no delay', 'nopreempt\npreempt_delay 4', { preempt: false, preemptDelayMs: 0 }],
  ['preempt_delay', 'preempt_delay 4.5', { preempt: true, preemptDelayMs: 4500 }],
  ['preempt_delay is void with state MASTER', 'state MASTER\npreempt_delay 4', { preemptDelayMs: 0 }],
  ['priority 255 is the owner', 'priority 255', { owner: true }],
  ['an owner preempts', 'priority 255\nnopreempt', { owner: true, preempt: true }],
  ['lower_prio_no_advert', 'lower_prio_no_advert', { answersLower: false }],
  ['higher_prio_send_advert', 'higher_prio_send_advert', { advertBeforeYielding: true }],
  ['timer_expired_backup', 'nopreempt\ntimer_expired_backup 120', { highestOtherPriority: 120 }],
  [
    'strict: no answers, no last advert, three adverts, no delay',
    'strict_mode\nhigher_prio_send_advert\ndown_timer_adverts 6\npreempt_delay 3',
    { answersLower: false, advertBeforeYielding: false, downTimerAdverts: 3, preemptDelayMs: 0 },
  ],
];
for (const [says, lines, expected] of rows)
  t.test(says, (t) => {
    t.match(machine(lines), expected);
    t.end();
  });

t.test('state MASTER is eager in a sync group only', (t) => {
  t.match(machine('state MASTER', true), { grouped: true, startsEagerly: true });
  t.match(machine('state MASTER'), { grouped: false, startsEagerly: false });
  t.match(machine('state BACKUP', true), { startsEagerly: false });
  t.end();
});

t.test('what the receiver insists on', (t) => {
  const unicast = 'unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.2 min_ttl 250 max_ttl 255\n}';
  t.match(receiveSettingsOf(instance('version 3\nadvert_int 0.5'), undefined, ['10.77.0.1']), {
    family: 'ip4',
    version: 3,
    vrid: 51,
    intervalMs: 500,
    addresses: ['10.77.0.50'],
    ownSources: ['10.77.0.1'],
    senders: { by: 'multicast', group: '224.0.0.18' },
    authentication: { by: 'none' },
    checksums: ['pseudo', 'plain'],
    ignoresAll: false,
  });
  t.match(receiveSettingsOf(instance(`version 3\n${unicast}`), undefined, []), {
    senders: { by: 'unicast', peers: [{ address: '10.77.0.2', leastTtl: 250, mostTtl: 255 }] },
    checksums: ['pseudo', 'plain', 'old-unicast'],
  });
  t.end();
});

t.test('PASS and AH: the first eight bytes', (t) => {
  const of = (type: string) =>
    receiveSettingsOf(instance(`authentication {\nauth_type ${type}\nauth_pass s3cr3t\n}`), undefined, [])
      .authentication;
  const bytes = Uint8Array.from([...Buffer.from('s3cr3t'), 0, 0]);
  t.same(of('PASS'), { by: 'password', password: bytes });
  t.same(of('AH'), { by: 'header', key: bytes });
  t.end();
});

t.test('strict: auth_hmac is enforced, and the owner hears nobody', (t) => {
  const hmac: HmacSettings = { keys: new Map(), activeKey: 1, windowMs: 5000, mode: 'permissive' };
  t.equal(receiveSettingsOf(instance('version 3\nstrict_mode'), hmac, []).hmac?.mode, 'enforce');
  t.equal(receiveSettingsOf(instance('version 3'), hmac, []).hmac?.mode, 'permissive');
  t.equal(receiveSettingsOf(instance('strict_mode\npriority 255'), undefined, []).ignoresAll, true);
  t.equal(receiveSettingsOf(instance('strict_mode\npriority 254'), undefined, []).ignoresAll, false);
  t.equal(receiveSettingsOf(instance('owner_ignore_adverts\npriority 255'), undefined, []).ignoresAll, true);
  t.equal(receiveSettingsOf(instance('priority 255'), undefined, []).ignoresAll, false);
  t.end();
});

t.test('weakness 7: we send the form of the checksum that others send, unless one is written', (t) => {
  t.same(sentChecksum(instance('version 3')), { form: 'pseudo', follows: true });
  t.same(sentChecksum(instance('version 3\nv3_checksum_as_v2')), { form: 'plain', follows: false });
  t.end();
});

t.test('gratuitous ARP', (t) => {
  const lines = 'garp_master_delay 2\ngarp_master_repeat 3\ngarp_master_refresh 3\ngarp_master_refresh_repeat 2';
  t.match(announceSettingsOf(instance(lines)), {
    repeat: 3,
    againMs: 2000,
    lowerRepeat: 5,
    lowerAgainMs: 5000,
    refreshMs: 3000,
    refreshRepeat: 2,
  });
  t.equal(announceSettingsOf(instance('strict_mode')).lowerRepeat, 0);
  t.end();
});

t.test('vrrp_startup_delay and vrrp_delay_after_boot: whichever ends later', (t) => {
  const hold = (globals: string, upMs: number): number =>
    startupHoldMs(configurationOf(`global_defs {\n${globals}\n}\n`).globals.vrrp, upMs);
  t.equal(hold('', 0), 0);
  t.equal(hold('vrrp_startup_delay 4', 1e9), 4000);
  t.equal(hold('vrrp_delay_after_boot 60', 20_000), 40_000);
  t.equal(hold('vrrp_delay_after_boot 60', 70_000), 0);
  t.equal(hold('vrrp_startup_delay 4\nvrrp_delay_after_boot 60', 20_000), 40_000);
  t.end();
});
