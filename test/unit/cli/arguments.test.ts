/** How every command line of ours is read, and what becomes of it. */
import t from 'tap';
import { type Command, flag, readCommand, readSister, text, texts } from '../../../src/cli/arguments.js';
import { answer } from '../../../src/cli/face.js';

const options = { loud: flag, name: { ...text, short: 'n' }, at: texts } as const;
interface Order {
  readonly said: object;
}
const command: Command<typeof options, Order> = {
  usage: 'usage: it\n',
  options,
  read: (values) => (values.name === 'nobody' ? { wrong: 'nobody is nobody' } : { said: values }),
};

const lines: readonly [args: readonly string[], told: object][] = [
  [[], { said: { loud: false, name: undefined, at: [] } }],
  [['--loud', '-n', 'a', '--at', '1', '--at=2'], { said: { loud: true, name: 'a', at: ['1', '2'] } }],
  [['-h'], { help: 'usage: it\n' }],
  [['--name', 'nobody', '--help'], { help: 'usage: it\n' }],
  [['-n', 'nobody'], { wrong: 'nobody is nobody', usage: 'usage: it\n' }],
  [['one', 'two'], { wrong: "'one two' is too much", usage: 'usage: it\n' }],
  [['--laud'], { wrong: "Unknown option '--laud'", usage: 'usage: it\n' }],
  [['--name'], { wrong: "Option '-n, --name <value>' argument missing", usage: 'usage: it\n' }],
  [['--loud=1'], { wrong: "Option '--loud' does not take an argument", usage: 'usage: it\n' }],
];
for (const [args, told] of lines)
  t.test(`a command line: ${args.join(' ')}`, (t) => {
    t.strictSame({ ...readCommand(args, command) }, told);
    t.end();
  });

t.test('words, for a command that takes them', (t) => {
  const read = (_: object, said: readonly string[]): Order => ({ said });
  t.strictSame(readCommand(['one', '--', '--two'], { usage: '', options: {}, takesWords: true, read }), {
    said: ['one', '--two'],
  });
  t.end();
});

t.test('options that sisters share stand before or behind, and beside the own', (t) => {
  const read = readSister(['--json', '-n', 'a', '--control', '/x'], command, { control: text, json: flag });
  t.match(read, { order: { said: { name: 'a' } }, shared: { json: true, control: '/x' } });
  t.match(readSister([], command, { json: flag }), { shared: { json: false } });
  t.end();
});

t.test('what becomes of it', (t) => {
  const said = { out: '', err: '' };
  const output = { out: (more: string) => void (said.out += more), err: (more: string) => void (said.err += more) };
  const status = (args: readonly string[]) => answer('it', readCommand(args, command), output, () => 7);
  t.equal(status([]), 7, 'the order says');
  t.strictSame(said, { out: '', err: '' });
  t.equal(status(['-h']), 0);
  t.equal(status(['-n', 'nobody']), 2);
  t.strictSame(said, { out: 'usage: it\n', err: 'it: nobody is nobody\nusage: it\n' });
  t.end();
});
