import type { ServiceKey } from '../../model/service.js';
import type { DestinationKey } from '../../model/destination.js';
import type { Input } from './input.js';
import type { VppState } from './state.js';
import type { VppNumbers } from './numbers.js';

/** Sessions that have to end beside what the new table says. */
export type Effect =
  | { readonly do: 'flush'; readonly service: ServiceKey; readonly destination?: DestinationKey }
  | { readonly do: 'flush-all' };

/** What a command was answered with: the lines VPP prints, without a trailing newline. */
export interface Outcome {
  readonly state: VppState;
  readonly text: string;
  /** false: refused, and nothing was changed. */
  readonly ok: boolean;
  readonly effects: readonly Effect[];
}

/** What commands see beside the state. */
export interface VppContext {
  /** Names of interfaces; undefined: nobody knows, and each is believed. */
  readonly interfaces?: ReadonlySet<string>;
  readonly numbers: VppNumbers;
}

/** A command's place in the tree, its help, and what it does with the words after its path. */
export interface VppCommand {
  readonly path: string;
  readonly help: string;
  readonly run: (state: VppState, input: Input, context: VppContext) => Outcome;
}

export const done = (state: VppState, text = '', effects: readonly Effect[] = []): Outcome => ({
  state,
  text,
  ok: true,
  effects,
});

/** VPP begins complaints with the command's path. */
export const refuse = (state: VppState, path: string, why: string): Outcome => ({
  state,
  text: `${path}: ${why}`,
  ok: false,
  effects: [],
});
