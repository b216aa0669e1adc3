/** Names that numbers of routing have: those of the kernel's headers, and what the files of iproute2 add to them or change. Pure. */
export type NameKind = 'table' | 'protocol' | 'scope' | 'realm' | 'group';

/** The file of each kind, and the folder `FILE.d` of more files that end in `.conf`. */
export const nameFiles: Readonly<Record<NameKind, string>> = {
  table: 'rt_tables',
  protocol: 'rt_protos',
  scope: 'rt_scopes',
  realm: 'rt_realms',
  group: 'group',
};

/** Where they are: of two that give a name the later one counts. */
export const nameFolders: readonly string[] = ['/usr/share/iproute2', '/etc/iproute2'];

const builtIn: Readonly<Record<NameKind, Readonly<Record<string, number>>>> = {
  table: { unspec: 0, default: 253, main: 254, local: 255 },
  protocol: {
    ...{ unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, gated: 8, ra: 9, mrt: 10, zebra: 11, bird: 12 },
    ...{ dnrouted: 13, xorp: 14, ntk: 15, dhcp: 16, keepalived: 18, babel: 42, bgp: 186, isis: 187, ospf: 188 },
    ...{ rip: 189, eigrp: 192 },
  },
  scope: { global: 0, site: 200, link: 253, host: 254, nowhere: 255 },
  realm: { cosmos: 0 },
  group: { default: 0 },
};

/** `254 main`, `0xfe main`; `#` begins a comment. Lines that say nothing else are passed over, as ip(8) does. */
export function readNames(text: string): ReadonlyMap<string, number> {
  const names = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, number = '', name = ''] = /^\s*(0x[0-9a-fA-F]+|\d+)\s+([^\s#]+)\s*(?:#.*)?$/.exec(line) ?? [];
    if (name !== '') names.set(name, Number(number));
  }
  return names;
}

/** Names as the files say them now. */
export class Names {
  readonly #known = new Map<NameKind, ReadonlyMap<string, number>>();

  /** Texts of the files of each kind, in the order in which later ones count. */
  constructor(files: Readonly<Partial<Record<NameKind, readonly string[]>>> = {}) {
    for (const [kind, names] of Object.entries(builtIn) as [NameKind, Record<string, number>][])
      this.#known.set(
        kind,
        new Map([...Object.entries(names), ...(files[kind] ?? []).flatMap((text) => [...readNames(text)])]),
      );
  }

  /** A number as it stands, or what has that name; undefined: nothing has. */
  number(kind: NameKind, text: string): number | undefined {
    return /^(0x[0-9a-fA-F]+|\d+)$/.test(text) ? Number(text) : this.#known.get(kind)?.get(text);
  }
}

/** Of IP protocols in rules: those that have ports, and others one may mean. */
export const ipProtocols: ReadonlyMap<string, number> = new Map([
  ...Object.entries({ icmp: 1, igmp: 2, ipip: 4, tcp: 6, udp: 17, dccp: 33, ipv6: 41, gre: 47, esp: 50, ah: 51 }),
  ...Object.entries({ 'ipv6-icmp': 58, icmpv6: 58, ospf: 89, vrrp: 112, sctp: 132, udplite: 136 }),
]);
