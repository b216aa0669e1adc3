import { type CheckDraft, common, paceOf, targetOf } from './common.js';
import { httpTerm } from './http.js';
import { laterBlock } from '../later.js';
import { each } from '../terms.js';
import { positionOfWord } from '../tree.js';
import { type Term, type Vocabulary, readBlock } from '../vocabulary.js';

const tcpTerm: Term<CheckDraft> = {
  read(statement, context) {
    const lines = statement.block ?? []; // TCP_CHECK without a block is complained about where braces are
    const block = readBlock('TCP_CHECK', common, lines, context.diagnostics);
    return (inherited, diagnostics) => {
      const target = targetOf(block, inherited, statement, diagnostics);
      const position = positionOfWord(statement, 0);
      const pace = paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 });
      return target === undefined ? undefined : { is: 'tcp', position, pace, target };
    };
  },
};

const unchecked = laterBlock('the server is not checked by it');

/** The words of real_server that begin a check. */
export const checks = {
  TCP_CHECK: each(tcpTerm),
  HTTP_GET: each(httpTerm('HTTP_GET')),
  SSL_GET: each(httpTerm('SSL_GET')),
  SMTP_CHECK: unchecked,
  DNS_CHECK: unchecked,
  MISC_CHECK: unchecked,
  UDP_CHECK: unchecked,
  PING_CHECK: unchecked,
  FILE_CHECK: unchecked,
  BFD_CHECK: unchecked,
} satisfies Vocabulary;
