import type { Script, RealServer, VirtualServer } from '../config/configuration.js';
import { destinationOf } from '../config/configuration.js';

/** How keepalived writes what happened, on its pipes and in its mails. Pure. */

/** What an event is about: a real server of a virtual server, or (without one) the quorum of the virtual server. */
export interface Subject {
  readonly virtual: VirtualServer;
  readonly server?: RealServer;
}

/** What is known of the reason; what is missing is left out of the mail. */
export interface Because {
  /** The kind of the check that changed its mind: `tcp`. */
  readonly check?: string | undefined;
  /** Its reason. */
  readonly detail?: string | undefined;
  /** Live weight of the virtual server. */
  readonly weight?: number | undefined;
  /** The server or virtual server left the configuration, or we stop. */
  readonly leaving?: 'removed' | 'stopping';
  /** The virtual server begins so. */
  readonly atStart?: boolean;
}

const isGroup = ({ name }: VirtualServer): boolean => /^group\s/.test(name);

/** `[192.0.2.1]:tcp:80`, `FWM 7`, `[name of the group]:0`. */
export function virtualServerText(virtual: VirtualServer): string {
  if (isGroup(virtual)) return `[${virtual.name.replace(/^group\s+/, '')}]:0`;
  const key = virtual.services[0]?.key;
  if (key === undefined) return `[${virtual.name}]:0`;
  if (key.by === 'fwmark') return `FWM ${key.mark}`;
  const length = key.prefixLength === undefined ? '' : `/${key.prefixLength}`;
  return `[${key.address}${length}]:${key.protocol}:${key.port}`;
}

/** `[10.0.0.1]:tcp:80`; with a mark the protocol is `none`. */
export function realServerText(virtual: VirtualServer, server: RealServer): string {
  const key = virtual.services[0]?.key;
  const protocol = key?.by === 'address' ? key.protocol : 'none';
  const port = key === undefined || isGroup(virtual) ? (server.port ?? 0) : destinationOf(key, server).port;
  return `[${server.address}]:${protocol}:${port}`;
}

const stateText = (isUp: boolean): string => (isUp ? 'UP' : 'DOWN');

/** `VS [192.0.2.1]:tcp:80 UP`, `RS [10.0.0.1]:tcp:80 [192.0.2.1]:tcp:80 DOWN`, and the end of the line. */
export function pipeLine({ virtual, server }: Subject, isUp: boolean): string {
  const whole = virtualServerText(virtual);
  const what = server === undefined ? `VS ${whole}` : `RS ${realServerText(virtual, server)} ${whole}`;
  return `${what} ${stateText(isUp)}\n`;
}

export interface MailText {
  readonly subject: string;
  readonly body: string;
}

/** As keepalived's, and the check's reason on a line of its own. */
export function mailText(routerId: string, { virtual, server }: Subject, isUp: boolean, because: Because): MailText {
  const whole = virtualServerText(virtual);
  const what =
    server === undefined
      ? `Virtualserver ${whole}`
      : `Realserver ${realServerText(virtual, server)} of virtual server ${whole}`;
  const body = server === undefined ? quorumBody(virtual, isUp, because) : serverBody(isUp, because);
  return {
    subject: `[${routerId}] ${what} - ${stateText(isUp)}`,
    body: because.detail === undefined ? `${body}\n` : `${body}\n\n${because.detail}\n`,
  };
}

function leavingBody({ leaving }: Because): string | undefined {
  if (leaving === undefined) return undefined;
  return leaving === 'stopping' ? '=> Shutting down <=' : '=> Removing <=';
}

function serverBody(isUp: boolean, because: Because): string {
  const kind = because.check === undefined ? 'CHECK' : `${because.check.toUpperCase()} CHECK`;
  return leavingBody(because) ?? `=> ${kind} ${isUp ? 'succeed' : 'failed'} on service <=`;
}

/** `quorum+hysteresis=threshold <= live weight`, with the plus also where the hysteresis is taken away. */
function quorumBody({ quorum, hysteresis }: VirtualServer, isUp: boolean, because: Because): string {
  const { atStart = false, weight } = because;
  const what = atStart ? `Starting with quorum ${isUp ? 'up' : 'down'}` : isUp ? 'Gained quorum' : 'Lost quorum';
  const threshold = isUp ? quorum + hysteresis : quorum - hysteresis;
  const known = weight === undefined ? '' : ` <= ${weight}`;
  return leavingBody(because) ?? `=> ${what} ${quorum}+${hysteresis}=${threshold}${known} <=`;
}

/** A script as one line of a log. */
export const scriptText = ({ argv }: Script): string => argv.join(' ');
