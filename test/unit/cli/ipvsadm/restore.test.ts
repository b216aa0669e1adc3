import t from 'tap';
import type { Command } from '../../../../src/cli/ipvsadm/command.js';
import { restore, wordsOfLines } from '../../../../src/cli/ipvsadm/restore.js';
import { testIo } from './fixtures.js';

const noKernel = (): never => {
  throw new Error('not opened here');
};

/** A runner whose kernel refuses services at port 9 and answers when it is told to. */
function recorder() {
  const events: string[] = [];
  return {
    events,
    startChange: (command: Command): Promise<string | undefined> | undefined => {
      if (!('service' in command) || command.service?.by !== 'address' || command.do === 'list') return undefined;
      const { port } = command.service;
      events.push(`send ${port}`);
      return Promise.resolve().then(() => {
        events.push(`answer ${port}`);
        return port === 9 ? 'Service already exists' : undefined;
      });
    },
    execute: (command: Command): Promise<number> => {
      events.push(command.do);
      return Promise.resolve(0);
    },
  };
}

const add = (port: number): string => `-A -t 1.1.1.1:${port}\n`;

t.test('changes are sent without waiting, a listing waits for all before it', async (t) => {
  const runner = recorder();
  const io = testIo({ open: noKernel, stdin: `${add(1)}${add(2)}-Ln\n${add(3)}` });
  t.equal(await restore(io, runner), 0);
  t.strictSame(runner.events, ['send 1', 'send 2', 'answer 1', 'answer 2', 'list', 'send 3', 'answer 3']);
});

t.test('what the kernel refuses is printed in order, and the last line gives the exit code', async (t) => {
  const io = testIo({ open: noKernel, stdin: `${add(9)}${add(1)}-A --bogus\n${add(2)}` });
  t.equal(await restore(io, recorder()), 0);
  t.equal(io.printed.stderr, 'Service already exists\n--bogus: unknown option\n');
  t.equal(await restore(testIo({ open: noKernel, stdin: `${add(1)}${add(9)}\n\n` }), recorder()), 255);
});

t.test('what ipvsadm refuses ends the run, after everything before it is done', async (t) => {
  for (const [line, exitCode] of [
    ['-A -t bad:bad\n', 2],
    ['# comment\n', 255],
    ['-R\n', 255],
    ['--diff file\n', 255],
  ] as const) {
    const runner = recorder();
    const io = testIo({ open: noKernel, stdin: `${add(9)}${line}${add(2)}` });
    const ended: unknown = await restore(io, runner).catch((refusal: unknown) => refusal);
    t.match(ended, { name: 'Refusal', exitCode }, line);
    t.strictSame(runner.events, ['send 9', 'answer 9'], line);
    t.equal(io.printed.stderr, 'Service already exists\n', line);
  }
});

t.test('-h and -v end the run too', async (t) => {
  const runner = recorder();
  t.equal(await restore(testIo({ open: noKernel, stdin: `-v\n${add(1)}` }), runner), 0);
  t.strictSame(runner.events, ['version']);
});

t.test('no more than a window of changes is under way', async (t) => {
  const runner = recorder();
  await restore(testIo({ open: noKernel, stdin: add(1).repeat(2000) }), runner);
  let [underWay, most] = [0, 0];
  for (const event of runner.events) most = Math.max(most, (underWay += event.startsWith('send') ? 1 : -1));
  t.equal(most, 512);
  t.equal(runner.events.length, 4000);
});

t.test('words: blanks, tabs and CR part them, ipvsadm is none, a NUL ends one', (t) => {
  const rows: readonly (readonly [string, readonly (readonly string[])[]])[] = [
    ['  -A \t-t  x \r\n\n \r\n-C', [['-A', '-t', 'x'], ['-C']]],
    ['ipvsadm\n', []],
    ['ipvsadm -A ipvsadm -t x ipvsadmx\n', [['-A', '-t', 'x', 'ipvsadmx']]],
    ['-A\0B -t x\0\n', [['-A', '-t', 'x']]],
    ['"a b" # c\n', [['"a', 'b"', '#', 'c']]],
  ];
  for (const [text, words] of rows) t.strictSame([...wordsOfLines(text)], words, JSON.stringify(text));
  t.end();
});
