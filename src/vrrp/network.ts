/** What a virtual router knows of this machine's network and changes of it: links, addresses, what a master has. Made by the daemon over links/ and netfilter/. */
import type { VrrpDefaults } from '../config/global-settings.js';
import type { VrrpInstance } from '../config/vrrp/vrrp.js';

/** An interface as it is now. */
export interface LinkView {
  readonly name: string;
  readonly index: number;
  /** It can carry packets: up, with carrier, and so is what is below it. */
  readonly running: boolean;
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** In the kernel's order. */
  readonly addresses: readonly AddressView[];
}

export interface AddressView {
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: 'global' | 'site' | 'link' | 'host' | 'nowhere';
  /** Its duplicate detection is over and found none (IPv6). */
  readonly usable: boolean;
}

/** Where an address of a master is, for those who have to be told. */
export interface HeldAddress {
  readonly address: string;
  readonly interface: string;
  readonly index: number;
  readonly mac: Uint8Array;
  /** Forwarding is on: neighbour advertisements say that a router speaks. */
  readonly router: boolean;
  /** Not the router's own interface: a virtual one of ours, or another. */
  readonly elsewhere?: 'virtual' | 'other';
}

/** What one virtual router has on the machine while it is master, and the interface of its own it may have all the time. */
export interface Possessions {
  /**
   * The VMAC or ipvlan is there with its sysctls, and so is what no_accept needs. What a process before us left of the addresses, routes and
   * rules is removed, unless `keep`. Again after a reload, or when an interface has come back.
   * @throws LvsError LINK_MISSING and what the kernel refuses
   */
  prepare(keep: boolean): Promise<void>;
  /** Addresses, excluded ones, routes, rules: in this order. Those that are there already stay as they are. Resolves with where the addresses are. */
  hold(): Promise<readonly HeldAddress[]>;
  /** The reverse. Only what this router would hold goes. */
  release(): Promise<void>;
  /** Where its addresses are, or would be; without those on interfaces that are not there. */
  places(): Promise<readonly HeldAddress[]>;
  /** Nothing of what was to be held was refused. */
  readonly isWhole: boolean;
  /** Whether all addresses are on the machine, from a process before us. */
  areHere(): boolean;
  /** The interface of its own goes, and sysctls are what they were. */
  dismantle(): Promise<void>;
}

export interface Network {
  /** undefined: there is none of that name. */
  link(name: string): LinkView | undefined;
  /** Which interface has this address. */
  linkWith(address: string): LinkView | undefined;
  /** `changed`: links, or addresses of them, are not what they were (a batch at a time). `lost`: somebody else removed what this router holds and watches. */
  follow(events: { changed(): void; lost(router: string, what: string): void }): void;
  /** The same object for the same name. A reload calls it again with what is configured now. */
  possessionsOf(instance: VrrpInstance, defaults: VrrpDefaults): Possessions;
  /** The interface on which the adverts of this router leave and are heard, and its addresses are put by default. */
  interfacesOf(
    instance: VrrpInstance,
    defaults: VrrpDefaults,
  ): { readonly base: string | undefined; readonly own: string | undefined };
  close(): Promise<void>;
}
