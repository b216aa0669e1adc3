/** Where lvsd differs from keepalived on purpose: docs/keepalived.md prints this table, the conformance runner forgives what is in it. */
export interface Difference {
  /** `stricter`: lvsd refuses what keepalived accepts, `message` is lvsd's. `laxer`: the other way round, `message` is keepalived's. */
  readonly lvsd: 'stricter' | 'laxer';
  readonly message: RegExp;
  readonly what: string;
  readonly reason: string;
}

export const differences: readonly Difference[] = [
  {
    lvsd: 'stricter',
    message: /is no virtual_server_group of this file/,
    what: 'a virtual_server of a group that is not defined',
    reason: 'keepalived starts with the service missing and says nothing',
  },
  {
    lvsd: 'stricter',
    message: /^virtual_server_group '.*' is there already/,
    what: 'two virtual_server_groups of one name',
    reason: 'keepalived uses one of them without a word; only the author knows which one is meant',
  },
  {
    lvsd: 'stricter',
    message: /^service .* is there already/,
    what: 'a service that is there twice',
    reason: "keepalived merges the second's servers into the first",
  },
  {
    lvsd: 'stricter',
    message: /^real server .* is there already/,
    what: 'a real server that is there twice in one service',
    reason: 'the kernel has it once: one of the two weights, and one of the two healths, would win by chance',
  },
  {
    lvsd: 'stricter',
    message: /is not of the real server's address family/,
    what: 'connect_ip of the other address family',
    reason: 'it proves nothing of the server that gets the traffic',
  },
  {
    lvsd: 'stricter',
    message: /is no granularity for IPv4/,
    what: '`persistence_granularity 24` for IPv4',
    reason:
      'keepalived programs the mask 0.0.0.24, so that clients are parted by four bits in the middle of their addresses',
  },
  {
    lvsd: 'stricter',
    message: /^nothing says which port to check/,
    what: 'a check of a real server without a port',
    reason: 'keepalived connects to port 0, and the server is down for ever',
  },
  {
    lvsd: 'stricter',
    message: /is no pattern|regular expression/,
    what: 'a `regex` that does not compile',
    reason: 'keepalived drops the check, and the server counts as alive whatever it answers',
  },
  {
    lvsd: 'stricter',
    message: /is no entry of a virtual_server_group/,
    what: 'a range of addresses that ends before it begins or has no end',
    reason: "keepalived's daemon counts for ever",
  },
  {
    lvsd: 'stricter',
    message: /^a NUL byte/,
    what: 'a NUL byte in the file',
    reason: 'keepalived 2.3.4 ignores the rest of the line without a word; 2.4.3 refuses it, as lvsd does',
  },
  {
    lvsd: 'stricter',
    message: /stands where the user and group of the command are named/,
    what: 'arguments behind a command that is not quoted, or behind the quotes',
    reason: 'keepalived takes them for a user and a group, or drops them, and runs the command without arguments',
  },
  {
    lvsd: 'stricter',
    message: /there is no such file/,
    what: '`include` of a file that is not there (a pattern without a match is only warned of)',
    reason: 'keepalived goes on without it, and a reload removes the services it had',
  },
  {
    lvsd: 'stricter',
    message: /begins a statement of its own/,
    what: 'two statements on one line',
    reason: 'keepalived ignores the second without a word',
  },
  {
    lvsd: 'stricter',
    message: /is a flag: it is on because it is there/,
    what: '`no`, `off` or `false` behind a word that is a flag',
    reason: 'keepalived ignores what follows a flag, and switches on what the file says to switch off',
  },
  {
    lvsd: 'laxer',
    message: /^Unknown keyword '\\'$/,
    what: 'quotes and a backslash in a comment',
    reason: 'a comment is a comment; keepalived reads the end of such a line',
  },
];
