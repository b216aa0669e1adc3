import t from 'tap';
import { readSteps } from '../../../src/replay/steps.js';

t.test('a step on each line, with its number', (t) => {
  t.strictSame(readSteps('# first\nrun lb vip 1.2.3.4/32\n\nin pg0 my captures/a.pcap\n  wait 1.5\nout dir\n'), [
    { line: 2, do: 'run', command: 'lb vip 1.2.3.4/32' },
    { line: 4, do: 'in', port: 'pg0', file: 'my captures/a.pcap' },
    { line: 5, do: 'wait', seconds: 1.5 },
    { line: 6, do: 'out', folder: 'dir' },
  ]);
  t.end();
});

t.test('what is wrong, and where', (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ['run', 'line 1: run what?'],
    ['\nin pg0', 'line 2: in INTERFACE PCAP'],
    ['wait soon', "line 1: wait SECONDS, up to 31536000, not 'soon'"],
    ['wait 99999999', "line 1: wait SECONDS, up to 31536000, not '99999999'"],
    ['out', 'line 1: out to which folder?'],
    ['sleep 1', "line 1: 'sleep' is none of run, in, wait, out"],
  ];
  for (const [text, wrong] of rows) t.strictSame(readSteps(text), { wrong });
  t.end();
});
