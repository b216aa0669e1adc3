import t from 'tap';
import { idleProcessors, ticksOf } from '../../../src/system/processors.js';

const stat = (line: string): string => `cpu  ${line}\ncpu0 1 0 0 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\nintr 5 cpu\n`;

t.test('what /proc/stat says', (t) => {
  t.strictSame(ticksOf(stat('10 1 20 900 60 2 3 4 99 99')), { idle: 960, all: 1000, processors: 2 });
  t.strictSame(ticksOf(''), { idle: 0, all: 0, processors: 0 });
  t.end();
});

t.test('idle since it was asked last', (t) => {
  const texts = ['0 0 0 1000 0 0 0 0', '50 0 0 1150 0 0 0 0', '50 0 0 1150 0 0 0 0', '150 0 0 1150 0 0 0 0'].map(stat);
  const idle = idleProcessors(() => texts.shift() ?? '');
  t.equal(idle(), 1.5, 'three quarters of two');
  t.equal(idle(), undefined, 'no tick has passed');
  t.equal(idle(), 0);
  t.end();
});

t.test("this machine's", (t) => {
  const idle = idleProcessors();
  const told = idle() ?? 0;
  t.ok(told >= 0 && told < 4096);
  t.end();
});
