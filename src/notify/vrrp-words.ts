import type { MailText } from './words.js';

/** How keepalived writes what happened to virtual routers, on its pipes, behind its scripts and in its mails. Pure. */

export type VrrpState = 'MASTER' | 'BACKUP' | 'FAULT' | 'STOP' | 'DELETED';

/** What is told on pipes only. */
export type VrrpOccurrence = 'MASTER_RX_LOWER_PRI' | 'MASTER_PRIORITY' | 'BACKUP_PRIORITY';

/** A vrrp_instance or a vrrp_sync_group; the priority of a group is 0. */
export interface VrrpSubject {
  readonly kind: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly priority: number;
}

/** `INSTANCE "V1" MASTER 150`, and the end of the line. */
export const vrrpLine = ({ kind, name, priority }: VrrpSubject, what: VrrpState | VrrpOccurrence): string =>
  `${kind} "${name}" ${what} ${priority}\n`;

/** The arguments behind those of a `notify` script. */
export const vrrpArguments = ({ kind, name, priority }: VrrpSubject, state: VrrpState): readonly string[] => [
  kind,
  name,
  state,
  String(priority),
];

/** undefined: there is no mail for it. */
export function vrrpMail(routerId: string, { kind, name }: VrrpSubject, state: VrrpState): MailText | undefined {
  if (state === 'DELETED') return undefined;
  const what = kind === 'INSTANCE' ? `VRRP Instance ${name}` : `VRRP Group ${name}`;
  const how = state === 'STOP' ? 'Stopping' : `Entering ${state} state`;
  const body = kind === 'INSTANCE' ? instanceBody(state) : groupBody(state);
  return { subject: `[${routerId}] ${what} - ${how}`, body: `=> ${body} <=\n` };
}

function instanceBody(state: Exclude<VrrpState, 'DELETED'>): string {
  if (state === 'STOP') return 'VRRP Instance stopping';
  return `VRRP Instance is ${state === 'MASTER' ? 'now' : 'no longer'} owning VRRP VIPs`;
}

const groupBody = (state: Exclude<VrrpState, 'DELETED'>): string =>
  `All VRRP group instances are now ${state === 'STOP' ? 'stopping' : `in ${state} state`}`;
