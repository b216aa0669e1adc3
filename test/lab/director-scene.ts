import { rmSync, writeFileSync } from 'node:fs';
import { Director } from './lvsd-process.js';
import { natSite, numbersTo, serverAddress, serverHost } from './nat-site.js';
import { type Endpoint, serve } from './peers.js';
import { Network, type Topology } from './topology.js';

/** A director that runs, with servers behind it. It ends with its network. */
export interface Scene extends AsyncDisposable {
  readonly network: Network;
  director: Director;
  /** Another one in its place, once this one is dead. */
  readonly again: () => Promise<void>;
}

export interface SceneOptions {
  readonly servers: number;
  /** What each of them serves, at its own address. */
  readonly serves: readonly Pick<Endpoint, 'protocol' | 'port'>[];
  /** Other machines than those of natSite. */
  readonly topology?: Topology;
}

/** @param file where the director finds `text` */
export async function directorScene(
  file: string,
  text: string,
  { servers, serves, topology = natSite(servers) }: SceneOptions,
): Promise<Scene> {
  const network = await Network.build(topology);
  rmSync('/run/lvsd', { recursive: true, force: true });
  writeFileSync(file, text);
  for (const n of numbersTo(servers))
    await serve(
      serverHost(n),
      serves.map((one) => ({ ...one, address: serverAddress(n) })),
    );
  const start = async (): Promise<Director> => {
    const director = new Director('director', file);
    await director.until('daemon.started');
    return director;
  };
  const here: Scene = {
    network,
    director: await start(),
    async again() {
      await here.director[Symbol.asyncDispose]();
      here.director = await start();
    },
    async [Symbol.asyncDispose]() {
      await here.director[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    },
  };
  return here;
}
