import type { SmtpCheck } from '../check.js';
import { type CheckDraft, common, paceOf, positionOf, targetOf } from './common.js';
import { type Reader, blockOf, one } from '../terms.js';
import { type Statement, placeOfWord } from '../tree.js';
import { type Block, type Term, type Vocabulary, readBlock } from '../vocabulary.js';

/** One word of the command line of HELO: with a line end in it, it would be another command. */
const heloName: Reader<string> = (text) =>
  /^[!-~]{1,255}$/.test(text) ? { value: text } : { expected: 'a host name, at most 255 characters without spaces' };

interface Host {
  readonly header: Statement;
  readonly block: Block<typeof common>;
}

/** An address of its own to ask; what it does not say is as in SMTP_CHECK. */
const host: Term<readonly Host[]> = {
  instead: 'an SMTP_CHECK for each address',
  words: common,
  read(statement, context) {
    const { diagnostics } = context;
    const lines = blockOf(statement, context);
    if (lines === undefined) return undefined;
    const message = "'host' is an old way to check more than one address";
    diagnostics.warning(placeOfWord(statement, 0), message, { expected: "an 'SMTP_CHECK' for each address" });
    return [{ header: statement, block: readBlock('host', common, lines, diagnostics) }];
  },
  join: (before, now) => [...before, ...now],
};

const smtp = {
  ...common,
  helo_name: one(heloName),
  host,
} satisfies Vocabulary;

const USUAL_HELO_NAME = 'smtpchecker.keepalived.org';

/**
 * SMTP_CHECK makes one check, or one for each `host` in it. keepalived asks the hosts one after the other in one check, and the server
 * is down if one of them fails; so it is here, where it is down if one of its checks fails.
 */
export const smtpTerm: Term<readonly CheckDraft[]> = {
  words: smtp,
  read(statement, { diagnostics }) {
    const block = readBlock('SMTP_CHECK', smtp, statement.block ?? [], diagnostics);
    const hosts = block.values.host ?? [];
    if (hosts.length === 0) return [draft(statement, block, block)];
    return hosts.map((host) => draft(host.header, host.block, block));
  },
  join: (before, now) => [...before, ...now],
};

const draft = (header: Statement, inner: Block<typeof common>, outer: Block<typeof smtp>): CheckDraft => {
  const block: Block<typeof common> = {
    values: { ...outer.values, ...inner.values },
    statements: { ...outer.statements, ...inner.statements },
    failed: new Set([...outer.failed, ...inner.failed]),
    doubtful: outer.doubtful || inner.doubtful,
  };
  return (inherited, diagnostics): SmtpCheck | undefined => {
    const target = targetOf(block, inherited, header, diagnostics);
    if (target === undefined) return undefined;
    const pace = paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 });
    const heloName = outer.values.helo_name ?? USUAL_HELO_NAME;
    return { is: 'smtp', position: positionOf(header, inherited), pace, target, heloName };
  };
};
