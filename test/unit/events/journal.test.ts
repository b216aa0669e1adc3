/** Numbers, what is kept, and what outlives a process. */
import fc from 'fast-check';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Journal, type StreamEvent } from '../../../src/events/journal.js';
import { journalledLog } from '../../../src/events/journalled-log.js';
import { isWanted } from '../../../src/events/wants.js';
import { lineFile } from '../../../src/system/line-file.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const BASE = 1_000_000_000;
const at = (ms: number) => () => ms;
const journalOf = (options: { readonly most?: number; readonly longest?: number } = {}): Journal => {
  const journal = new Journal({ wallMs: at(1_000_999), ...options });
  journal.open();
  return journal;
};
const say = (journal: Journal, ...names: readonly string[]): void => {
  for (const event of names) journal.add('info', { event });
  journal.flush();
};
const namesOf = (events: readonly StreamEvent[] | 'gone'): readonly string[] | 'gone' =>
  events === 'gone' ? 'gone' : events.map(({ event }) => event);

function folderOf(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'lvsd-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

t.test('events are numbered in order, and behind a number is what came after it', (t) => {
  const journal = journalOf();
  t.same(journal.after(0), []);
  t.same(journal.after(journal.last), [], 'nothing yet, and nothing lost');
  say(journal, 'a.a', 'b.b', 'c.c');
  t.same(
    (journal.after(0) as StreamEvent[]).map(({ id }) => id - BASE),
    [1, 2, 3],
  );
  t.same(namesOf(journal.after(BASE)), ['a.a', 'b.b', 'c.c']);
  t.same(namesOf(journal.after(BASE + 2)), ['c.c']);
  t.same(namesOf(journal.after(BASE + 1, 1)), ['b.b']);
  t.same(journal.after(BASE + 3), []);
  t.equal(journal.after(BASE + 4), 'gone', 'a number that it never gave');
  t.equal(journal.after(5), 'gone');
  t.end();
});

t.test('only the last are kept, by number and by length', (t) => {
  const few = journalOf({ most: 3 });
  say(few, 'a.a', 'b.b', 'c.c', 'd.d', 'e.e');
  t.same(namesOf(few.after(0)), ['c.c', 'd.d', 'e.e']);
  t.same(namesOf(few.after(BASE + 2)), ['c.c', 'd.d', 'e.e'], 'nothing is missing behind b');
  t.equal(few.after(BASE + 1), 'gone', 'b is');
  const short = journalOf({ longest: 200 });
  say(short, 'a.a', 'b.b');
  short.add('info', { event: 'long.long', text: 'x'.repeat(1000) });
  short.flush();
  t.same(namesOf(short.after(0)), ['long.long'], 'one is always kept');
  t.end();
});

t.test('any number: what is behind it, or that some of it is gone', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 60 }), fc.nat(70), (most, count, id) => {
      const journal = journalOf({ most });
      for (let n = 0; n < count; n++) say(journal, 'a.a');
      const behind = journal.after(BASE + id);
      const firstKept = Math.max(1, count - most + 1);
      if (id > count || id < firstKept - 1) return behind === 'gone';
      return (
        behind !== 'gone' && behind.length === count - id && behind.every((one, n) => one.id === BASE + id + n + 1)
      );
    }),
  );
  t.end();
});

t.test('who subscribes is told each once, in order, those of one turn together', async (t) => {
  const journal = journalOf();
  const told: string[] = [];
  const end = journal.subscribe((events) => void told.push(events.map(({ event }) => event).join(' ')));
  journal.add('info', { event: 'a.a' });
  journal.add('warn', { event: 'b.b' });
  t.same(told, []);
  await Promise.resolve();
  t.same(told, ['a.a b.b']);
  journal.add('error', { event: 'c.c' });
  t.same(told, ['a.a b.b', 'c.c'], 'of an error at once: we may be about to end');
  end();
  say(journal, 'd.d');
  t.equal(told.length, 2);
});

t.test('what comes before it begins waits', (t) => {
  const journal = new Journal({ wallMs: at(1_000_000) });
  say(journal, 'a.a');
  t.equal(journal.last, 0);
  journal.open();
  t.same(namesOf(journal.after(0)), ['a.a']);
  t.end();
});

t.test('its text is the event as JSON on one line, whatever a field is', (t) => {
  const journal = journalOf();
  const loop: { self?: unknown } = {};
  loop.self = loop;
  journal.add('warn', { event: 'a.a', big: 12n, reason: 'two\nlines', id: 'no', at: 'no', level: 'no' });
  journal.add('info', { event: 'b.b', loop, count: 1 });
  journal.flush();
  const [first, second] = journal.after(0) as StreamEvent[];
  t.notMatch(first!.text, /\n/);
  t.match(JSON.parse(first!.text), { event: 'a.a', big: 12, reason: 'two\nlines' });
  t.match(
    JSON.parse(first!.text),
    { id: BASE + 1, at: 1_000_999, level: 'warn' },
    'what the journal says is not overwritten',
  );
  t.same(JSON.parse(second!.text), { id: BASE + 2, at: 1_000_999, event: 'b.b', level: 'info', count: 1 });
  t.end();
});

