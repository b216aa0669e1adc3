import { familyOf } from '../model/address.js';
import { fullLength, type Step } from './plan.js';

/** `net.ipv4.conf.all.arp_ignore`, or with slashes where an interface name has a dot; sysctl(8) takes both. */
export const sysctlText = (name: string): string => (name.includes('.') ? name : name.replaceAll('/', '.'));

/** A step as one line for people. */
export function stepText(step: Step): string {
  switch (step.do) {
    case 'set-sysctl':
      return `sysctl ${sysctlText(step.name)} = ${step.value} (${step.was === undefined ? 'not there yet' : `was ${step.was}`})`;
    case 'add-tunnel':
      return `tunnel device ${step.interface} (${step.kind})`;
    case 'delete-link':
      return `no device ${step.interface}`;
    case 'open-port':
      return `UDP port ${step.port} open for gue (${step.family === 'ip4' ? 'IPv4' : 'IPv6'})`;
    case 'close-port':
      return `UDP port ${step.port} closed (${step.family === 'ip4' ? 'IPv4' : 'IPv6'})`;
    case 'set-up':
      return `interface ${step.interface} up`;
    case 'set-down':
      return `interface ${step.interface} down`;
    case 'add-address':
      return `address ${withLength(step.address)} on ${step.interface}`;
    case 'map-dscp':
      return `DSCP ${step.dscp} means ${step.vip}${step.was === undefined ? '' : ` (was ${step.was})`}`;
    case 'unmap-dscp':
      return `DSCP ${step.dscp} does not mean ${step.vip}`;
    case 'delete-address':
      return `no address ${withLength(step.address)} on ${step.interface}`;
  }
}

const withLength = (address: string): string => `${address}/${fullLength(familyOf(address))}`;
