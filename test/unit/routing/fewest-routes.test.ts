import * as fc from 'fast-check';
import t from 'tap';
import { fewestRoutes } from '../../../src/routing/fewest-routes.js';
import { PrefixIndex } from '../../../src/routing/prefix-index.js';

const route = (prefix: string, prefixLength: number, way: string | undefined) => ({ prefix, prefixLength, way });
const wayOf = ({ way }: { readonly way: string | undefined }): string | undefined => way;

t.test('what leads where all around it leads is left out', (t) => {
  const all = [
    route('0.0.0.0', 0, 'a'),
    route('10.0.0.0', 8, 'a'),
    route('10.1.0.0', 16, 'b'),
    route('10.1.2.0', 24, 'a'),
    route('10.1.3.0', 24, 'b'),
    route('::', 0, 'a'),
    route('2001:db8::', 32, 'a'),
  ];
  t.same(
    fewestRoutes(all, wayOf).map(({ prefix, prefixLength }) => `${prefix}/${prefixLength}`),
    ['0.0.0.0/0', '10.1.0.0/16', '10.1.2.0/24', '::/0'],
  );
  t.end();
});

t.test('a link’s own route stays, and what is in it', (t) => {
  const all = [route('10.0.0.0', 8, undefined), route('10.0.0.0', 16, undefined), route('10.1.0.0', 16, 'a')];
  t.equal(fewestRoutes(all, wayOf).length, 3);
  t.end();
});

t.test('whatever the routes, every address goes the same way', (t) => {
  const bits = fc.constantFrom(0, 1, 64, 128, 129, 192, 255);
  const address = fc.tuple(bits, bits).map(([a, b]) => [a, b] as const);
  const routes = fc.uniqueArray(
    fc
      .tuple(address, fc.integer({ min: 0, max: 16 }), fc.constantFrom('a', 'b', undefined))
      .map(([[a, b], length, way]) => {
        const masked = ((a << 8) | b) & (0xffff << (16 - length)) & 0xffff;
        return route(`${masked >> 8}.${masked & 0xff}.0.0`, length, way);
      }),
    { selector: ({ prefix, prefixLength }) => `${prefix}/${prefixLength}`, maxLength: 30 },
  );
  const indexOf = (list: Iterable<{ prefix: string; prefixLength: number; way: string | undefined }>) => {
    const index = new PrefixIndex<{ way: string | undefined }>();
    for (const one of list) index.set(one.prefix, one.prefixLength, one);
    return index;
  };
  fc.assert(
    fc.property(routes, fc.array(address, { minLength: 20, maxLength: 20 }), (all, asked) => {
      const [before, after] = [indexOf(all), indexOf(fewestRoutes(all, wayOf))];
      for (const [a, b] of asked) {
        const text = `${a}.${b}.0.0`;
        t.equal(after.find(text)?.way, before.find(text)?.way);
      }
    }),
    { numRuns: 200 },
  );
  t.end();
});
