import { bfdTerm } from './bfd.js';
import { type CheckDraft, common, paceOf, positionOf, targetOf } from './common.js';
import { dnsTerm } from './dns.js';
import { fileTerm } from './file.js';
import { grpcTerm } from './grpc.js';
import { httpTerm } from './http.js';
import { miscTerm } from './misc.js';
import { pingTerm } from './ping.js';
import { smtpTerm } from './smtp.js';
import { udpTerm } from './udp.js';
import { each } from '../terms.js';
import { type Term, type Vocabulary, readBlock } from '../vocabulary.js';

const tcpDefaults = { retries: 1, retryDelaySeconds: 1 };

const tcpTerm: Term<CheckDraft> = {
  words: common,
  read(statement, context) {
    const lines = statement.block ?? []; // TCP_CHECK without a block is complained about where braces are
    const block = readBlock('TCP_CHECK', common, lines, context.diagnostics);
    return (inherited, diagnostics) => {
      const target = targetOf(block, inherited, statement, diagnostics);
      const position = positionOf(statement, inherited);
      const pace = paceOf(block, inherited, tcpDefaults);
      return target === undefined ? undefined : { is: 'tcp', position, pace, target };
    };
  },
};

/** The words of real_server that begin a check. */
export const checks = {
  TCP_CHECK: each(tcpTerm),
  HTTP_GET: each(httpTerm('HTTP_GET')),
  SSL_GET: each(httpTerm('SSL_GET')),
  GRPC_CHECK: each(grpcTerm),
  SMTP_CHECK: smtpTerm,
  DNS_CHECK: each(dnsTerm),
  MISC_CHECK: each(miscTerm),
  UDP_CHECK: each(udpTerm),
  PING_CHECK: each(pingTerm),
  FILE_CHECK: each(fileTerm),
  BFD_CHECK: each(bfdTerm),
} satisfies Vocabulary;
