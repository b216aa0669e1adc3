import { EventEmitter } from 'node:events';
import t from 'tap';
import { jsonLog, reasonOf } from '../../../src/system/log.js';
import { onSignals } from '../../../src/system/signals.js';

t.test('events are lines of JSON with their fields, a level in words and a time', (t) => {
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => void lines.push(line) });
  log.warn({ event: 'health.verdict', server: 'a', verdict: 'down' });
  log.debug({ event: 'not.asked-for' });
  t.equal(lines.length, 1);
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  t.match(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  t.same(rest, { level: 'warn', pid: process.pid, event: 'health.verdict', server: 'a', verdict: 'down' });
  t.end();
});

t.test('the reason of whatever was thrown', (t) => {
  t.equal(reasonOf(new Error('no')), 'no');
  t.equal(reasonOf('no'), 'no');
  t.end();
});

t.test('signals are listened to until that is undone', (t) => {
  const source = new EventEmitter();
  const log: string[] = [];
  const undo = onSignals(source, { SIGHUP: () => log.push('hup'), SIGTERM: () => log.push('term') });
  source.emit('SIGHUP');
  source.emit('SIGTERM');
  undo();
  source.emit('SIGHUP');
  t.same(log, ['hup', 'term']);
  t.equal(source.listenerCount('SIGTERM'), 0);
  t.end();
});
