/** A link for adverts on a fake clock: what real ports do, the sending thread's plans and its note of expected packets among it. */
import type { HeldAddress, LinkView, Network, Possessions } from '../../src/vrrp/network.js';
import type {
  AdvertChannel,
  AdvertClock,
  AdvertLink,
  AdvertMessage,
  AdvertPlan,
  AdvertPort,
  ExpectedAdvert,
  HeardAdvert,
} from '../../src/vrrp/ports.js';
import { FakeClock } from './fake-clock.js';

export const WALL_MS = 1_790_000_000_000;

/** What it has sent beside adverts: announcements, and questions for who has an address. */
export interface FakePort extends AdvertPort {
  readonly frames: readonly Uint8Array[];
  readonly questions: readonly Uint8Array[];
}

/** An ARP probe, or a neighbour solicitation. */
const isQuestion = (frame: Uint8Array): boolean =>
  frame[12] === 8 ? frame.subarray(28, 32).every((byte) => byte === 0) : frame[54] === 135;

/** Where all ports of a test meet. */
export class AdvertHub {
  readonly clock = new FakeClock();
  readonly #channels: FakeChannel[] = [];
  readonly #ears: {
    readonly port: object;
    readonly name: string;
    readonly heard: (message: Uint8Array, hopLimit: number) => void;
  }[] = [];
  /** Which packets do not arrive. */
  loses: (from: string, to: string) => boolean = () => false;
  /** Every packet, as it was sent. */
  readonly sent: { readonly atMs: number; readonly from: string; readonly to: string; readonly payload: Uint8Array }[] =
    [];
  /** So late the sending threads come to their moments. */
  lateMs = 0;
  /** Opening a channel fails with this errno. */
  refuses: string | undefined;

  port(): FakePort {
    const { clock } = this;
    const frames: Uint8Array[] = [];
    const questions: Uint8Array[] = [];
    const advertClock: AdvertClock = {
      now: () => clock.now(),
      after: (ms, run) => clock.after(ms, run),
      wallMs: (atMs) => WALL_MS + atMs,
    };
    const port: FakePort = {
      clock: advertClock,
      frames,
      questions,
      open: (link, _vrid, heard, silent) => {
        if (this.refuses !== undefined) throw new Error(this.refuses);
        const channel = new FakeChannel(this, link, { heard, silent });
        this.#channels.push(channel);
        return channel;
      },
      strangers: { unknownVrid: 0, unreadable: 0, lost: 0 },
      sendFrame(_index, frame) {
        (isQuestion(frame) ? questions : frames).push(frame);
        return 0;
      },
      hearNeighbours: (name, _family, heard) => {
        const ear = { port, name, heard };
        this.#ears.push(ear);
        return () => void this.#ears.splice(this.#ears.indexOf(ear), 1);
      },
      close: () => undefined,
    };
    return port;
  }

  /** What a neighbour says to one port. */
  neighbourSays(port: object, message: Uint8Array, hopLimit = -1): void {
    for (const ear of this.#ears.filter((one) => one.port === port)) ear.heard(message, hopLimit);
  }

  /** Channels that are open. */
  get open(): readonly AdvertLink[] {
    return this.#channels.filter(({ isClosed }) => !isClosed).map(({ link }) => link);
  }

  carry(from: FakeChannel, message: AdvertMessage): void {
    const { link } = from;
    const destinations = 'group' in link.to ? [link.to.group] : link.to.peers;
    for (const [i, destination] of destinations.entries()) {
      const payload = message instanceof Uint8Array ? message : message[i]!;
      this.sent.push({ atMs: this.clock.now(), from: link.source, to: destination, payload });
      for (const to of this.#channels) {
        const isMeant = 'group' in link.to ? 'group' in to.link.to : to.link.source === destination;
        if (to === from || to.isClosed || !isMeant || this.loses(link.source, to.link.source)) continue;
        to.arrive({ ...packet(link, payload, destination), atMs: this.clock.now() });
      }
    }
  }

  /** Somebody else's packet. */
  inject(to: string, heard: Omit<HeardAdvert, 'atMs'>): void {
    for (const channel of this.#channels)
      if (channel.link.source === to && !channel.isClosed) channel.arrive({ ...heard, atMs: this.clock.now() });
  }
}

/** An IPv4 packet as it comes in. */
export const packet = (
  { family, protocol, source, ttl }: Pick<AdvertLink, 'family' | 'protocol' | 'source' | 'ttl'>,
  payload: Uint8Array,
  destination: string,
): Omit<HeardAdvert, 'atMs'> => {
  const ipHeader = new Uint8Array(family === 'ip4' ? 20 : 0);
  if (family === 'ip4') {
    ipHeader.set([0x45, 0xc0, (20 + payload.length) >> 8, (20 + payload.length) & 0xff]);
    if (protocol === 51) ipHeader.set(identificationOf(payload), 4);
    ipHeader.set([ttl, protocol], 8);
    ipHeader.set(source.split('.').map(Number), 12);
    ipHeader.set(destination.split('.').map(Number), 16);
  }
  return { ipHeader, payload, source, destination, ttl };
};

/** As the sending thread writes it where it is signed. */
const identificationOf = (payload: Uint8Array): Uint8Array =>
  payload[10] === 0 && payload[11] === 0 ? Uint8Array.of(0, 1) : payload.slice(10, 12);

class FakeChannel implements AdvertChannel {
  readonly #hub: AdvertHub;
  readonly link: AdvertLink;
  readonly #listener: { heard(advert: HeardAdvert): void; silent(): void };
  #cancel: () => void = () => undefined;
  #stopWaiting: () => void = () => undefined;
  #known: ExpectedAdvert | undefined;
  noted: AdvertChannel['noted'] = { count: 0, lastMs: undefined };
  isClosed = false;
  #count = 0;
  #mutedSinceMs: number | undefined;

  constructor(hub: AdvertHub, link: AdvertLink, listener: { heard(advert: HeardAdvert): void; silent(): void }) {
    this.#hub = hub;
    this.link = link;
    this.#listener = listener;
  }

  send(plan: AdvertPlan): void {
    this.#cancel();
    this.#mutedSinceMs = undefined;
    this.#beat(plan, 0);
  }
  #beat(plan: AdvertPlan, index: number): void {
    const message = plan.messages[Math.min(index, plan.messages.length - 1)];
    if (message === undefined || (!plan.repeats && index >= plan.messages.length)) return;
    const atMs = plan.firstAtMs + index * plan.everyMs;
    this.#cancel = this.#hub.clock.after(Math.max(0, atMs - this.#hub.clock.now()), () => {
      if (this.#hub.lateMs >= (plan.silentIfLateMs ?? Infinity)) {
        this.#mutedSinceMs = this.#hub.clock.now();
        return;
      }
      this.#count++;
      this.#beat(plan, index + 1);
      this.#hub.carry(this, message);
    });
  }
  sendNow(message: AdvertMessage): number {
    this.#hub.carry(this, message);
    return 0;
  }
  silence(): void {
    this.#cancel();
  }
  expect(known: ExpectedAdvert | undefined): void {
    this.#known = known && { ...known, payload: known.payload.slice() };
    this.noted = { ...this.noted, lastMs: undefined };
    this.#waitFor(known, known?.sinceMs ?? 0);
  }
  #waitFor(known: ExpectedAdvert | undefined, sinceMs: number): void {
    this.#stopWaiting();
    if (known === undefined) return;
    const waitMs = Math.max(0, sinceMs + known.patienceMs - this.#hub.clock.now());
    this.#stopWaiting = this.#hub.clock.after(waitMs, () => this.#listener.silent());
  }
  arrive(advert: HeardAdvert): void {
    const known = this.#known;
    const same = known?.source === advert.source && Buffer.compare(known.payload, advert.payload) === 0;
    if (!same || advert.ttl < known.leastTtl) return this.#listener.heard(advert);
    this.noted = { count: this.noted.count + 1, lastMs: advert.atMs };
    this.#waitFor(known, advert.atMs);
  }
  drain(): void {
    // nothing waits here: it is told when it arrives
  }
  get sent(): AdvertChannel['sent'] {
    return { count: this.#count, failed: 0, lastErrno: 0, mutedSinceMs: this.#mutedSinceMs };
  }
  close(): void {
    this.#cancel();
    this.#stopWaiting();
    this.isClosed = true;
  }
}

