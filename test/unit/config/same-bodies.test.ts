/** Blocks that say the same are read once: nobody may see that in what they mean, nor in what is complained about where. */
import * as fc from 'fast-check';
import t from 'tap';
import { Diagnostics } from '../../../src/config/diagnostics.js';
import { readConfiguration } from '../../../src/config/read.js';
import { buildTree } from '../../../src/config/tree-builder.js';

const lines = (...text: readonly string[]): string => text.map((line) => `${line}\n`).join('');
const check = (word: string, ...inside: readonly string[]): string =>
  lines(`    ${word} {`, ...inside.map((line) => `      ${line}`), '    }');

/** What may stand in a server: also what is wrong, and what is wrong only for some addresses or in some virtual servers. */
const inside = fc.constantFrom(
  lines('    weight 2'),
  lines('    weight two'),
  lines('    wieght 2'),
  lines('    weight 1', '    weight 2'),
  lines('    lthreshold 5', '    uthreshold 4'),
  lines('    lvs_method TUN'),
  lines('    lvs_method TUN type gre'),
  lines('    lvs_method L3DSR dscp 5'),
  lines('    lvs_method FULLNAT'),
  lines('    inhibit_on_failure', '    alpha'),
  lines('    virtualhost a.example'),
  lines('    snmp_name a'),
  lines('    # a comment'),
  lines('    notify_up /bin/true'),
  lines('    TCP_CHECK { }'),
  check('TCP_CHECK'),
  check('TCP_CHECK', 'connect_timeout 3'),
  check('TCP_CHECK', 'connect_ip fe80::1', 'bindto 10.9.9.9'),
  check('TCP_CHECK', 'retry 0', 'delay_loop 2'),
  check('HTTP_GET', 'url {', '  path /', '  status_code 200', '}'),
  check('HTTP_GET', 'url {', '}'),
  check('SMTP_CHECK', 'host {', '  connect_port 25', '}'),
  check('DNS_CHECK', 'type A'),
  check('PING_CHECK'),
  check('UDP_CHECK', 'payload 00'),
  check('MISC_CHECK', 'misc_path /bin/true'),
  check('MISC_CHECK'),
  check('FILE_CHECK', 'track_file none'),
  check('BFD_CHECK', 'name none'),
);
const body = fc.array(inside, { maxLength: 3 }).map((parts) => parts.join(''));
/** Some bodies that come again and again. */
const bodies = fc.array(body, { minLength: 1, maxLength: 4 });
const header = fc.constantFrom('10.0.1.1 80', '10.0.1.2 81', '10.0.1.3', 'fd00::1 80', '10.0.1 80');
const opening = fc.constantFrom(
  ['virtual_server 10.0.0.1 80 {', '  lb_kind NAT', '  lb_algo wlc', '  protocol TCP'],
  ['virtual_server 10.0.0.2 80 {', '  lb_kind DR', '  lb_algo wlc', '  protocol UDP', '  delay_loop 7', '  weight 3'],
  [
    'virtual_server 10.0.0.3 80 {',
    '  lb_kind L3DSR dscp 5',
    '  lb_algo maglev',
    '  protocol TCP',
    '  lvs_engine userspace',
  ],
  ['virtual_server fwmark 1 {', '  lb_kind NAT', '  lb_algo rr', '  alpha', '  connect_timeout 2'],
);
const server = fc.record({ header, index: fc.nat(3) });
const virtualServer = fc.record({ opening, servers: fc.array(server, { maxLength: 5 }) });

interface Written {
  readonly opening: readonly string[];
  readonly servers: readonly { readonly header: string; readonly index: number }[];
}

/** `behind` stands behind each server's closing brace. */
function written(all: readonly Written[], bodies: readonly string[], behind: (count: number) => string): string {
  let count = 0;
  const block = ({ opening, servers }: Written): string =>
    lines(...opening) +
    servers
      .map(
        ({ header, index }) =>
          `${lines(`  real_server ${header} {`)}${bodies[index % bodies.length] ?? ''}  }${behind(count++)}\n`,
      )
      .join('') +
    lines('}');
  return all.map(block).join('');
}

t.test('property: with equal bodies or with bodies that differ in blanks at their end, a file says the same', (t) => {
  fc.assert(
    fc.property(fc.array(virtualServer, { maxLength: 4 }), bodies, (all, bodies) => {
      // not `sources`: the text itself
      const read = (text: string): object => {
        const { configuration, diagnostics } = readConfiguration({ file: 'f', text });
        return { configuration, diagnostics };
      };
      const equal = read(written(all, bodies, () => ''));
      const different = read(written(all, bodies, (count) => ' '.repeat(count)));
      t.strictSame(equal, different);
    }),
    { numRuns: 1500 },
  );
  t.end();
});

t.test('a server that says the same as one of another file has its own places', (t) => {
  const virtual = (address: string): string =>
    lines(`virtual_server ${address} 80 {`, '  lb_kind NAT', '  lb_algo rr', '  protocol TCP') +
    lines('  real_server 10.0.1.1 80 {', '    TCP_CHECK {', '    }', '  }', '}');
  const { configuration } = readConfiguration(
    { file: 'a', text: `${virtual('10.0.0.1')}include b\n` },
    { includes: () => [{ file: 'b', text: virtual('10.0.0.2') }] },
  );
  const positions = configuration?.virtualServers.map(({ realServers }) => realServers[0]?.checks[0]?.position);
  t.strictSame(positions, [
    { file: 'a', line: 6, column: 5 },
    { file: 'b', line: 6, column: 5 },
  ]);
  t.end();
});

t.test('equal blocks have one body, others have not', (t) => {
  const text = lines('a {', '  b 1 {', '    c', '  }', '  b 2 {', '    c', '  }', '  b 3 {', '    d', '  }', '}');
  const run = { file: 'f', text, from: 0, to: text.length, line: 1 };
  const [a] = buildTree([run], { opens: new Set(), outermost: new Set() }, new Diagnostics());
  const [one, two, three] = a?.block ?? [];
  t.equal(one?.body?.text, lines('    c', '  }'));
  t.equal(two?.body, one?.body);
  t.equal(three?.body?.text, lines('    d', '  }'));
  t.strictSame([one?.lastLine, two?.lastLine, three?.lastLine], [4, 7, 10]);
  t.strictSame(two?.block?.[0]?.positionOf(0), { file: 'f', line: 6, column: 5 });
  t.end();
});
