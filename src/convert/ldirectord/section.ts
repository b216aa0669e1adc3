import type { Diagnostics, Place } from '../../config/diagnostics.js';
import { canonicalAddress, type Family } from '../../model/address.js';
import { lost } from '../convert.js';
import { schedulers } from '../from-table.js';
import { block, comment, type Item, line, quoted } from '../items.js';
import { checkOf, type Checked, checkTypeOf, intervalOf, remarks } from './checks.js';
import type { Directive, Section } from './lines.js';
import { type Reading, readEndpoint, readFallback, readReal, type Real, type Resolver } from './servers.js';
import { Settings } from './settings.js';
import { sectionWords, whyLost } from './words.js';

/** What a `virtual` line says. */
type Virtual =
  | { readonly by: 'mark'; readonly mark: number }
  | { readonly by: 'address'; readonly address: string; readonly port: number };

/** What all sections share. */
export interface Surroundings {
  readonly globals: readonly Directive[];
  readonly resolver: Resolver;
  readonly diagnostics: Diagnostics;
  /** The services there are already: where. */
  readonly seen: Map<string, Place>;
}

/** One section → a virtual_server, or a comment where its first line could not be read. */
export function sectionItem({ virtual, directives }: Section, surroundings: Surroundings): Item {
  const { globals, resolver, diagnostics } = surroundings;
  const settings = new Settings(directives, globals, diagnostics);
  const family: Family = virtual.word === 'virtual6' ? 'ip6' : 'ip4';
  const protocol = protocolOf(virtual, settings, diagnostics);
  const reading: Reading = { family, protocol, resolver, diagnostics };
  const of = readVirtual(virtual, reading);
  const reals = directives
    .filter(({ word }) => word === 'real' || word === 'real6')
    .flatMap((one) => readReal(one, reading));
  if (of === undefined) return comment(`not carried over from line ${virtual.place.line}: ${virtual.value}`);
  if (reals.length === 0)
    return lost(virtual.place, `virtual = ${virtual.value}`, 'it has no real server', diagnostics);
  const checked: Checked = {
    settings,
    service: of.by === 'mark' ? String(of.mark) : of.address,
    port: of.by === 'mark' ? 0 : of.port,
    protocol,
    diagnostics,
    place: virtual.place,
  };
  const forwarding = reals[0]!.forwarding;
  const name = of.by === 'mark' ? `fwmark ${of.mark}` : `${of.address} ${of.port}`;
  complainTwice(`${protocol} ${family} ${name}`, virtual, surroundings);
  return block(`virtual_server ${name}`, [
    ...directives.flatMap((directive) => lostItem(directive, diagnostics)),
    ...remarks(checked),
    ...(of.by === 'mark' && family === 'ip6' ? [line('ip_family', 'inet6')] : []),
    line('delay_loop', intervalOf(settings)),
    ...schedulerLines(settings, diagnostics),
    line('lvs_method', forwarding),
    ...(of.by === 'mark' ? [] : [line('protocol', protocol.toUpperCase())]),
    ...persistenceLines(settings, family, diagnostics),
    ...(protocol === 'udp' && settings.flag('ops', false) ? [line('ops')] : []),
    // ldirectord uses a server only when its check has succeeded
    ...(checkTypeOf(checked) === 'on' ? [] : [line('alpha')]),
    ...(settings.flag('quiescent', false) ? [line('inhibit_on_failure')] : []),
    ...(settings.directive('emailalert') === undefined ? [] : [line('smtp_alert')]),
    ...fallbackLines(reading, settings),
    ...serverItems(reals, forwarding, checked),
  ]);
}

function complainTwice(name: string, { place, value }: Directive, { seen, diagnostics }: Surroundings): void {
  const before = seen.get(name);
  if (before === undefined) seen.set(name, place);
  else
    diagnostics.error(place, `virtual = ${value} is there already, in line ${before.line}`, {
      expected: 'each service once',
    });
}

function lostItem(directive: Directive, diagnostics: Diagnostics): readonly Item[] {
  const { word, value, place } = directive;
  const secret = word === 'passwd' || word === 'secret';
  const why = whyLost(directive, sectionWords);
  if (why !== undefined) return [lost(place, secret ? word : `${word} = ${value}`, why, diagnostics)];
  if (word === 'cleanstop') return [lost(place, `cleanstop = ${value}`, 'lvs_stop is for all services', diagnostics)];
  if (word === 'smtp') return [lost(place, `smtp = ${value}`, 'smtp_server is for all services', diagnostics)];
  return [];
}

const DNS = /:(53|domain)$/;

function protocolOf(virtual: Directive, settings: Settings, diagnostics: Diagnostics): 'tcp' | 'udp' | 'fwm' {
  const isMark = /^\d+$/.test(virtual.value);
  const usual = isMark ? 'fwm' : DNS.test(virtual.value) ? 'udp' : 'tcp';
  const said = settings.choice('protocol', ['tcp', 'udp', 'fwm'], usual);
  if ((said === 'fwm') === isMark) return said;
  const place = settings.directive('protocol')?.valuePlace ?? virtual.valuePlace;
  diagnostics.error(place, `'${said}' does not fit virtual = ${virtual.value}`, {
    expected: isMark ? 'fwm' : 'tcp or udp',
  });
  return usual;
}

