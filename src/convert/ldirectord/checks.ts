import { translatePcre } from '../../config/checks/pcre.js';
import type { Diagnostics, Place } from '../../config/diagnostics.js';
import { canonicalAddress } from '../../model/address.js';
import { lost } from '../convert.js';
import { block, type Item, line, quoted, quotedPattern, word } from '../items.js';
import type { Real } from './servers.js';
import type { Settings } from './settings.js';

/** The section a check belongs to. */
export interface Checked {
  readonly settings: Settings;
  /** Address of the virtual service, or its mark. */
  readonly service: string;
  /** 0: none. */
  readonly port: number;
  readonly protocol: 'tcp' | 'udp' | 'fwm';
  readonly diagnostics: Diagnostics;
  readonly place: Place;
}

/** Ports by which ldirectord knows what is spoken. */
const SERVICE_PORTS: readonly (readonly [port: number, service: string])[] = [
  [21, 'ftp'],
  [25, 'smtp'],
  [53, 'dns'],
  [80, 'http'],
  [110, 'pop'],
  [119, 'nntp'],
  [143, 'imap'],
  [389, 'ldap'],
  [443, 'https'],
  [587, 'submission'],
  [993, 'imaps'],
  [995, 'pops'],
  [1521, 'oracle'],
  [1812, 'radius'],
  [3128, 'http_proxy'],
  [3306, 'mysql'],
  [5060, 'sip'],
  [5432, 'pgsql'],
];
const SERVICES = [...SERVICE_PORTS.map(([, service]) => service), 'simpletcp', 'none'];
const TYPES = ['connect', 'negotiate', 'ping', 'on', 'off', 'external', 'external-perl'] as const;

/** off: real servers are never used. */
export type CheckType = (typeof TYPES)[number];

/** A number means: so many times connect, then once negotiate. */
export function checkTypeOf({ settings }: Checked): CheckType {
  const value = settings.own('checktype')?.value ?? '';
  return /^\d{1,9}$/.test(value) ? 'negotiate' : settings.choice('checktype', TYPES, 'negotiate');
}

/** What is said once of a section's checks, however many servers it has. */
export function remarks(checked: Checked): readonly Item[] {
  const { settings, diagnostics } = checked;
  const items: Item[] = [];
  const tell = (name: string, why: string): void => {
    const directive = settings.directive(name);
    const place = directive?.valuePlace ?? checked.place;
    items.push(lost(place, directive === undefined ? name : `${name} = ${directive.value}`, why, diagnostics));
  };
  const type = checkTypeOf(checked);
  if (/^\d/.test(settings.own('checktype')?.value ?? '')) tell('checktype', 'each check negotiates');
  if (type === 'off') tell('checktype', 'its servers get weight 0');
  if (type === 'external-perl') tell('checktype', 'the command runs as a program of its own: it must be executable');
  if (type !== 'negotiate') return items;
  const service = serviceOf(checked);
  if (
    [
      'ftp',
      'imap',
      'imaps',
      'ldap',
      'mysql',
      'nntp',
      'oracle',
      'pgsql',
      'pop',
      'pops',
      'radius',
      'sip',
      'simpletcp',
      'http_proxy',
    ].includes(service)
  )
    tell(
      'service',
      `no check speaks ${service}: it is only asked whether somebody ${checked.protocol === 'udp' ? 'answers a ping' : 'accepts connections'}`,
    );
  if (isHttp(service) && settings.own('httpmethod')?.value.toUpperCase() === 'HEAD') tell('httpmethod', 'GET is used');
  if (service === 'dns' && settings.own('receive') !== undefined)
    tell('receive', 'any answer that has no error counts');
  return items;
}

const isHttp = (service: string): boolean => service === 'http' || service === 'https';

/** fwmark services are not negotiated with unless they say what they speak. */
function serviceOf({ settings, port, protocol }: Checked): string {
  const usual = protocol === 'fwm' ? undefined : SERVICE_PORTS.find(([one]) => one === port)?.[1];
  return settings.own('service') === undefined ? (usual ?? 'none') : settings.choice('service', SERVICES, 'none');
}

/** The checks of one real server: none or one block. */
export function checkOf(real: Real, checked: Checked): readonly Item[] {
  const { settings } = checked;
  const type = checkTypeOf(checked);
  switch (type) {
    case 'on':
    case 'off':
      return [];
    case 'ping':
      return [pingCheck(checked)];
    case 'external':
    case 'external-perl':
      return [miscCheck(real, checked)];
    case 'connect':
      return connectCheck(real, settings.timeout('checktimeout'), checked);
    case 'negotiate':
      return negotiateCheck(real, checked);
  }
}

/** So many failed checks in a row, each an interval after the other. */
function paceLines({ settings }: Checked, attempts = 1): readonly Item[] {
  const failures = (settings.number('failurecount') ?? 1) * attempts;
  const pause = attempts > 1 ? [] : [line('delay_before_retry', intervalOf(settings))];
  return failures === 1 ? [line('retry', 0)] : [line('retry', failures - 1), ...pause];
}

export const intervalOf = (settings: Settings): number => settings.number('checkinterval') ?? 10;

const pingCheck = (checked: Checked): Item =>
  block('PING_CHECK', [
    line('connect_timeout', checked.settings.timeout('checktimeout')),
    ...paceLines(checked, checked.settings.number('checkcount') ?? 1),
  ]);

