import t from 'tap';
import { readCommand } from '../../../src/cli/arguments.js';
import { liveSessionsOf, outlooksOf, whatIfCommand } from '../../../src/cli/what-if.js';
import { defaultDestinationSettings, destinationName } from '../../../src/model/destination.js';
import { defaultEngineSettings } from '../../../src/model/engine.js';
import { defaultServiceSettings, serviceName } from '../../../src/model/service.js';
import type { Table, TableService } from '../../../src/model/table.js';
import { chooserOf, slotCounts } from '../../../src/replay/slots.js';
import { type LiveSession, type Supposition, whatIfText } from '../../../src/replay/what-if.js';

function service(scheduler: string, weights: readonly number[]): TableService {
  const key = { by: 'address', protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
  const destinations = new Map(
    weights.map((weight, i) => {
      const server = { address: `10.0.0.${i + 1}`, port: 80 };
      return [destinationName(server), { key: server, settings: { ...defaultDestinationSettings, weight } }];
    }),
  );
  return {
    key,
    settings: { ...defaultServiceSettings('ip4'), scheduler, engine: { ...defaultEngineSettings, tableSize: 1021 } },
    destinations,
  };
}
const tableOf = (...services: readonly TableService[]): Table =>
  new Map(services.map((one) => [serviceName(one.key), one]));
const remove: Supposition = { do: 'remove', server: '10.0.0.2:80' };

/** Flows of 400 clients where the service puts them. */
function flowsOf(one: TableService): readonly LiveSession[] {
  const choose = chooserOf(one);
  return Array.from({ length: 400 }, (_, i) => {
    const flow = {
      client: { address: `198.51.100.${i % 250}`, port: 1024 + i },
      virtual: { address: '192.0.2.1', port: 80 },
    };
    return { service: serviceName(one.key), server: choose(flow) ?? '', flow };
  });
}

for (const scheduler of ['maglev', 'mh'])
  t.test(`${scheduler}: a server that goes takes its slots along, and few others move`, (t) => {
    const one = service(scheduler, [1, 1, 1, 1, 1]);
    const sessions = flowsOf(one);
    const [outlook, ...more] = outlooksOf(tableOf(one), sessions, { supposed: remove, service: undefined });
    t.equal(more.length, 0);
    t.equal(outlook?.ownSlots, slotCounts(one).get('10.0.0.2:80'));
    t.ok(outlook!.moved >= outlook!.ownSlots);
    t.ok(outlook!.disturbed < outlook!.slots / 20, `${outlook!.disturbed} of ${outlook!.slots} between others`);
    t.notOk(outlook!.after.has('10.0.0.2:80'));
    t.equal(outlook!.movedSessions, sessions.filter(({ server }) => server === '10.0.0.2:80').length);
    t.ok(outlook!.restingOnSessions < sessions.length / 20);
    t.end();
  });

t.test('a weight: slots follow it, live sessions stay', (t) => {
  const one = service('maglev', [10, 10]);
  const [outlook] = outlooksOf(tableOf(one), flowsOf(one), {
    supposed: { do: 'weight', server: '10.0.0.1', weight: 30 },
    service: undefined,
  });
  t.equal(outlook!.movedSessions, 0);
  t.ok(Math.abs(outlook!.after.get('10.0.0.1:80')! - (1021 * 3) / 4) <= 1);
  t.ok(outlook!.restingOnSessions > 50, 'about a quarter of them would go elsewhere if they came anew');
  t.equal(outlook!.disturbed, 0, 'there is nobody beside the two');
  t.end();
});

t.test('sh and dh have tables; wlc has none, and says so', (t) => {
  t.equal(outlooksOf(tableOf(service('sh', [1, 3])), [], { supposed: remove, service: undefined })[0]?.slots, 256);
  t.equal(outlooksOf(tableOf(service('dh', [1, 3])), [], { supposed: remove, service: undefined })[0]?.ownSlots, 128);
  const [outlook] = outlooksOf(tableOf(service('wlc', [1, 1])), [], { supposed: remove, service: undefined });
  t.equal(outlook?.slots, 0);
  t.match(whatIfText(remove, [outlook!]), /slots {5}none: scheduler wlc looks at connections/);
  t.end();
});

t.test('the last server', (t) => {
  const [outlook] = outlooksOf(tableOf(service('maglev', [1])), [], {
    supposed: { do: 'remove', server: '10.0.0.1:80' },
    service: undefined,
  });
  t.equal(outlook?.moved, outlook?.slots);
  t.equal(outlook?.after.size, 0);
  t.end();
});

t.test('as text', (t) => {
  const [outlook] = outlooksOf(tableOf(service('sh', [1, 1])), [], { supposed: remove, service: undefined });
  t.equal(
    whatIfText(remove, [outlook!]),
    `removing 10.0.0.2:80:
  tcp 192.0.2.1:80
    slots     128 of 256 move (50.0 %), at least 128 had to; 128 are its own, 0 move between others (0.0 %)
              10.0.0.2:80                   128 -> 0
              10.0.0.1:80                   128 -> 256
    sessions  0 live, 0 move (-); unless they are kept (weight 0, drain)
`,
  );
  t.end();
});

t.test(
  'sessions of the engine: templates and ended ones are none; without an index the address tells the service',
  (t) => {
    const table = tableOf(service('maglev', [1]));
    const record = {
      client: { address: '198.51.100.7', port: 4000 },
      vip: { address: '192.0.2.1', port: 80 },
      destination: { address: '10.0.0.1', port: 80 },
      snat: undefined,
      protocol: 6,
      state: 'established',
      affinity: false,
      gone: false,
      remainingMs: 1,
      service: 0,
      hash: 1n,
    } as const;
    const names = [...table.keys()];
    const all = [
      record,
      { ...record, service: undefined },
      { ...record, affinity: true },
      { ...record, gone: true },
      { ...record, destination: undefined },
      { ...record, service: undefined, protocol: 17 },
    ];
    t.strictSame(
      liveSessionsOf(all, names, table).map(({ service, server }) => [service, server]),
      [
        ['tcp 192.0.2.1:80', '10.0.0.1:80'],
        ['tcp 192.0.2.1:80', '10.0.0.1:80'],
      ],
    );
    t.end();
  },
);

t.test('the command line', (t) => {
  const parseWhatIf = (args: readonly string[]) => readCommand(args, whatIfCommand);
  t.match(parseWhatIf(['--remove', '10.0.0.1']), { supposed: { do: 'remove', server: '10.0.0.1' } });
  t.match(parseWhatIf(['--weight', '[fd00::1]:80=7', '--service', 's', '-f', 'x']), {
    supposed: { do: 'weight', server: '[fd00::1]:80', weight: 7 },
    service: 's',
    file: 'x',
  });
  t.match(parseWhatIf(['--help']), { help: /^usage: lvsctl/ });
  for (const args of [
    [],
    ['--remove', 'a', '--weight', 'a=1'],
    ['--weight', 'a'],
    ['--weight', 'a=-1'],
    ['--weight', 'a=9999999999'],
    ['--remove', 'a', 'b'],
  ])
    t.hasProp(parseWhatIf(args), 'wrong', args.join(' '));
  t.end();
});
