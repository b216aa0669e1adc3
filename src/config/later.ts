import { blockOf, noEffect } from './terms.js';
import type { Term, Vocabulary } from './vocabulary.js';

/** Words of keepalived that are known and do nothing here. Each is named in one warning with the reason; none is passed over in silence. */
const anything: Term<true> = { read: () => true, join: () => true };

export const withoutEffect = (why: string): Term<true> => noEffect(why, anything);

/** snmp_name of services and servers. */
export const snmpName = withoutEffect("lvsd has no SNMP agent; 'lvsctl status --json' has the numbers");

/** What JavaScript's patterns and Node's TLS do by themselves. */
export const later = withoutEffect('lvsd does it by itself as far as it is needed');

const NAMESPACE = 'the pid file, the log and the state of several directors are kept apart by how each is started';

/** Outermost words. */
export const outermostWithoutEffect = {
  instance: withoutEffect(NAMESPACE),
  use_pid_dir: withoutEffect('lvsd writes no pid file'),
  child_wait_time: withoutEffect('lvsd has no processes of its own to wait for'),
  namespace_with_ipsets: { ...withoutEffect('kernels since 3.13 have ipsets in every namespace'), instead: 'nothing' },
  linkbeat_use_polling: { ...withoutEffect('the kernel tells when a link goes down or up'), instead: 'nothing' },
  linkbeat_interfaces: {
    ...noEffect('the kernel tells when a link goes down or up', anything),
    read: (statement, context) => (blockOf(statement, context) === undefined ? undefined : true),
  },
} satisfies Vocabulary;
