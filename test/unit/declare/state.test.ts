import fc from 'fast-check';
import t from 'tap';
import {
  afterStep,
  asOf,
  decodeState,
  type DeclaredState,
  deltaOf,
  emptyState,
  encodeState,
  encodeStep,
  oldestOf,
  type StateStep,
} from '../../../src/declare/state.js';
import { declared } from '../../helpers/declared-site.js';

type Content = Pick<DeclaredState, 'services' | 'overrides'>;

const stepTo = (state: DeclaredState, to: Content): StateStep => ({
  entry: { revision: state.revision + 1, at: 1, who: 'test', kind: 'commit', what: [] },
  redo: deltaOf(state, to),
  undo: deltaOf(to, state),
});

const content = (numbers: readonly number[]): Content => ({
  services: new Map(numbers.map((n) => declared(n)).map((service) => [service.id, service])),
  overrides: new Map(
    numbers.map((n) => [`s${n}`, { server: `s${n}`, service: 's', destination: 'd', weight: n, who: 'test', at: 1 }]),
  ),
});

/** A file of so many revisions, and what each was. */
function written(all: readonly (readonly number[])[]): { text: string; states: DeclaredState[] } {
  let text = encodeState(emptyState);
  const states = [emptyState];
  for (const numbers of all) {
    const step = stepTo(states.at(-1)!, content(numbers));
    text += encodeStep(step);
    states.push(afterStep(states.at(-1)!, step, encodeStep(step).length));
  }
  return { text, states };
}

const plain = ({ services, overrides }: Content): unknown => [
  Object.fromEntries([...services].sort()),
  Object.fromEntries([...overrides].sort()),
];
const histories = fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 9 })), { maxLength: 8 });

t.test('what was written is read again, and every revision is found again', (t) => {
  fc.assert(
    fc.property(histories, (all) => {
      const { text, states } = written(all);
      const read = decodeState(text);
      if ('unreadable' in read) throw new Error(read.unreadable);
      const rewritten = decodeState(encodeState(read.state));
      if ('unreadable' in rewritten) throw new Error(rewritten.unreadable);
      for (const { state } of [read, rewritten])
        for (const [revision, wanted] of states.entries())
          if (JSON.stringify(plain(asOf(state, revision)!)) !== JSON.stringify(plain(wanted))) return false;
      return !read.torn;
    }),
  );
  t.end();
});

t.test('cut anywhere, it is an earlier revision or unreadable, never anything else', (t) => {
  fc.assert(
    fc.property(histories, fc.double({ min: 0, max: 1, noNaN: true }), (all, part) => {
      const { text, states } = written(all);
      const cut = text.slice(0, Math.floor(part * text.length));
      const read = decodeState(cut);
      if ('unreadable' in read) return cut.length < text.indexOf('\n') + 1;
      return JSON.stringify(plain(read.state)) === JSON.stringify(plain(states[read.state.revision]!));
    }),
  );
  t.end();
});

t.test('one bit that fell over is found', (t) => {
  fc.assert(
    fc.property(histories, fc.nat(), fc.integer({ min: 0, max: 6 }), (all, at, bit) => {
      const { text, states } = written(all);
      const i = at % text.length;
      const spoilt = `${text.slice(0, i)}${String.fromCharCode(text.charCodeAt(i) ^ (1 << bit))}${text.slice(i + 1)}`;
      const read = decodeState(spoilt);
      return (
        'unreadable' in read ||
        (read.torn && JSON.stringify(plain(read.state)) === JSON.stringify(plain(states[read.state.revision]!)))
      );
    }),
  );
  t.end();
});

t.test('a file of a newer lvsd, with a checksum that is right, is not guessed at', async (t) => {
  const { createHash } = await import('node:crypto');
  const json = JSON.stringify({ format: 'lvsd-declared', version: 2, state: { revision: 7 } });
  const text = `${createHash('sha256').update(json).digest('hex').slice(0, 16)} ${json}\n`;
  t.match(decodeState(text), { unreadable: /version 2/ });
});

t.test('history is bounded, but never loses what may have to be taken back', (t) => {
  let state = emptyState;
  const commit = (more: Partial<StateStep> = {}): void => {
    state = afterStep(state, { ...stepTo(state, content([state.revision % 9])), ...more }, 10);
  };
  for (let i = 0; i < 150; i++) commit();
  t.equal(state.history.length, 100);
  t.equal(oldestOf(state), 50);
  t.equal(asOf(state, 49), undefined);
  t.equal(asOf(state, 151), undefined);
  const pending = { revision: 151, until: 1, who: 'test' };
  commit({ pending });
  for (let i = 0; i < 150; i++) commit();
  t.ok(state.history.some(({ revision }) => revision === 151));
  state = afterStep(state, { pending: null, confirmed: 151 }, 10);
  commit();
  t.equal(state.history.length, 100);
  const large = afterStep(state, stepTo(state, content([1])), 20_000_000);
  t.equal(large.history.length, 1, 'the newest is always there');
  t.end();
});
