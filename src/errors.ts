/**
 * Every failure a user can meet: its code, and the sentence made from its facts, which says what to do where something can be done.
 * docs/errors.md lists the same codes; test/unit/errors.test.ts holds the two together.
 */
const catalogue = {
  ADDON_MISSING: () => "the native addon is not built; run 'npm install' in the checkout",
  ADDON_STALE: (path: string, found: number, wanted: number) =>
    `${path} was built for another lvsd (interface ${found}, wanted ${wanted}); run 'npm install' in the checkout`,
  NETLINK_SOCKET: (why: string) => `cannot open a netlink socket: ${why}`,
  NETLINK_OVERRUN: (operation: string) =>
    `${operation}: the kernel's answer was lost because the socket's buffer was full; read the table again to see what was done`,
  NETLINK_CLOSED: () => 'the netlink socket was closed while a request was waiting',
  NETLINK_TIMEOUT: (operation: string, ms: number) => `${operation}: the kernel did not answer within ${ms} ms`,
  NETLINK_MALFORMED: (operation: string, why: string) =>
    `${operation}: the kernel's answer is not well-formed (${why})`,
  NETLINK_INTERRUPTED: (operation: string, times: number) =>
    `${operation}: the table changed during each of ${times} attempts to read it; try again when it is quieter`,
  IPVS_UNAVAILABLE: () =>
    "the kernel has no IPVS (generic netlink family IPVS is missing); load it with 'modprobe ip_vs', or use a kernel built with CONFIG_IP_VS",
  IPVS_NO_PERMISSION: (operation: string) =>
    `${operation}: not permitted; IPVS needs root or CAP_NET_ADMIN in the initial user namespace`,
  IPVS_NO_SUCH_SERVICE: (operation: string, service: string) => `${operation}: no such service: ${service}`,
  IPVS_NO_SUCH_DESTINATION: (operation: string, destination: string) =>
    `${operation}: no such destination: ${destination}`,
  IPVS_NO_SUCH_DAEMON: (operation: string, state: string) => `${operation}: no ${state} sync daemon is running`,
  IPVS_EXISTS: (operation: string, object: string) => `${operation}: already exists: ${object}`,
  IPVS_NO_SCHEDULER: (operation: string, scheduler: string) =>
    `${operation}: the kernel has no scheduler or persistence engine '${scheduler}'; is module ip_vs_${scheduler} installed?`,
  IPVS_REFUSED: (operation: string, object: string, reason: string) => `${operation} ${object}: ${reason}`,
  SYSCTL_ABSENT: (name: string) => `the kernel has no sysctl ${name}; is its module loaded, or its interface there?`,
  SYSCTL_FORBIDDEN: (operation: string, name: string) =>
    `${operation} sysctl ${name}: not permitted; it needs root or CAP_NET_ADMIN, and a writable /proc/sys`,
  SYSCTL_REFUSED: (name: string, value: string) => `the kernel does not take '${value}' for sysctl ${name}`,
  SYSCTL_FAILED: (operation: string, name: string, reason: string) => `${operation} sysctl ${name}: ${reason}`,
  SYSCTL_RANGE: (name: string, value: string, expected: string) => `sysctl ${name}: '${value}' is not ${expected}`,
  SYSCTL_MALFORMED: (name: string, text: string, expected: string) =>
    `sysctl ${name}: the kernel says '${text}', expected ${expected}`,
  LINK_MISSING: (name: string) => `there is no interface ${name}`,
  LINK_EXISTS: (operation: string, object: string) => `${operation} ${object}: it is already there`,
  LINK_NO_SUCH_ADDRESS: (operation: string, object: string) => `${operation} ${object}: there is no such address`,
  LINK_NO_PERMISSION: (operation: string) => `${operation}: not permitted; it needs root or CAP_NET_ADMIN`,
  LINK_REFUSED: (operation: string, object: string, reason: string) => `${operation} ${object}: ${reason}`,
  SERVICE_ADOPTED: (service: string) =>
    `${service} was already in the kernel and not made by lvsd; it is taken over and made what the file says; stop whatever else manages it, or run with '--foreign refuse'`,
  SERVICE_FOREIGN: (service: string) =>
    `${service} is already in the kernel and not made by lvsd; it is left alone and the file's is not made: delete one of the two, or run with '--foreign adopt'`,
  SERVER_UNKNOWN: (server: string) =>
    `the file has no real server '${server}'; 'lvsctl status' prints the names, such as 'tcp 192.0.2.1:80 -> 10.0.0.1:80'`,
  DIRECTOR_RUNS: (path: string) =>
    `another lvsd answers at ${path}; stop it first, or give this one a socket of its own with --control`,
  FOLDER_TAKEN: (folder: string, pid: string) =>
    `another lvsd (process ${pid}) keeps its state and its engine in ${folder}; stop it first, or give this one a folder of its own with --state`,
  VRRP_RUNS: (folder: string, pid: string) =>
    `another 'lvsd vrrp' (process ${pid}) holds virtual addresses for ${folder}; stop it first, or give this one a folder of its own with --folder`,
  DIRECTOR_ABSENT: (path: string, reason: string) => `no lvsd answers at ${path} (${reason}); is 'lvsd run' running?`,
  DOCTOR_BLIND: (where: string, why: string) => `${where} did not tell its facts: ${why}`,
  DOCTOR_STRANGER: (host: string) =>
    `the configuration has no real server with an address of ${host}; name it by one of its addresses, or check the file (-f)`,
  CONTROL_FAILED: (path: string, reason: string) => `the control socket ${path} cannot be made: ${reason}`,
  CONFIG_REFUSED: (path: string, errors: number) =>
    `${path} has ${errors} error${errors === 1 ? '' : 's'}; nothing was changed`,
  NAMESPACE_OTHER: (word: string, name: string) =>
    `the file's ${word} is '${name}', and lvsd stays in the namespace it was started in; start it there: ip netns exec ${name} lvsd run …`,
  REALSERVER_STATE_UNREADABLE: (path: string, why: string) =>
    `what was there before cannot be read from ${path}: ${why}`,
  REALSERVER_STATE_UNWRITABLE: (path: string, reason: string) =>
    `what was there before cannot be remembered in ${path}: ${reason}; nothing was changed without it`,
  REALSERVER_STATE_FOREIGN: (path: string) =>
    `${path} is about another network namespace; give this one a state folder of its own with --state`,
  NFT_MISSING: (command: string) =>
    `'${command}' cannot be run; marking packets for fwmark services and real servers of L3DSR need it: install the package nftables`,
  NFT_TIMEOUT: (ms: number) => `nft did not end within ${ms} ms and was stopped`,
  NFT_REFUSED: (reason: string) => `nft: ${reason}`,
  // what the configuration's userspace engine has and the kernel has not
  IPVS_ENGINE_NEEDED: (change: string, what: string) =>
    `${change}: ${what} is not for the kernel's IPVS; the userspace engine has it ('lvs_engine userspace')`,
  // the process of the userspace engine: dataplane/, routing/
  ENGINE_ABSENT: (path: string, reason: string) => `no engine answers at ${path}: ${reason}`,
  ENGINE_NOT_STARTED: (where: string, reason: string) => `the engine ${where} did not start: ${reason}`,
  ENGINE_LOST: (operation: string) => `${operation}: the connection to the engine ended before its answer`,
  ENGINE_TIMEOUT: (operation: string, ms: number) => `${operation}: the engine did not answer within ${ms} ms`,
  ENGINE_MALFORMED: (operation: string, why: string) => `${operation}: the engine's answer is not well-formed (${why})`,
  ENGINE_SAYS_NO: (operation: string, why: string) => `${operation}: the engine refused it: ${why}`,
  ENGINE_CANNOT: (object: string, why: string) => `${object} cannot be forwarded by the engine: ${why}`,
  ENGINE_MOVE: (service: string, to: string) => `${service} stays where it is forwarded now, because ${to} refused it`,
  MADE_UNREADABLE: (path: string) =>
    `${path} cannot be read (the log says why) and would be overwritten: mend it or move it away, and start lvsd again`,
  // the images of dataplane/
  ENGINE_IMAGE_UNREADABLE: (why: string) => `the services that the engine has cannot be read: ${why}`,
  // the engine in this process: addon/simulation.ts
  ENGINE_REFUSED: (image: string, array: string, index: number, why: string) =>
    `the engine refused the ${image} image: ${array} ${index}: ${why}`,
  // replay and what-if
  REPLAY_FILE: (path: string, why: string) => `${path}: ${why}`,
  REPLAY_LINE: (path: string, line: number, why: string) => `${path}:${line}: ${why}`,
  REPLAY_INTERFACE: (name: string, known: string) =>
    `there is no interface '${name}' in the topology; it has ${known === '' ? 'none' : known}`,
  REPLAY_WRITE: (path: string, why: string) => `${path} cannot be written: ${why}`,
  // explain, what-if and capture
  DIRECTOR_SAYS_NO: (why: string) => why,
  EXPLAIN_NOBODY: () => "no engine runs and the kernel has no IPVS: every packet is the kernel's own",
  EXPLAIN_PACKET: (why: string) => why,
  WHAT_IF_NOBODY: (why: string) => why,
  CAPTURE_FILE: (path: string, why: string) => `${path} cannot be written: ${why}`,
  // vrrp
  VRRP_KEY: (id: number, path: string, why: string) => `auth_hmac: key ${id} in ${path} cannot be used: ${why}`,
  PAIR_KEY: (path: string, why: string) => `pair_key: ${path} cannot be used: ${why}`,
  PAIR_NOBODY: () => "this director knows no other one ('pair_peer' in global_defs), or holds no virtual addresses",
  PAIR_REFUSED: (why: string) => `${why}; nothing was changed`,
  PUSH_FILES: (path: string, why: string) => `the files of ${path} cannot be replaced: ${why}`,
  VRRP_NOT_STARTED: (why: string) => `the process that holds the virtual addresses could not be started: ${why}`,
  // between the processes of two directors that keep their connections alike
  SYNC_NOT_STARTED: (why: string) => `the process that synchronises connections could not be started: ${why}`,
  SYNC_AWAY: (why: string) => `the other director is not reached: ${why}`,
  SYNC_UNTRUSTED: (why: string) => `the other director is not trusted: ${why}`,
  SYNC_REFUSED: (why: string) => `the other director refuses: ${why}`,
  // connections of a director that joins
  RESYNC_FAILED: (why: string) => `the other director's connections were not taken over: ${why}`,
  // what is declared beside the file
  LAYERS_CLASH: (service: string, one: string, other: string) =>
    `${service} is declared twice: by the ${one} and by the ${other}; take it out of one of the two`,
  DECLARED_INVALID: (complaints: number) =>
    `${complaints === 1 ? 'a change' : `${complaints} places in the changes`} cannot be made as told; nothing was changed`,
  DECLARED_MISSING: (what: string) => `${what} is not declared by the API`,
  DECLARED_REVISION: (expected: number, now: number) =>
    `the changes are for revision ${expected}, and it is ${now} now: read again what is declared, then change it`,
  DECLARED_PENDING: (revision: number, seconds: number) =>
    `revision ${revision} waits to be confirmed and is taken back in ${seconds} s: confirm it or roll it back first`,
  DECLARED_NOT_PENDING: () => 'no change waits to be confirmed',
  DECLARED_NO_REVISION: (revision: number, oldest: number, now: number) =>
    `there is no way back to revision ${revision}: it is ${now} now, and what was before ${oldest} is forgotten`,
  DECLARED_UNREADABLE: (path: string) =>
    `${path} cannot be read (the log says why) and would be overwritten: mend it or move it away, and start lvsd again`,
  DECLARED_NOT_STORED: (path: string, reason: string) => `${path} cannot be written: ${reason}; nothing was changed`,
  DECLARED_NOT_TAKEN: (changes: number) =>
    `${changes === 1 ? 'a change was' : `${changes} changes were`} refused by who forwards; all of it was taken back`,
  DRAIN_MISSING: (id: string) => `there is no drain '${id}'`,
  // the configuration that many directors share
  FLEET_NOBODY: () => "the file has no 'fleet' block: this director follows nobody but its file",
  FLEET_AWAY: (why: string) => `no etcd answers: ${why}`,
  FLEET_ETCD: (endpoint: string, why: string) => `etcd at ${endpoint} refuses: ${why}`,
  FLEET_DOCUMENT: (document: string, why: string) => `${document} is not for the fleet: ${why}; nothing was written`,
  FLEET_UNKNOWN: (document: string) => `the fleet has no ${document}; 'lvsctl fleet' lists what it has`,
  FLEET_CHANGED: (document: string) =>
    `${document} was written by somebody else meanwhile; nothing was written: look at it again`,
  ANNOUNCE_NOBODY: () => "the file has no 'announce' block: no routing daemon is told anything",
  // the REST API
  API_NO_ROUTE: (path: string) => `the API has no ${path}; GET /v1/openapi.json lists what it has`,
  API_UNAUTHENTICATED: (why: string) => `it is not known who asks: ${why}`,
  API_FORBIDDEN: (who: string, why: string) => `${who} ${why}`,
  API_ORIGIN: (whose: string) => `the request comes from ${whose}: it is refused, whoever's rights it has`,
  API_TOO_MANY: (who: string, seconds: number) => `${who} asks too much; ask again in ${seconds} s`,
  API_METHOD: (method: string, path: string, allowed: string) => `${path} is not for ${method}: it takes ${allowed}`,
  API_REQUEST: (why: string) => `the request is not understood: ${why}`,
  API_TOO_LARGE: (bytes: number) => `the body of a request has at most ${bytes} bytes`,
  API_MEDIA_TYPE: () => "a body is JSON: 'content-type: application/json', or application/merge-patch+json",
  API_NO_SERVICE: (id: string) => `there is no service '${id}'; GET /v1/services has the ids of all`,
  API_NO_DESTINATION: (id: string, service: string) =>
    `the service '${service}' has no destination '${id}'; GET /v1/services/${service}/destinations has the ids of all`,
  API_NOT_OF_FILE: (destination: string) =>
    `${destination} is no real server that the file has now: only those have a weight that can be overridden`,
  API_CHANGED: (what: string) => `${what} is not what it was when it was read: read it again, then change it`,
  API_EXISTS: (id: string) => `'${id}' is there already: PUT puts another in its place`,
  API_READ_ONLY: (id: string, where: string) =>
    `the service '${id}' is ${where}, and cannot be changed here but for the weight, maintenance and drains of its servers`,
  API_KEY_REUSED: (key: string) => `the Idempotency-Key '${key}' was used for another request: take a new one`,
  API_KEY_BUSY: (key: string) => `the request with the Idempotency-Key '${key}' is still being carried out`,
  API_BUSY: (path: string, most: number) => `${path} is being read by ${most} already: ask again when one has ended`,
  API_FAILED: () => 'lvsd failed to answer; its log says why (api.failed)',
  EVENTS_FULL: (most: number) =>
    `${most} streams of events are open, and there may be no more: close one, or ask for a page`,
  API_TOKEN_FILE: (path: string, why: string) => `${path} is not changed: ${why}`,
  API_SOCKET: (path: string, why: string) => `the API cannot be served at ${path}: ${why}`,
  // lvsctl, which asks it
  API_ABSENT: (path: string, reason: string) =>
    `no lvsd serves its API at ${path} (${reason}); is 'lvsd run' running, and is that its socket (--api SOCKET)?`,
  API_OFF: (path: string) =>
    `an lvsd runs, but does not serve its API at ${path}: its file's 'api' block says where, or that it is off (--api SOCKET asks elsewhere)`,
  API_NO_PERMISSION: (path: string) =>
    `you may not use ${path}: be root or the user lvsd runs as, or give a group the right to it in the file's 'api' block`,
  API_SAYS_NO: (why: string) => why,
  NO_TERMINAL: () => 'there is no terminal to show it on; --once prints it and ends',
  DOCUMENT_UNREADABLE: (file: string, why: string) => `${file} cannot be read as a document of JSON: ${why}`,
} as const satisfies Record<string, (...facts: never[]) => string>;

type Catalogue = typeof catalogue;
export type ErrorCode = keyof Catalogue;
export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];

/** A failure out of the catalogue. `cause` keeps what lay beneath. */
export class LvsError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'LvsError';
  readonly code: C;

  constructor(code: C, facts: Parameters<Catalogue[C]>, options?: ErrorOptions) {
    super((catalogue[code] as (...facts: Parameters<Catalogue[C]>) => string)(...facts), options);
    this.code = code;
  }

  /** The names of the facts a code's sentence is made from, for docs/errors.md. */
  static factsOf(code: ErrorCode): readonly string[] {
    const [, names = ''] = /^\((.*?)\) =>/s.exec(catalogue[code].toString()) ?? [];
    return names.split(',').flatMap((name) => name.trim() || []);
  }
}

export const isLvsError = <C extends ErrorCode>(error: unknown, code: C): error is LvsError<C> =>
  error instanceof LvsError && (error as LvsError).code === code;
