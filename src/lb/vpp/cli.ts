/**
 * lb/ — the words of other load balancers for ours: vpp/ (VPP's CLI of its lb plugin) and ovn/ (ovn-nbctl's lb commands), each a pure
 * function from state and command to state and answer, and store.ts, both states as one value.
 */
import { type Outcome, refuse, type VppCommand, type VppContext } from './command.js';
import { Input } from './input.js';
import { lbAs } from './lb-as.js';
import { lbConf } from './lb-conf.js';
import { lbFlowtableFlush, lbFlushVip, testLbFlowtableFlush } from './lb-flush.js';
import { lbSetInterfaceNat4, lbSetInterfaceNat6 } from './lb-set-interface.js';
import { lbVip } from './lb-vip.js';
import { showLb, showLbVips, showNodeCounters } from './show.js';
import type { VppState } from './state.js';

/** The grammar: every command by its path. Words of a path may be abbreviated as long as they mean one. */
export const vppCommands: readonly VppCommand[] = [
  lbAs,
  lbConf,
  lbFlowtableFlush,
  lbFlushVip,
  lbSetInterfaceNat4,
  lbSetInterfaceNat6,
  lbVip,
  showLb,
  showLbVips,
  showNodeCounters,
  testLbFlowtableFlush,
];

/** One command line of VPP: what it makes of the state, and what it answers. */
export function step(state: VppState, line: string, context: VppContext): Outcome {
  const input = new Input(line);
  let path = '';
  for (;;) {
    const under = childrenOf(path);
    if (input.next === '?' || (input.isEmpty && path === '')) return { ...helpOf(state, path), ok: true };
    const word = meaning(under, input.next);
    if (word === undefined) break;
    input.word();
    path = path === '' ? word : `${path} ${word}`;
  }
  const command = vppCommands.find((one) => one.path === path);
  if (command !== undefined) return command.run(state, input, context);
  if (input.isEmpty) return { ...helpOf(state, path), ok: false };
  const why = `unknown input \`${input.rest}'`;
  return path === '' ? { state, text: why, ok: false, effects: [] } : refuse(state, path, why);
}

/** The words that may follow. */
function childrenOf(path: string): readonly string[] {
  const start = path === '' ? '' : `${path} `;
  const words = vppCommands.filter((one) => one.path.startsWith(start)).map((one) => one.path.slice(start.length));
  return [...new Set(words.map((rest) => rest.split(' ', 1)[0]!))];
}

/** The one word that `typed` is, or begins. */
function meaning(words: readonly string[], typed: string): string | undefined {
  if (typed === '') return undefined;
  if (words.includes(typed)) return typed;
  const [one, ...more] = words.filter((word) => word.startsWith(typed));
  return more.length === 0 ? one : undefined;
}

/** What is under a path, and then what is there itself. */
function helpOf(state: VppState, path: string): Outcome {
  const under = vppCommands.filter((one) => path === '' || one.path.startsWith(`${path} `));
  const itself = vppCommands.filter((one) => one.path === path);
  const lines = [...under, ...itself].map((one) => `  ${one.path.padEnd(40)} ${one.help}`);
  return { state, text: lines.join('\n'), ok: true, effects: [] };
}