const placeOf = (address: string): HeldAddress => ({
  address,
  interface: 'eth0',
  index: 2,
  mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  router: false,
});

/** A machine with one interface, which remembers what is asked of it. */
export class FakeMachine implements Network {
  readonly held = new Map<string, readonly string[]>();
  /** `V1 hold`, `V1 release`, … in order. */
  readonly calls: string[] = [];
  running = true;
  /** undefined: eth0 is not there. */
  index: number | undefined = 2;
  /** What preparing fails with. */
  unprepared: string | undefined;
  /** Left by a process before us. */
  leftovers = false;
  /** Addresses cannot be held; or only these cannot. */
  refuses = false;
  refused: ReadonlySet<string> = new Set();
  readonly #configured = new Map<string, Parameters<Network['possessionsOf']>[0]>();
  #events: Parameters<Network['follow']>[0] | undefined;

  readonly address: string;

  constructor(address: string) {
    this.address = address;
  }

  link(name: string): LinkView | undefined {
    const { index } = this;
    if (name !== 'eth0' || index === undefined) return undefined;
    return {
      name,
      index,
      running: this.running,
      mac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      mtu: 1500,
      addresses: [{ address: this.address, prefixLength: 24, scope: 'global', usable: true }],
    };
  }
  linkWith(address: string): LinkView | undefined {
    return address === this.address ? this.link('eth0') : undefined;
  }
  follow(events: Parameters<Network['follow']>[0]): void {
    this.#events = events;
  }
  possessionsOf(instance: Parameters<Network['possessionsOf']>[0]): Possessions {
    this.#configured.set(instance.name, instance);
    return this.#possessions(instance.name);
  }
  #possessions(name: string): Possessions {
    const isWhole = (): boolean => this.refused.size === 0;
    const did = (what: string): Promise<void> => {
      this.calls.push(`${name} ${what}`);
      return Promise.resolve();
    };
    return {
      prepare: async (keep) => {
        await did(keep ? 'prepare, keep' : 'prepare');
        if (this.index === undefined) throw new Error('there is no interface eth0');
        if (this.unprepared !== undefined) throw new Error(this.unprepared);
      },
      hold: async () => {
        await did('hold');
        if (this.refuses) throw new Error('no room');
        const { addresses } = this.#configured.get(name)!;
        const had = addresses.map(({ address }) => address).filter((address) => !this.refused.has(address));
        this.held.set(name, had);
        return had.map(placeOf);
      },
      places: () => {
        const { addresses, excluded } = this.#configured.get(name)!;
        return Promise.resolve([...addresses, ...excluded].map(({ address }) => placeOf(address)));
      },
      get isWhole() {
        return isWhole();
      },
      release: async () => {
        await did('release');
        this.held.delete(name);
      },
      areHere: () => this.leftovers,
      dismantle: () => did('dismantle'),
    };
  }
  interfacesOf(): { readonly base: string; readonly own: undefined } {
    return { base: 'eth0', own: undefined };
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Carrier comes or goes. */
  set(running: boolean): void {
    this.running = running;
    this.#events?.changed();
  }
  /** The interface goes, or comes as another one of the same name. */
  replace(index: number | undefined): void {
    this.index = index;
    this.#events?.changed();
  }
  lose(router: string, what: string): void {
    this.#events?.lost(router, what);
  }
}
