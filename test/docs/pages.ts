/** The pages of docs/ that are made from the code: `npm run docs` writes them, test/unit/docs.test.ts compares. */
import { errorCodes, LvsError } from '../../src/errors.js';

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

export const pages = (): readonly Page[] => [['docs/errors.md', errors()]];
