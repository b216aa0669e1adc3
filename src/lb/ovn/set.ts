import { type HashField, hashFields } from '../../model/engine.js';
import { failed, type OvnCommand } from './command.js';
import { isError, needLoadBalancer, putRow, refuseTwice } from './rows.js';
import type { OvnLoadBalancer } from './state.js';

/** `set load_balancer LB selection_fields=ip_src,ip_dst options:affinity_timeout=60 protocol=udp`. */
export const set: OvnCommand = {
  name: 'set',
  least: 3,
  most: Number.POSITIVE_INFINITY,
  options: [],
  usage: 'set load_balancer LB COLUMN[:KEY]=VALUE...',
  run(state, { words: [table = '', id = '', ...assignments] }) {
    if (!/^load[_-]?balancer$/i.test(table)) return failed(state, `unknown table "${table}"`);
    let row: OvnLoadBalancer | { readonly error: string } = needLoadBalancer(state, id);
    for (const assignment of assignments) {
      if (isError(row)) return failed(state, row.error);
      row = assign(row, assignment);
    }
    return isError(row) ? failed(state, row.error) : refuseTwice(state, putRow(state, row));
  },
};

const columns: ReadonlyMap<
  string,
  (row: OvnLoadBalancer, value: string) => OvnLoadBalancer | { readonly error: string }
> = new Map([
  ['selection_fields', setFields],
  ['options:affinity_timeout', setAffinity],
  ['protocol', setProtocol],
]);

function assign(row: OvnLoadBalancer, assignment: string): OvnLoadBalancer | { readonly error: string } {
  const [, column = '', value = ''] = /^([^=]+)=(.*)$/.exec(assignment) ?? [];
  if (column === '') return { error: `${assignment}: argument does not end in "=" followed by a value` };
  const put = columns.get(column);
  if (put === undefined)
    return {
      error: `Load_Balancer does not contain a column whose name matches "${column}"; known are ${[...columns.keys()].join(', ')}`,
    };
  return put(row, value);
}

/** `ip_src`, `"ip_src,ip_dst"`, `[ip_src,ip_dst]`; `[]` is none. */
function setFields(row: OvnLoadBalancer, value: string): OvnLoadBalancer | { readonly error: string } {
  const words = value
    .replace(/[[\]"'\s]/g, '')
    .split(',')
    .filter((word) => word !== '');
  const fields = new Set<HashField>();
  for (const word of words) {
    const field = hashFields.find((one) => one === word);
    if (field === undefined)
      return { error: `constraint violation: ${word} is not one of the allowed values (${hashFields.join(', ')})` };
    fields.add(field);
  }
  return { ...row, selectionFields: fields.size === 0 ? undefined : [...fields] };
}

function setAffinity(row: OvnLoadBalancer, value: string): OvnLoadBalancer | { readonly error: string } {
  const seconds = /^"?(\d{1,5})"?$/.exec(value)?.[1];
  // OVN: 1 to 65535, and 0 as if it were not set
  if (seconds === undefined || Number(seconds) > 65_535)
    return { error: `affinity_timeout: '${value}' is not a number of seconds up to 65535` };
  return { ...row, affinityTimeout: Number(seconds) };
}

function setProtocol(row: OvnLoadBalancer, value: string): OvnLoadBalancer | { readonly error: string } {
  if (value !== 'tcp' && value !== 'udp' && value !== 'sctp')
    return { error: `constraint violation: ${value} is not one of the allowed values (sctp, tcp, udp)` };
  return { ...row, protocol: value };
}