/** checkport, else the server's own, else that of what is spoken; undefined: nothing says it. */
function portOf(real: Real, checked: Checked): number | undefined {
  const service = serviceOf(checked);
  const written = checked.settings.number('checkport') ?? real.port;
  return written ?? (checked.port > 0 ? checked.port : SERVICE_PORTS.find(([, name]) => name === service)?.[0]);
}

/** connect_port, where the check would not go to that port by itself. */
function portLines(real: Real, checked: Checked): readonly Item[] {
  const port = portOf(real, checked);
  const inherited = real.port ?? (checked.port > 0 ? checked.port : undefined);
  return port === undefined || port === inherited ? [] : [line('connect_port', port)];
}

/** A UDP port cannot be connected to: ldirectord pings the server. */
function connectCheck(real: Real, timeout: number, checked: Checked): readonly Item[] {
  if (checked.protocol === 'udp') return [pingCheck(checked)];
  if (portOf(real, checked) === undefined)
    return [lost(real.place, 'checktype', 'no port is known: the server is not checked', checked.diagnostics)];
  return [block('TCP_CHECK', [...portLines(real, checked), line('connect_timeout', timeout), ...paceLines(checked)])];
}

function miscCheck(real: Real, checked: Checked): Item {
  const { settings, service, port, diagnostics } = checked;
  const command = settings.text('checkcommand') ?? '/bin/true';
  const path = quoted(`${command} ${service} ${port} ${real.address} ${real.port ?? port}`);
  if (path === undefined || /['\\]/.test(command))
    return lost(
      real.place,
      'checkcommand',
      'its quotes or signs cannot be written: the server is not checked',
      diagnostics,
    );
  return block('MISC_CHECK', [
    line('misc_path', path),
    line('misc_timeout', settings.timeout('checktimeout')),
    ...paceLines(checked),
  ]);
}

function negotiateCheck(real: Real, checked: Checked): readonly Item[] {
  const service = serviceOf(checked);
  const timeout = checked.settings.timeout('negotiatetimeout');
  if (service === 'none') return [];
  const common = [...portLines(real, checked), line('connect_timeout', timeout), ...paceLines(checked)];
  switch (service) {
    case 'http':
    case 'https':
      return [httpCheck(real, service, common, checked)];
    case 'smtp':
    case 'submission':
      return [block('SMTP_CHECK', common)];
    case 'dns':
      return [block('DNS_CHECK', [...dnsLines(real, checked), ...common])];
    default:
      return connectCheck(real, timeout, checked);
  }
}

const requestOf = (real: Real, { settings }: Checked): string => real.request ?? settings.text('request') ?? '/';

function httpCheck(real: Real, service: 'http' | 'https', common: readonly Item[], checked: Checked): Item {
  const { settings, diagnostics } = checked;
  const { host, path } = target(requestOf(real, checked));
  const virtualhost = settings.text('virtualhost') ?? host;
  const name = virtualhost === undefined ? undefined : word(virtualhost);
  const address = host === undefined ? undefined : canonicalAddress(host);
  const receive = real.receive ?? settings.text('receive') ?? '';
  return block(service === 'https' ? 'SSL_GET' : 'HTTP_GET', [
    ...(name === undefined ? [] : [line('virtualhost', name)]),
    ...(service === 'https' && name !== undefined && canonicalAddress(name) === undefined ? [line('enable_sni')] : []),
    ...(address === undefined ? [] : [line('connect_ip', address)]),
    block('url', [
      line('path', word(path) ?? '/'),
      ...(word(path) === undefined ? [lost(real.place, 'request', 'it cannot be written', diagnostics)] : []),
      ...patternLines(receive, real.place, diagnostics),
    ]),
    ...common,
  ]);
}

/** A request may name another host than the real server: `http://HOST[:PORT]/PATH`. */
function target(request: string): { readonly host: string | undefined; readonly path: string } {
  const [, host, path] = /^\/?https?:\/\/\[?([^/\]:]+(?::[^/\]]*)?)\]?(?::\d+)?(\/.*)?$/.exec(request) ?? [];
  if (host === undefined) return { host: undefined, path: request.startsWith('/') ? request : `/${request}` };
  return { host: canonicalAddress(host) === undefined ? host.replace(/:\d+$/, '') : host, path: path ?? '/' };
}

function patternLines(receive: string, place: Place, diagnostics: Diagnostics): readonly Item[] {
  if (receive === '') return [];
  const pattern = quotedPattern(receive);
  if (pattern === undefined || !(translatePcre(receive) instanceof RegExp))
    return [
      lost(
        place,
        'receive',
        'this pattern cannot be carried over; every answer of the status 200 to 299 counts',
        diagnostics,
      ),
    ];
  return [line('regex', pattern)];
}

/** An address is asked for by its name in reverse. */
function dnsLines(real: Real, checked: Checked): readonly Item[] {
  const asked = requestOf(real, checked).replace(/^\/+/, '');
  if (asked === '') return [];
  const address = canonicalAddress(asked);
  const name = word(address === undefined ? asked : reverseName(address));
  if (name === undefined) return [lost(real.place, 'request', 'it cannot be written', checked.diagnostics)];
  return [line('type', address === undefined ? 'A' : 'PTR'), line('name', name)];
}

function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  const [head = '', tail] = address.split('::');
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [words(head), tail === undefined ? [] : words(tail)];
  const all = [...front, ...new Array<string>(8 - front.length - back.length).fill('0'), ...back];
  const digits = all.map((one) => one.padStart(4, '0')).join('');
  return `${Array.from(digits).reverse().join('.')}.ip6.arpa`;
}
