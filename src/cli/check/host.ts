import type { Configuration, ScriptUser, VirtualServer } from '../../config/configuration.js';
import { Advisor, type Say } from '../../config/advisor.js';
import type { Diagnostic, Place } from '../../config/diagnostics.js';
import { canonicalAddress, familyOf } from '../../model/address.js';
import type { Mention } from './mentions.js';

/** What is asked about the machine. */
export interface Host {
  readonly interfaces: ReadonlySet<string>;
  /** Whether packets to it are for this machine. */
  hasAddress(address: string): boolean;
  /** Permission bits of a file as stat(2) has them; undefined: it cannot be looked at. */
  mode(path: string): number | undefined;
  /** Whether who asks may read it; undefined: yes, else why not. */
  unreadable(path: string): string | undefined;
  /** Number of the user; undefined: there is no such user or group. */
  userId(user: ScriptUser): Promise<number | undefined>;
  /** keepalived's rules of script security. */
  inspect(program: string): Promise<{ readonly missing?: string; readonly unsafe?: string }>;
}

/** Who runs scripts if nobody is named, as src/daemon/commands.ts has it: the first of them that there is. */
const USUAL_USERS = ['keepalived_script', 'lvsd-check'] as const;
const OTHERS_READ = 0o004;

/** Where this machine does not fit the configuration (`lvsd check --host`). */
export async function aboutHost(
  mentions: readonly Mention[],
  configuration: Configuration | undefined,
  host: Host,
  files: readonly string[],
): Promise<readonly Diagnostic[]> {
  const advisor = new Advisor();
  const { say } = advisor;
  const consequence =
    configuration?.globals.scriptSecurity === true
      ? 'enable_script_security refuses to run it'
      : 'it runs with the rights of root';
  for (const mention of mentions) {
    if (mention.is === 'script') await aboutScript(mention, consequence, host, say);
    else if (mention.is === 'user') await aboutUser(mention, host, say);
    else aboutName(mention, host, say);
  }
  const moving = new Set(
    mentions.flatMap((one) => (one.is === 'moving address' ? (canonicalAddress(one.address) ?? []) : [])),
  );
  for (const server of configuration?.virtualServers ?? []) aboutAddresses(server, moving, host, say);
  return advisor.sorted(files);
}

function aboutName(mention: Exclude<Mention, { is: 'script' | 'user' }>, host: Host, say: Say): void {
  switch (mention.is) {
    case 'interface':
      if (!host.interfaces.has(mention.name))
        say(mention.place, `this machine has no interface ${mention.name}`, undefined, 'host');
      return;
    case 'file': {
      const why = host.unreadable(mention.name);
      if (why !== undefined) say(mention.place, why, undefined, 'host');
      return;
    }
    case 'mail server':
      if (!isHostName(mention.name))
        say(mention.place, `'${mention.name}' cannot be resolved`, 'an address or the name of a host', 'host');
      return;
    case 'secret': {
      const mode = host.mode(mention.place.file) ?? 0;
      if ((mode & OTHERS_READ) !== 0)
        say(
          mention.place,
          `everybody on this machine may read ${mention.word}: the file has mode ${octal(mode)}`,
          'mode 0640 or less',
        );
      return;
    }
    case 'moving address':
  }
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

/** Only the form: no name server is asked. */
const isHostName = (text: string): boolean =>
  canonicalAddress(text) !== undefined ||
  (text.length <= 253 && /^(?!.*\.\d+$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?)+$/.test(text));

async function aboutUser({ place, user }: Extract<Mention, { is: 'user' }>, host: Host, say: Say): Promise<void> {
  if ((await host.userId(user)) !== undefined) return;
  const group = user.group === undefined ? '' : `, or no group ${user.group}`;
  say(place, `this machine has no user ${user.user}${group}`, undefined, 'host');
}

async function aboutScript(
  { place, program, user }: Extract<Mention, { is: 'script' }>,
  consequence: string,
  host: Host,
  say: Say,
): Promise<void> {
  const { missing, unsafe } = await host.inspect(program);
  if (missing !== undefined) say(place, missing, undefined, 'host');
  if (unsafe === undefined || !(await runsAsRoot(user, host))) return;
  say(place, `${unsafe}: ${consequence}`, 'a path that only root may write, or a script_user', 'security');
}

async function runsAsRoot(user: ScriptUser | undefined, host: Host): Promise<boolean> {
  for (const whose of user === undefined ? USUAL_USERS.map((name) => ({ user: name })) : [user]) {
    const id = await host.userId(whose);
    if (id !== undefined) return id === 0;
  }
  return user === undefined;
}

/** A VIP must be this machine's, or VRRP's, or the kernel takes no packet. Marks have no address, and our own engine needs none. */
function aboutAddresses(server: VirtualServer, moving: ReadonlySet<string>, host: Host, say: Say): void {
  const absent = server.services.flatMap(({ key, settings }) =>
    key.by === 'fwmark' || settings.engine !== undefined || moving.has(key.address) || host.hasAddress(key.address)
      ? []
      : [key.address],
  );
  const [first, ...others] = [...new Set(absent)];
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const place: Place = { ...server.position, length: 'virtual_server'.length };
  const prefix = familyOf(first) === 'ip4' ? 32 : 128;
  say(
    place,
    `${first}${more}: ${others.length === 0 ? 'this address is' : 'these addresses are'} on no interface of this machine, nor moved by VRRP here`,
    `'ip address add ${first}/${prefix} dev …'`,
  );
}
