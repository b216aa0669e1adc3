import type { PingCheck } from '../check.js';
import { type CheckDraft, common, paceOf, positionOf, targetOf } from './common.js';
import { noEffect } from '../terms.js';
import { type Term, type Vocabulary, readBlock } from '../vocabulary.js';

const NO_PORTS = 'an ICMP echo has no ports';

const ping = {
  ...common,
  connect_port: noEffect(NO_PORTS, common.connect_port),
  bind_port: noEffect(NO_PORTS, common.bind_port),
  via_forwarding: noEffect('whoever has the VIP answers an ICMP echo to it himself', common.via_forwarding),
} satisfies Vocabulary;

export const pingTerm: Term<CheckDraft> = {
  words: ping,
  read(statement, { diagnostics }) {
    const block = readBlock('PING_CHECK', ping, statement.block ?? [], diagnostics);
    return (inherited, diagnostics): PingCheck | undefined => {
      const target = targetOf(block, { ...inherited, port: 0 }, statement, diagnostics);
      if (target === undefined) return undefined;
      const { bindPort: _, ...withoutBindPort } = target;
      const pace = paceOf(block, inherited, { retries: 1, retryDelaySeconds: 1 });
      const echoed = { ...withoutBindPort, port: 0, viaForwarding: false };
      return { is: 'ping', position: positionOf(statement, inherited), pace, target: echoed };
    };
  },
};
