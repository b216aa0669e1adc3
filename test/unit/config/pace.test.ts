import t from 'tap';
import type { CheckPace } from '../../../src/config/check.js';
import { readConfiguration } from '../../../src/config/read.js';
import { says, service } from './says.js';

const real = (...lines: string[]): string[] => ['real_server 10.1.0.1 80 {', ...lines, '}'];
const check = (...lines: string[]): string[] => ['TCP_CHECK {', ...lines, '}'];

/** Of the only check. */
function paceOf(text: string): CheckPace | undefined {
  const { configuration } = readConfiguration({ file: 'f', text });
  return configuration?.virtualServers[0]?.realServers[0]?.checks[0]?.pace;
}

t.test('fall is retry and one; the innermost counts, whichever word it is', (t) => {
  t.match(paceOf(service('fall 3', ...real(...check()))), { retries: 2 });
  t.match(paceOf(service('retry 5', ...real('fall 1', ...check()))), { retries: 0 });
  t.match(paceOf(service('fall 9', ...real(...check('retry 4')))), { retries: 4 });
  t.end();
});

t.test('fall and retry in one block contradict each other', (t) => {
  for (const [first, second] of [
    ['retry 2', 'fall 3'],
    ['fall 3', 'retry 2'],
  ] as const) {
    const said = says(service(...real(...check(first, second))));
    const [word, other] = [second.split(' ')[0], first.split(' ')[0]];
    t.same(said, [`8:1: '${word}' says again what '${other}' says in line 7, expected it once`]);
  }
  t.end();
});

t.test('rise', (t) => {
  t.match(paceOf(service('rise 3', ...real(...check()))), { rise: 3 });
  t.match(paceOf(service('rise 3', ...real('rise 2', ...check('rise 1')))), { rise: 1 });
  t.same(says(service('rise 0', ...real(...check()))).length, 1);
  t.end();
});

t.test('adaptive_interval: a tenth of the delay_loop that holds, at least 0.1 seconds, or what is said', (t) => {
  t.equal(paceOf(service('delay_loop 20', ...real(...check())))?.unsureSeconds, undefined);
  t.equal(paceOf(service('delay_loop 20', 'adaptive_interval', ...real(...check())))?.unsureSeconds, 2);
  t.equal(paceOf(service('adaptive_interval', ...real(...check('delay_loop 10'))))?.unsureSeconds, 1);
  t.equal(paceOf(service('adaptive_interval', ...real(...check('delay_loop 0.5'))))?.unsureSeconds, 0.1);
  t.equal(paceOf(service('adaptive_interval 0.3', ...real(...check())))?.unsureSeconds, 0.3);
  t.equal(paceOf(service('adaptive_interval', ...real(...check('adaptive_interval off'))))?.unsureSeconds, undefined);
  t.match(says(service('adaptive_interval 0.01', ...real(...check()))), [/seconds from 0\.1, or off$/]);
  t.end();
});

t.test('flap_damping', (t) => {
  const damping = { falls: 3, withinSeconds: 60, holdSeconds: 300 };
  t.same(paceOf(service('flap_damping 3 60 300', ...real(...check())))?.damping, damping);
  t.equal(paceOf(service('flap_damping 3 60 300', ...real(...check('flap_damping off'))))?.damping, undefined);
  t.match(says(service('flap_damping 3 60', ...real(...check()))), [/'flap_damping' lacks a value/]);
  t.match(says(service('flap_damping 0 60 300', ...real(...check()))), [/'0' is no value of flap_damping/]);
  t.end();
});
