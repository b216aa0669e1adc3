/** The pages of docs/ that are made from the code: `npm run docs` writes them, test/unit/docs.test.ts compares. */
import { ipvsSysctls } from '../../src/ipvs/sysctls.js';
import { dropReasons, engineEvents } from '../../src/dataplane/counters.js';
import { errorCodes, LvsError } from '../../src/errors.js';
import { doctorPage } from './doctor.js';
import { metricsPage } from './metrics.js';
import { explainPage } from './explain.js';
import { completionScripts } from '../../src/cli/completion.js';
import { keepalivedPage } from './keepalived/page.js';
import { lvsctlDocument } from './lvsctl.js';
import { confPage, lvsctlPage, lvsdPage } from './man.js';

/** A page's path in the checkout and its text. */
export type Page = readonly [path: string, text: string];

/** A sentence of the catalogue with its facts' names in angle brackets, taken from the function itself. */
function sentence(code: (typeof errorCodes)[number]): string {
  const facts = LvsError.factsOf(code).map((name) => `‹${name}›`);
  return new LvsError(code, facts as never).message.replaceAll('|', '\\|');
}

const errors = (): string =>
  `# Errors

Every failure that lvsd, its tools and its library report has a code and a sentence. Made from src/errors.ts by \`npm run docs\`.

| code | sentence |
| --- | --- |
${errorCodes.map((code) => `| \`${code}\` | ${sentence(code)} |`).join('\n')}
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');

const sysctls = (): string =>
  `# The kernel's IPVS sysctls

All files of /proc/sys/net/ipv4/vs in Linux 7.2, as lvsd knows them. Made from src/ipvs/sysctls.ts by \`npm run docs\`.

| net.ipv4.vs. | default | takes | meaning | since |
| --- | --- | --- | --- | --- |
${Object.entries(ipvsSysctls)
  .map(
    ([name, { kind, initial, meaning, since = '' }]) =>
      `| \`${name}\` | ${initial === undefined ? 'computed' : (kind.print as (value: unknown) => string)(initial)} | ${cell(kind.expected)} | ${cell(meaning)} | ${since} |`,
  )
  .join('\n')}
`;

const words = (rows: readonly (readonly [word: string, meaning: string])[]): string =>
  rows.map(([word, meaning]) => `| \`${word}\` | ${cell(meaning)} |`).join('\n');

const counters = (): string =>
  `# What the engine counts

The words of \`lvsctl --json status\`, \`lvsctl show node counters\` and the \`state.json\` of \`lvsd replay\`. Made from src/dataplane/counters.ts by
\`npm run docs\`; native/engine/counters.h has the same words.

## Why packets were dropped

| reason | meaning |
| --- | --- |
${words(dropReasons.slice(1))}

## What else happened

| event | meaning |
| --- | --- |
${words(engineEvents)}
`;

export const pages = (): readonly Page[] => [
  ['docs/errors.md', errors()],
  ['docs/sysctls.md', sysctls()],
  ['docs/keepalived.md', keepalivedPage()],
  ['docs/counters.md', counters()],
  ['docs/metrics.md', metricsPage()],
  ['docs/explain.md', explainPage()],
  ['docs/lvsctl.md', lvsctlDocument()],
  ['packaging/man/lvsctl.1', lvsctlPage()],
  ['packaging/man/lvsd.8', lvsdPage()],
  ['packaging/man/lvsd.conf.5', confPage()],
  ['packaging/completion/lvsctl.bash', completionScripts.bash],
  ['packaging/completion/_lvsctl', completionScripts.zsh],
  ['packaging/completion/lvsctl.fish', completionScripts.fish],
  ['docs/doctor.md', doctorPage()],
];
