/** docs/lvsctl.md: how it is used, and all commands by their table. */
import { commands } from '../../src/cli/lvsctl-commands.js';
import type { Entry } from '../../src/cli/lvsctl-entry.js';
import { foreignRows, groups } from '../../src/cli/overview.js';

const cell = (text: string): string => text.replaceAll('|', '\\|');

const groupText = ([group, title]: readonly [Entry['group'], string]): string => {
  const rows = commands
    .filter((one) => one.group === group)
    .map(({ name, manual }) => `| \`${name}\` | ${cell(manual.summary)} |`);
  const foreign = group === 'engine' ? foreignRows() : [];
  return `### ${title}

| | |
| --- | --- |
${[...rows, ...foreign.map(([words, summary]) => `| ${words.replaceAll(/[^, ]+/g, '`$&`')} | ${cell(summary)} |`)].join('\n')}
`;
};

const usageText = (name: string): string => `\`\`\`
${commands.find((one) => one.name === name)?.usage ?? ''}\`\`\`
`;

export const lvsctlDocument = (): string => `# lvsctl

Asks and steers the director that runs on this machine. Made by \`npm run docs\` from the table that lvsctl itself is made of, as are \`lvsctl help\`,
the man pages (\`man lvsctl\`, \`man lvsd\`, \`man lvsd.conf\`) and what shells complete.

It speaks to two Unix sockets, both in \`$RUNTIME_DIRECTORY\` or \`/run/lvsd\`: the control socket (\`--control\`), and the [REST API](api.md) (\`--api\`). Who
may not write to them is told so; where lvsd does not run, or serves its API elsewhere, that is told too.

- **Tables are for people.** A column is as wide as it must be. On a terminal, or in \`$COLUMNS\`, what matters least is left out where there is no room;
  names and addresses are never cut. Colours are for terminals, and not where \`NO_COLOR\` is set.
- **\`--json\` is for programs**: the documents of the API, lists whole however many pages they have.
- **Exit status**: 0 done, 1 refused or nobody answers, 2 a mistake on the command line. Mistakes and remarks go to standard error.
- A *service* is its name (\`'tcp 192.0.2.1:80'\`), a part of it that no other has (\`192.0.2.1:80\`), or its id (\`tcp-192.0.2.1-80\`); a *server* is
  \`'tcp 192.0.2.1:80 -> 10.0.0.1:80'\`, a service and a server of it, or an address (\`10.0.0.1\`, \`10.0.0.1:80\`): then that server in all services.

## At 3 a.m.

\`\`\`
lvsctl services                          # what is down, where is no quorum, who is connected
lvsctl services 192.0.2.1:80             # its servers: health, weight in force and configured, connections
lvsctl top                               # what passes through now, sorted by any column; ? shows the keys
lvsctl events -f health. vrrp.           # what happens
lvsctl explain 'tcp 198.51.100.7:40000 > 192.0.2.1:80'
lvsctl drain 10.0.0.1 --wait             # out of service everywhere, and wait for the last connection
lvsctl undrain 10.0.0.1
lvsctl plan change.json                  # what a change would do, and how many connections it would touch
lvsctl apply change.json --confirm-within 60
lvsctl confirm                           # or it is taken back by itself
lvsctl history
lvsctl rollback 41
\`\`\`

## Commands

${(Object.entries(groups) as (readonly [Entry['group'], string])[]).map(groupText).join('\n')}
\`lvsctl help COMMAND\` says all of one; the two that change most:

${usageText('apply')}
${usageText('drain')}
## Completion

The Debian package installs it. Elsewhere: \`source <(lvsctl completion bash)\`, \`source <(lvsctl completion zsh)\`, \`lvsctl completion fish | source\`.
Services, servers and virtual routers are those of the director that runs; where none answers in a moment, nothing is offered.
`;
