import t from 'tap';
import { emptyMemory, type Memory, parseMemory, printMemory } from '../../../src/realserver/memory.js';
import type { Observed, Step } from '../../../src/realserver/plan.js';
import { stepText } from '../../../src/realserver/text.js';
import { remember, undo, withVip } from '../../../src/realserver/undo.js';

const empty = emptyMemory('boot-1', 'net:[1]');
const ignore = 'net/ipv4/conf/all/arp_ignore';

const steps: readonly Step[] = [
  { do: 'add-tunnel', interface: 'tunl0', kind: 'ipip' },
  { do: 'set-sysctl', name: ignore, value: '1', was: '0' },
  { do: 'open-port', family: 'ip4', port: 6080 },
  { do: 'set-up', interface: 'tunl0' },
  { do: 'add-address', interface: 'tunl0', address: '192.0.2.1' },
  { do: 'map-dscp', dscp: 7, vip: '192.0.2.1', was: undefined },
];
const after: Observed = {
  sysctls: new Map([[ignore, '1']]),
  links: [{ name: 'tunl0', up: true, resolvesNeighbours: false }],
  addresses: [{ interface: 'tunl0', address: '192.0.2.1', prefixLength: 32, dadFailed: false }],
  ports: [{ family: 'ip4', port: 6080 }],
  dscps: [{ dscp: 7, vip: '192.0.2.1' }],
};
const memory = steps.reduce(remember, empty);

t.test('undone in the opposite order', (t) => {
  const { steps, rest } = undo(memory, after);
  t.strictSame(steps.map(stepText), [
    'DSCP 7 does not mean 192.0.2.1',
    'no address 192.0.2.1/32 on tunl0',
    'interface tunl0 down',
    'UDP port 6080 closed (IPv4)',
    'sysctl net.ipv4.conf.all.arp_ignore = 0 (was 1)',
    'no device tunl0',
  ]);
  t.equal(rest, undefined);
  t.end();
});

t.test('the first value is the one from before us', (t) => {
  const again = remember(memory, { do: 'set-sysctl', name: ignore, value: '1', was: '5' });
  t.equal(again.sysctls[ignore], '0');
  t.end();
});

t.test('the last VIP takes the suppression with it, the others do not', (t) => {
  const two = remember(memory, { do: 'add-address', interface: 'tunl0', address: '192.0.2.2' });
  const first = undo(two, after, ['192.0.2.1']);
  t.strictSame(first.steps.map(stepText), ['DSCP 7 does not mean 192.0.2.1', 'no address 192.0.2.1/32 on tunl0']);
  t.strictSame(first.rest?.dscps, []);
  t.strictSame(first.rest?.vips, [{ interface: 'tunl0', address: '192.0.2.2', added: true }]);
  t.equal(undo(first.rest ?? empty, after, ['192.0.2.2']).rest, undefined);
  t.end();
});

t.test('a VIP that was there before stays, and holds the suppression until it is named', (t) => {
  const found = withVip(memory, 'tunl0', '192.0.2.9', false);
  t.notSame(undo(found, after, ['192.0.2.1']).rest, undefined);
  t.notMatch(undo(found, after).steps.map(stepText), [/192\.0\.2\.9/]);
  t.end();
});

t.test('a VIP that somebody took away and we put back is ours', (t) => {
  const found = withVip(empty, 'lo', '192.0.2.9', false);
  const added = remember(found, { do: 'add-address', interface: 'lo', address: '192.0.2.9' });
  t.strictSame(added.vips, [{ interface: 'lo', address: '192.0.2.9', added: true }]);
  t.strictSame(withVip(added, 'lo', '192.0.2.9', false), added);
  t.end();
});

t.test('what somebody else undid already is not undone twice', (t) => {
  const gone: Observed = { sysctls: new Map([[ignore, '0']]), links: [], addresses: [], ports: [], dscps: [] };
  t.strictSame(undo(memory, gone), { steps: [], rest: undefined });
  t.end();
});

t.test('the memory survives its file', (t) => {
  t.strictSame(parseMemory(printMemory(memory)), memory);
  t.end();
});

t.test('a memory from before there was L3DSR', (t) => {
  const { dscps, ...before } = memory;
  t.equal(dscps.length, 1);
  t.strictSame(parseMemory(JSON.stringify(before)), { ...memory, dscps: [] });
  t.equal(parseMemory(JSON.stringify({ ...before, dscps: [{ dscp: 7 }] })), undefined);
  t.end();
});

const broken: readonly [name: string, text: string][] = [
  ['no JSON', '{"version": 1,'],
  ['nothing', ''],
  ['a list', '[]'],
  ['another version', printMemory({ ...memory, version: 2 } as unknown as Memory)],
  ['a number for a sysctl', printMemory({ ...memory, sysctls: { [ignore]: 0 } } as unknown as Memory)],
  [
    'a VIP without an interface',
    printMemory({ ...memory, vips: [{ address: '192.0.2.1', added: true }] } as unknown as Memory),
  ],
];

for (const [name, text] of broken)
  t.test(`a file that is no memory: ${name}`, (t) => {
    t.equal(parseMemory(text), undefined);
    t.end();
  });
