import type { OvnState } from './state.js';

export interface OvnOutcome {
  readonly state: OvnState;
  /** Of standard output; lines end with a newline. */
  readonly out: string;
  /** A sentence for standard error, without `ovn-nbctl: `; with it the exit status is 1 and nothing was changed. */
  readonly error?: string;
}

/** The interfaces that a switch's or router's name stands for; `all`: whatever this machine has; undefined: there is none of that name. */
export type InterfacesOf = (name: string) => readonly string[] | 'all' | undefined;

/** What commands see beside the state. */
export interface OvnContext {
  readonly interfacesOf: InterfacesOf;
  readonly uuid: () => string;
}

/** A command's words after its name, its options taken out. */
export interface OvnArguments {
  readonly options: ReadonlySet<string>;
  readonly words: readonly string[];
}

export interface OvnCommand {
  readonly name: string;
  /** How many words it takes. */
  readonly least: number;
  readonly most: number;
  readonly options: readonly string[];
  readonly usage: string;
  readonly run: (state: OvnState, given: OvnArguments, context: OvnContext) => OvnOutcome;
}

export const changed = (state: OvnState): OvnOutcome => ({ state, out: '' });
export const failed = (state: OvnState, error: string): OvnOutcome => ({ state, out: '', error });
