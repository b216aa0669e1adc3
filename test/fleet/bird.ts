/** BIRD at the directors, which tells of the addresses, and at the router, which takes all ways at once: what docs/fleet.md has to copy. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../engine/site.js';
import { until } from '../vrrp/director-process.js';
import { Running } from '../vrrp/interop/router.js';
import { DIRECTORS, type DirectorName, type Site } from './site.js';

/** The block of docs/fleet.md that begins with this comment. */
export function fromManual(firstLine: string): string {
  const page = readFileSync(join(root, 'docs/fleet.md'), 'utf8');
  const block = [...page.matchAll(/^```\n([\s\S]*?)^```$/gm)]
    .map(([, text = '']) => text)
    .find((text) => text.startsWith(firstLine));
  if (block === undefined) throw new Error(`docs/fleet.md has no block that begins with '${firstLine}'`);
  return block;
}

export async function startBird(site: Site, host: string, text: string): Promise<Running> {
  const folder = site.folder();
  writeFileSync(folder.file('conf'), text);
  const socket = folder.file('ctl');
  const command = ['/usr/sbin/bird', '-f', '-c', folder.file('conf'), '-s', socket, '-P', folder.file('pid')];
  const bird = new Running(host, command, folder.file('log'));
  const says = async (): Promise<boolean> => {
    if (bird.hasEnded) throw new Error(`BIRD of ${host}: ${folder.text('log')}`);
    const { stdout } = await site.network.run(host, ['/usr/sbin/birdc', '-s', socket, 'show', 'status']);
    return stdout.includes('Daemon is up');
  };
  await until(`BIRD of ${host} answers`, says);
  return bird;
}

export const directorBird = (site: Site, name: DirectorName): Promise<Running> =>
  startBird(site, name, fromManual('# bird.conf of a director').replaceAll('10.2.0.11', `10.2.0.1${name.slice(1)}`));

export function routerBird(site: Site): Promise<Running> {
  const text = fromManual('# bird.conf of the router');
  const sessions = DIRECTORS.map(
    (name) => `protocol bgp ${name} from director {\n    neighbor 10.2.0.1${name.slice(1)} as 65001;\n}\n`,
  );
  return startBird(
    site,
    'router',
    text.replace(/^protocol bgp d\d from director \{[\s\S]*?^\}\n/gm, '') + sessions.join(''),
  );
}
