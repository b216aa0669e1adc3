// mostly waits
/** Completion in real shells: commands, options, and names of what a running director has, blanks and colons in them. */
import { join } from 'node:path';
import t from 'tap';
import { completionScripts, type Shell } from '../../src/cli/completion.js';
import { temporaryDirectory, unlessInstalled } from '../helpers/program.js';
import { scriptedApi } from '../helpers/scripted-api.js';
import { site } from '../helpers/scripted-site.js';
import { Terminal } from '../helpers/terminal.js';

const LIMIT_MS = 300_000;
const bin = join(import.meta.dirname, '../../../bin');

const shells: Readonly<Record<Shell, { readonly command: readonly string[]; readonly begin: string }>> = {
  bash: { command: ['bash', '--norc', '--noprofile'], begin: 'source <(lvsctl completion bash)' },
  zsh: { command: ['zsh', '-f'], begin: 'autoload -Uz compinit && compinit -D && source <(lvsctl completion zsh)' },
  fish: { command: ['fish', '--no-config'], begin: 'lvsctl completion fish | source' },
};

/** What is typed before Tab is pressed, and how the line is then: in each shell by its own way to write blanks. */
const lines: readonly (readonly [typed: string, becomes: RegExp])[] = [
  ['lvsctl maint', /lvsctl maintenance( |$)/],
  ['lvsctl connections --temp', /lvsctl connections --templates( |$)/],
  ['lvsctl failover --to pe', /lvsctl failover --to peer( |$)/],
  ['lvsctl services t', /lvsctl services tcp-192\.0\.2\.1-80( |$)/],
  ['lvsctl services udp-2001:d', /lvsctl services udp-2001:db8::1-53( |$)/],
  ['lvsctl connections --service=udp-2001:db8:', /lvsctl connections --service=udp-2001:db8::1-53( |$)/],
  ['lvsctl maintenance on --dry-run 2001', /lvsctl maintenance on --dry-run 2001:db8:1::1-53( |$)/],
  [
    'lvsctl weight u',
    /lvsctl weight ('udp \[2001:db8::1\]:53 -> \[2001:db8:1::1\]:53'|udp\\ \\\[2001:db8::1\\\]:53\\ -\\>\\ \\\[2001:db8:1::1\\\]:53)/,
  ],
  ['lvsctl apply chan', /lvsctl apply change\.json( |$)/],
];

/** Once more where nobody answered in time: on a busy machine a shell is told nothing rather than late. */
async function pressTab(terminal: Terminal, becomes: RegExp): Promise<void> {
  const isSo = (screen: readonly string[]): boolean =>
    becomes.test(screen.findLast((line) => line.includes('lvsctl')) ?? '');
  for (let tries = 1; tries < 5; tries++) {
    await terminal.press('Tab');
    if (await terminal.becomes(isSo, 5000)) return;
  }
  await terminal.press('Tab');
  await terminal.until(isSo, String(becomes));
}

/** Once more where it was lost: a terminal forgets what was typed before C-c, and a shell may read what comes after it as late as it likes. */
async function clear(terminal: Terminal): Promise<void> {
  const isEmpty = (screen: readonly string[]): boolean => !screen.some((line) => line.includes('lvsctl'));
  for (let tries = 1; tries < 20; tries++) {
    await terminal.press('C-c');
    if (await terminal.becomes(isEmpty, 100)) return;
    await terminal.press('C-l');
    if (await terminal.becomes(isEmpty, 2000)) return;
  }
  await terminal.until(isEmpty, 'an empty line');
}

for (const shell of Object.keys(shells) as Shell[])
  t.test(shell, { skip: unlessInstalled('tmux') || unlessInstalled(shell), timeout: LIMIT_MS }, async (t) => {
    const folder = temporaryDirectory(t);
    await scriptedApi(t, site(), folder);
    const { command, begin } = shells[shell];
    const terminal = await Terminal.open(t, {
      columns: 160,
      command: ['sh', '-c', `cd ${folder} && touch change.json && exec ${command.join(' ')}`],
      environment: {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        RUNTIME_DIRECTORY: folder,
        HOME: folder,
        XDG_CONFIG_HOME: folder,
        XDG_DATA_HOME: folder,
        PS1: '$ ',
        TERM: 'xterm',
      },
    });
    await terminal.type(`${begin}; echo rea''dy`);
    await terminal.press('Enter');
    await terminal.until(/^ready/m);
    for (const [typed, becomes] of lines) {
      await terminal.type(typed);
      await pressTab(terminal, becomes);
      t.pass(typed);
      await clear(terminal);
    }
    await terminal.type('lvsctl co');
    await terminal.press('Tab', 'Tab');
    await terminal.until(/connections[\s\S]*confirm|confirm[\s\S]*connections/);
  });

t.test('the scripts are those of the shells that they are for', (t) => {
  for (const [shell, script] of Object.entries(completionScripts)) t.match(script, `lvsctl completion ${shell}`);
  t.end();
});
