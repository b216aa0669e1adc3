import { done, type Outcome, refuse, type VppCommand } from './command.js';
import { isRefused, readClauses, takePrefix } from './input.js';
import { choiceClauses, findVip, type VipChoice } from './lb-vip.js';
import { vppErrors, type VppState } from './state.js';
import { servicesOfVip } from './table.js';

const nothing: VipChoice = { protocol: 'any', port: undefined };
const path = 'lb flush vip';

/** All sessions of a VIP end; its flows are placed anew. */
export const lbFlushVip: VppCommand = {
  path,
  help: 'lb flush vip <prefix> [protocol (tcp|udp) port <n>]',
  run(state, input) {
    if (input.isEmpty) return done(state);
    const prefix = takePrefix(input);
    if (prefix === undefined) return refuse(state, path, `invalid vip prefix: '${input.rest}'`);
    const choice = readClauses(input, choiceClauses<VipChoice>(), nothing);
    if (isRefused(choice)) return refuse(state, path, choice.refused);
    const vip = findVip(state, prefix, choice);
    if (vip === undefined) return refuse(state, path, `lb_vip_find_index error ${vppErrors.noSuchEntry}`);
    const effects = servicesOfVip(vip).map((service) => ({ do: 'flush', service }) as const);
    return done(state, `lb_flush_vip ok ${vip.index}`, effects);
  },
};

const flushTable = (state: VppState): Outcome => done(state, '', [{ do: 'flush-all' }]);

/** As VPP's manual has it; VPP itself knows only the one below. */
export const lbFlowtableFlush: VppCommand = { path: 'lb flowtable flush', help: 'lb flowtable flush', run: flushTable };
export const testLbFlowtableFlush: VppCommand = {
  path: 'test lb flowtable flush',
  help: 'test lb flowtable flush',
  run: flushTable,
};
