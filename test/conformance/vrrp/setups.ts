/** What a router of a capture was told to be, from its file: keepalived's through our own reader, FRR's by its five words. */
import { familyOf } from '../../../src/model/address.js';
import { readConfiguration } from '../../../src/config/read.js';
import type { VrrpInstance } from '../../../src/config/vrrp/vrrp.js';
import { type ChecksumForm, passwordBytes } from '../../../src/vrrp/advert.js';
import type { HmacSettings } from '../../../src/vrrp/hmac.js';
import type { WireAuthentication } from '../../../src/vrrp/receive.js';
import type { Version } from '../../../src/vrrp/rfc.js';
import { configurationText } from './captures.js';

export interface Setup {
  readonly router: 'r1' | 'r2';
  readonly version: Version;
  readonly vrid: number;
  /** Any that it may show, by its trackers; and 0 when it lets go. */
  readonly priorities: readonly number[];
  readonly intervalMs: number;
  readonly addresses: readonly string[];
  readonly form: ChecksumForm;
  readonly unicast: boolean;
  readonly authentication: WireAuthentication;
  readonly hmac: HmacSettings | undefined;
}

/** Of both routers; empty: the capture has no files. */
export const setupsOf = (capture: string): readonly Setup[] =>
  (['r1', 'r2'] as const).flatMap((router) => {
    const text = configurationText(capture, router);
    if (text === undefined) return [];
    return text.includes('vrrp_instance') ? keepalivedSetups(text, router, capture) : frrSetups(text, router);
  });

/** Lines that keepalived complains about and goes on without; our reader refuses the file. */
const unreadable: ReadonlyMap<string, RegExp> = new Map([
  ['bfd-assist', /^ idle_tx 100$/m],
  ['v2-garp-tuned', /^\s*garp_interval .*$/m],
  ['v2-mixed-family', /^\s*fd77::50\/64$/m],
]);

function keepalivedSetups(text: string, router: 'r1' | 'r2', file: string): readonly Setup[] {
  const possible = text.replace(unreadable.get(file) ?? '', '');
  const { configuration, diagnostics } = readConfiguration({ file, text: possible });
  if (configuration === undefined) throw new Error(`${file}: ${diagnostics.map(({ message }) => message).join('; ')}`);
  return configuration.vrrp.instances.map((instance) => keepalivedSetup(instance, router));
}

function keepalivedSetup(instance: VrrpInstance, router: 'r1' | 'r2'): Setup {
  const { version, vrid, priority, advertSeconds, addresses, tracks, transport, authentication, hmac } = instance;
  const weights = Object.values(tracks).flatMap((list: VrrpInstance['tracks']['files']) =>
    list.map(({ weight }) => weight),
  );
  const old = transport.by === 'unicast' && transport.oldChecksum === 'always';
  const plain = version === 2 || instance.v3ChecksumAsV2;
  return {
    router,
    version,
    vrid,
    priorities: [priority, 0, ...weights.flatMap((weight) => [priority + weight, priority - weight])],
    intervalMs: advertSeconds * 1000,
    addresses: addresses.map(({ address }) => address),
    form: plain ? 'plain' : old ? 'old-unicast' : 'pseudo',
    unicast: transport.by === 'unicast',
    authentication: authenticationOf(authentication),
    hmac: hmac && {
      ...hmac,
      windowMs: hmac.windowSeconds * 1000,
      keys: new Map(hmac.keys.map(({ id, key }) => [id, keyOf(key)])),
    },
  };
}

function authenticationOf(authentication: VrrpInstance['authentication']): WireAuthentication {
  if (authentication === undefined) return { by: 'none' };
  const bytes = passwordBytes(authentication.password);
  return authentication.type === 'pass' ? { by: 'password', password: bytes } : { by: 'header', key: bytes };
}

function keyOf(key: NonNullable<VrrpInstance['hmac']>['keys'][number]['key']): Uint8Array {
  if (!('hex' in key)) throw new Error('the captures have hexadecimal keys');
  return Buffer.from(key.hex, 'hex');
}

function frrSetups(text: string, router: 'r1' | 'r2'): readonly Setup[] {
  const word = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const vrid = word(/vrrp (\d+) version/);
  const version = word(/version (\d)/) === 2 ? 2 : 3;
  const all = [...text.matchAll(/vrrp \d+ (?:ip|ipv6) (\S+)/g)].map(([, address = '']) => address);
  const plain = version === 2 || text.includes('no vrrp 51 checksum-with-ipv4-pseudoheader');
  return (['ip4', 'ip6'] as const)
    .map((family) => all.filter((address) => familyOf(address) === family))
    .filter((addresses) => addresses.length > 0)
    .map((addresses) => ({
      router,
      version,
      vrid,
      priorities: [word(/priority (\d+)/), 0],
      intervalMs: word(/advertisement-interval (\d+)/),
      addresses,
      form: plain ? 'plain' : 'pseudo',
      unicast: false,
      authentication: { by: 'none' },
      hmac: undefined,
    }));
}
