import { changed, failed, type OvnCommand } from './command.js';
import { formatOvnEndpoint, parseOvnEndpoint } from './endpoint.js';
import { deleteRow, findLoadBalancer, isError, putRow } from './rows.js';

/** As OVN: a load balancer that is not there is no mistake, a VIP that is not is one. */
export const lbDel: OvnCommand = {
  name: 'lb-del',
  least: 1,
  most: 2,
  options: ['--if-exists'],
  usage: '[--if-exists] lb-del LB [VIP]',
  run(state, { options, words: [id = '', vipText] }) {
    const found = findLoadBalancer(state, id);
    if (isError(found)) return failed(state, found.error);
    if (found === undefined) return changed(state);
    if (vipText === undefined) return changed(deleteRow(state, found));
    const parsed = parseOvnEndpoint(vipText);
    const vip = parsed === undefined ? vipText : formatOvnEndpoint(parsed);
    if (!found.vips.has(vip))
      return options.has('--if-exists')
        ? changed(state)
        : failed(state, `vip ${vipText} is not part of the load balancer.`);
    const vips = new Map([...found.vips].filter(([one]) => one !== vip));
    return changed(vips.size === 0 ? deleteRow(state, found) : putRow(state, { ...found, vips }));
  },
};
