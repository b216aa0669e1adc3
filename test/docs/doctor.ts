import { doctorCommand } from '../../src/cli/doctor.js';
import { directorRules } from '../../src/doctor/director-rules.js';
import type { Rule } from '../../src/doctor/finding.js';
import { serverRules } from '../../src/doctor/server-rules.js';

const row = ({ name, severity, why }: Rule<never>): string => `| \`${name}\` | ${severity} | ${why} |`;

export const doctorPage = (): string =>
  `# What is wrong with this machine: \`lvsctl doctor\`

Forwarding that does not work is most often a setting of the kernel that contradicts the configuration. \`lvsctl doctor\` compares the two, of the
director itself and, over ssh, of a real server; each finding says why it matters and which command mends it. It changes nothing. The rules below
are made from src/doctor by \`npm run docs\`.

    lvsctl doctor                                        # this director, by /etc/lvsd/lvsd.conf
    lvsctl doctor --server 10.0.0.11                     # a real server of it
    lvsctl doctor --server web1 --ssh 'ssh -p 2222 -l ops'
    curl --unix-socket /run/lvsd/api.sock http://lvs/v1/doctor

A finding is \`wrong\` (it does not work, or not for everybody; exit status 1), a \`risk\` (it will not in circumstances that come) or a \`hint\` (it
could be quicker or safer). What a machine does not tell is not judged: without \`ethtool\` nobody knows of LRO, without \`timedatectl\` nobody knows
of the clock, in a container without /lib/modules nobody knows what could be loaded.

On a server the script runs in \`/bin/sh\`, reads /proc and /sys and calls \`ip\`; it writes nothing and needs no privileges. BusyBox will do.

\`\`\`
${doctorCommand.usage}\`\`\`

## A director

| rule | | why |
| --- | --- | --- |
${directorRules.map(row).join('\n')}

## A real server

| rule | | why |
| --- | --- | --- |
${serverRules.map(row).join('\n')}
`;
