import fc from 'fast-check';
import t from 'tap';
import type { Includes } from '../../../src/config/parse.js';
import { readConfiguration } from '../../../src/config/read.js';
import { Reuse } from '../../../src/config/reuse.js';

const virtual = (n: number, words = ''): string => `virtual_server 192.0.2.${n} 80 {
    protocol TCP
    lb_algo rr
    lb_kind NAT
    ${words}
    real_server 10.0.0.${n} 80 {
        weight ${n}
        TCP_CHECK {
        }
    }
}
`;
const globals = 'global_defs {\n    checker_log_all_failures false\n}\n';

/** The virtual servers of texts that are read one after the other with the same memory. */
function servers(...texts: readonly string[]) {
  const reuse = new Reuse();
  return texts.map((text) => readConfiguration({ file: 'f', text }, { reuse }).configuration?.virtualServers ?? []);
}

t.test('what did not change is the same object, what did is another', (t) => {
  const [before = [], after = []] = servers(
    globals + virtual(1) + virtual(2) + virtual(3),
    globals + virtual(1) + virtual(2, 'alpha') + virtual(3),
  );
  t.equal(after[0], before[0]);
  t.not(after[1], before[1]);
  t.ok(after[1]?.alpha);
  t.equal(after[2], before[2]);
  t.end();
});

const renewed: readonly (readonly [name: string, before: string, after: string])[] = [
  ['a block that moved, for messages name its line', virtual(1), `\n${virtual(1)}`],
  ['what stands around the blocks', globals + virtual(1), globals.replace('false', 'true') + virtual(1)],
  ['what they are forwarded by', globals + virtual(1), globals.replace('}', 'lvs_engine userspace\n}') + virtual(1)],
  ['a variable', `$W=1\n${virtual(1, 'weight $W')}`, `$W=2\n${virtual(1, 'weight $W')}`],
  ['a condition', `@a weight 2\n${virtual(1)}`, `@a weight 2\n${virtual(1)}`],
  ['a block that there was something to say about', virtual(1, 'hashed'), virtual(1, 'hashed')],
];
for (const [name, first, second] of renewed)
  t.test(`read again: ${name}`, (t) => {
    const [before = [], after = []] = servers(first, second);
    t.equal(before.length, 1);
    t.not(after[0], before[0]);
    t.end();
  });

t.test('a file that a block includes', (t) => {
  let weight = 1;
  const includes: Includes = () => [{ file: 'g', text: `weight ${weight}\n` }];
  const reuse = new Reuse();
  const read = () => {
    const { configuration } = readConfiguration({ file: 'f', text: virtual(1, 'include g') }, { reuse, includes });
    return configuration?.virtualServers[0]?.realServers[0];
  };
  const text = virtual(1, 'include g').replace('weight 1\n', '');
  t.not(text, '');
  const before = read();
  weight = 2;
  t.not(read(), before);
  t.end();
});

t.test('a file with an error leaves what is known as it was', (t) => {
  const [before = [], , after = []] = servers(virtual(1), virtual(1) + virtual(2, 'nonsense'), virtual(1));
  t.equal(after[0], before[0]);
  t.end();
});

t.test('reading with a memory says and means the same as reading without one', (t) => {
  const words = fc.constantFrom(
    '',
    'alpha',
    'hashed',
    'quorum 9',
    'nonsense 1',
    'delay_loop 6 # often',
    'weight {',
    'lvs_engine userspace',
    'node_port 80',
  );
  const block = fc.tuple(fc.integer({ min: 1, max: 4 }), words).map(([n, more]) => virtual(n, more));
  const text = fc.tuple(
    fc.constantFrom('', globals, '\n', 'global_defs {\nlvs_engine userspace\n}\n'),
    fc.array(block, { maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(text, { minLength: 2, maxLength: 5 }), (texts) => {
      const reuse = new Reuse();
      for (const [head, blocks] of texts) {
        const source = { file: 'f', text: head + blocks.join('') };
        t.strictSame(readConfiguration(source, { reuse }), readConfiguration(source));
      }
    }),
    { numRuns: 100 },
  );
  t.end();
});