t.test('numbers and events go on over a restart', (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  const first = new Journal({ wallMs: at(5_000) });
  first.open(lineFile(path));
  say(first, 'a.a', 'b.b');
  const known = first.last;
  say(first, 'c.c');
  appendFileSync(path, '{"id":9,"at":1,"ev'); // killed while it wrote
  const second = new Journal({ wallMs: at(7_000) });
  second.open(lineFile(path));
  say(second, 'd.d');
  t.same(namesOf(second.after(known)), ['c.c', 'd.d'], 'who was away misses nothing');
  t.ok(second.last > first.last);
  const third = new Journal({ wallMs: at(1_000) });
  third.open(lineFile(path));
  say(third, 'e.e');
  t.same(namesOf(third.after(0)), ['a.a', 'b.b', 'c.c', 'd.d', 'e.e'], 'a clock that was put back changes nothing');
  t.ok(third.last > second.last);
  const none = new Journal({ wallMs: at(9_000) });
  none.open();
  say(none, 'f.f');
  t.equal(none.after(third.last), 'gone', 'without the file: told so');
  t.end();
});

t.test('the file is bounded, private, and its end outlives it', (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  const file = lineFile(path, { longest: 1000 });
  for (let n = 0; n < 100; n++) file.append([`${n} ${'x'.repeat(50)}`]);
  t.ok(statSync(path).size <= 1100 && statSync(`${path}.1`).size <= 1100);
  t.equal(statSync(path).mode & 0o777, 0o600);
  const lines = lineFile(path).read();
  t.match(lines.at(-1), /^99 /);
  t.ok(lines.length >= 17, 'the older file is read, too');
  t.same(
    lines.map((line) => Number(line.split(' ')[0])),
    lines.map((_, n) => 100 - lines.length + n),
    'in order',
  );
  t.end();
});

t.test('a file that fails: it goes on without, and says so once', (t) => {
  const troubles: string[] = [];
  const onTrouble = (operation: string, error: unknown): void => void troubles.push(`${operation} ${String(error)}`);
  const unreadable = new Journal({ wallMs: at(0), onTrouble });
  const appended: string[] = [];
  unreadable.open({
    read: () => {
      throw new Error('EIO');
    },
    append: (lines) => void appended.push(...lines),
  });
  say(unreadable, 'a.a');
  t.same(appended, [], 'what cannot be read is not written over');
  const full = new Journal({ wallMs: at(0), onTrouble });
  full.open({
    read: () => [],
    append: () => {
      throw new Error('ENOSPC');
    },
  });
  say(full, 'a.a', 'b.b');
  say(full, 'c.c');
  t.same(namesOf(full.after(0)), ['a.a', 'b.b', 'c.c']);
  t.same(troubles, ['read Error: EIO', 'write Error: ENOSPC']);
  t.end();
});

t.test('the log is its source: from info on, and not who asked what', (t) => {
  const journal = journalOf();
  const plain = new MemoryLog();
  const log = journalledLog(plain, journal);
  log.debug({ event: 'a.debug' });
  log.info({ event: 'a.info' });
  log.warn({ event: 'a.warn' });
  log.error({ event: 'a.error' });
  log.info({ event: 'api.asked' });
  journal.flush();
  t.equal(plain.events.length, 5);
  t.same(
    (journal.after(0) as StreamEvent[]).map(({ event, level }) => [event, level]),
    [
      ['a.info', 'info'],
      ['a.warn', 'warn'],
      ['a.error', 'error'],
    ],
  );
  t.end();
});

t.test('wants: how names begin, and how loud', (t) => {
  const one = { event: 'health.verdict', level: 'warn' } as const;
  t.ok(isWanted({ events: [], level: 'info' }, one));
  t.ok(isWanted({ events: ['vrrp.', 'health.'], level: 'info' }, one));
  t.ok(isWanted({ events: ['health.verdict'], level: 'warn' }, one));
  t.notOk(isWanted({ events: ['vrrp.'], level: 'info' }, one));
  t.notOk(isWanted({ events: [], level: 'error' }, one));
  t.end();
});

t.test('a file that is far too long is none of ours', (t) => {
  const path = join(folderOf(t), 'events.jsonl');
  appendFileSync(path, 'x'.repeat(17 * 1024 * 1024));
  t.same(lineFile(path).read(), []);
  lineFile(path).append(['a']);
  t.equal(readFileSync(path, 'utf8'), 'a\n');
  t.end();
});