const MOST_MARK = 4_294_967_295;

function readVirtual({ word, value, valuePlace: place }: Directive, reading: Reading): Virtual | undefined {
  const { diagnostics } = reading;
  if (/^\d+$/.test(value)) {
    const mark = Number(value);
    if (mark >= 1 && mark <= MOST_MARK) return { by: 'mark', mark };
    diagnostics.error(place, `'${value}' is no firewall mark`, { expected: `1 to ${MOST_MARK}` });
    return undefined;
  }
  const endpoint = readEndpoint(value, place, reading);
  if (endpoint === undefined) return undefined;
  if (endpoint.port === undefined) {
    diagnostics.error(place, `'${value}' has no port`, { expected: `${word} = ADDRESS:PORT or a firewall mark` });
    return undefined;
  }
  return { by: 'address', address: endpoint.address, port: endpoint.port };
}

function schedulerLines(settings: Settings, diagnostics: Diagnostics): readonly Item[] {
  const directive = settings.directive('scheduler');
  const name = directive?.value ?? 'wrr';
  if (directive === undefined || schedulers.includes(name)) return [line('lvs_sched', name)];
  return [
    lost(directive.valuePlace, `scheduler = ${name}`, 'lvs_sched does not know it; wlc is taken', diagnostics),
    line('lvs_sched', 'wlc'),
  ];
}

const MOST_PERSISTENCE = 2_678_400;

function persistenceLines(settings: Settings, family: Family, diagnostics: Diagnostics): readonly Item[] {
  const seconds = settings.number('persistent');
  const netmask = settings.directive('netmask');
  const directive = settings.directive('persistent');
  if (seconds !== undefined && seconds > MOST_PERSISTENCE && directive !== undefined)
    diagnostics.error(directive.valuePlace, `'${seconds}' is no value of persistent`, {
      expected: `1 to ${MOST_PERSISTENCE}`,
    });
  if (seconds === undefined)
    return netmask === undefined
      ? []
      : [lost(netmask.place, `netmask = ${netmask.value}`, 'it has no meaning without persistent', diagnostics)];
  return [
    line('persistence_timeout', seconds),
    ...(netmask === undefined || !isNetmask(netmask, family, diagnostics)
      ? []
      : [line('persistence_granularity', netmask.value)]),
  ];
}

function isNetmask({ value, valuePlace }: Directive, family: Family, diagnostics: Diagnostics): boolean {
  const fits =
    family === 'ip4'
      ? value.includes('.') && canonicalAddress(value) === value
      : /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= 128;
  if (!fits)
    diagnostics.error(valuePlace, `'${value}' is no netmask`, {
      expected: family === 'ip4' ? 'one such as 255.255.255.0' : 'a prefix length from 1 to 128',
    });
  return fits;
}

/** The fallback of the family, and what is run when it begins and ends to be used. */
function fallbackLines(reading: Reading, settings: Settings): readonly Item[] {
  const { family, diagnostics } = reading;
  const directive = settings.directive(family === 'ip4' ? 'fallback' : 'fallback6');
  const fallback = directive === undefined ? undefined : readFallback(directive, reading);
  const command = settings.text('fallbackcommand');
  const commandPlace = settings.directive('fallbackcommand')?.valuePlace;
  const [start, stop] = command === undefined ? [] : [quoted(`${command} start`), quoted(`${command} stop`)];
  return [
    ...(start === undefined || stop === undefined ? [] : [line('quorum_down', start), line('quorum_up', stop)]),
    ...(command !== undefined && start === undefined && commandPlace !== undefined
      ? [lost(commandPlace, 'fallbackcommand', 'its quotes or signs cannot be written', diagnostics)]
      : []),
    ...(fallback === undefined ? [] : [line('sorry_server', endpointWords(fallback))]),
    ...(fallback === undefined ? [] : [line('sorry_server_lvs_method', fallback.forwarding)]),
    ...(fallback !== undefined && settings.flag('quiescent', false) ? [line('sorry_server_inhibit')] : []),
  ];
}

const endpointWords = ({ address, port }: Real): string => (port === undefined ? address : `${address} ${port}`);

/** Only masq can change the port; the others have the service's, whatever is written. */
function serverItems(reals: readonly Real[], inherited: string, checked: Checked): readonly Item[] {
  const off = checkTypeOf(checked) === 'off';
  const seen = new Set<string>();
  return reals.flatMap((real) => {
    const servicePort = checked.port > 0 ? checked.port : undefined;
    const port = real.forwarding === 'NAT' ? (real.port ?? servicePort) : servicePort;
    const moved = { ...real, port };
    const name = endpointWords(moved);
    if (seen.has(name))
      return [lost(real.place, `real = ${real.address}`, 'this server is there already', checked.diagnostics)];
    seen.add(name);
    return [
      ...(real.port === undefined || real.port === port
        ? []
        : [
            lost(
              real.place,
              `port ${real.port} of ${real.address}`,
              `${real.forwarding} cannot change the port`,
              checked.diagnostics,
            ),
          ]),
      block(`real_server ${name}`, [
        line('weight', off ? 0 : real.weight),
        ...(real.forwarding === inherited ? [] : [line('lvs_method', real.forwarding)]),
        ...checkOf(real, checked),
      ]),
    ];
  });
}
