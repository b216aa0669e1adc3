import type { InterfacesOf } from './ovn/command.js';
import { isOvnCommand, step as ovnStep } from './ovn/nbctl.js';
import type { LbStore } from './store.js';
import { step as vppStep } from './vpp/cli.js';
import type { Effect } from './vpp/command.js';
import type { VppNumbers } from './vpp/numbers.js';

/** What commands see beside the store. */
export interface LbContext {
  /** Names of interfaces; undefined: nobody knows, and each is believed. */
  readonly interfaces?: ReadonlySet<string>;
  /** The interfaces of a switch or router; undefined: there is none of that name. */
  readonly interfacesOf: InterfacesOf;
  readonly uuid: () => string;
  readonly numbers: VppNumbers;
}

export interface LbOutcome {
  /** The same object if nothing was changed. */
  readonly store: LbStore;
  /** For standard output; lines end with a newline. */
  readonly out: string;
  /** For standard error; with it the exit status is 1. */
  readonly err: string;
  /** Sessions that end, once the store's table is what the engine does. */
  readonly effects: readonly Effect[];
}

const VPP_WORDS = ['lb', 'show', 'test'];

/** Whether words are for us: a command of ovn-nbctl, or what VPP's CLI begins with, abbreviated or not. */
export function isLbCommand(words: readonly string[]): boolean {
  if (isOvnCommand(words)) return true;
  const [first = '', second = ''] = words;
  if (first === 'lb' || first === '?') return true;
  return first.length > 1 && VPP_WORDS.some((word) => word.startsWith(first)) && second !== '';
}

/** One command in VPP's or OVN's words. Pure. */
export function runLb(store: LbStore, words: readonly string[], context: LbContext): LbOutcome {
  return isOvnCommand(words) ? runOvn(store, words, context) : runVpp(store, words.join(' '), context);
}

const lines = (text: string): string => (text === '' ? '' : `${text}\n`);

function runVpp(store: LbStore, line: string, { interfaces, numbers }: LbContext): LbOutcome {
  const { state, text, ok, effects } = vppStep(store.vpp, line, {
    ...(interfaces === undefined ? {} : { interfaces }),
    numbers,
  });
  const next = state === store.vpp ? store : { ...store, vpp: state };
  return { store: next, out: ok ? lines(text) : '', err: ok ? '' : lines(text), effects };
}

function runOvn(store: LbStore, words: readonly string[], context: LbContext): LbOutcome {
  const { state, out, error } = ovnStep(store.ovn, words, context);
  const next = state === store.ovn ? store : { ...store, ovn: state };
  return { store: next, out, err: error === undefined ? '' : lines(`ovn-nbctl: ${error}`), effects: [] };
}
