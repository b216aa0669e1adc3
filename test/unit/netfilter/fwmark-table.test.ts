import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { FwmarkRule } from '../../../src/netfilter/fwmark-rule.js';
import { FwmarkTable } from '../../../src/netfilter/fwmark-table.js';
import { type Nft, systemNft } from '../../../src/netfilter/nft.js';
import type { JsonObject } from '../../../src/netfilter/ruleset.js';

const rule: FwmarkRule = { name: 'web', mark: 7, vips: ['10.0.0.1'] };

/** As much of nft as a table of ours needs: it keeps the objects of each transaction and lists them. */
class FakeNft implements Nft {
  readonly tables = new Map<string, JsonObject[]>([['inet filter', [{ table: { family: 'inet', name: 'filter' } }]]]);
  loads = 0;

  run(args: readonly string[]): Promise<string> {
    const [, , family = '', name = ''] = args;
    const told =
      args[1] === 'tables'
        ? [...this.tables.values()].flatMap((objects) => objects.slice(0, 1))
        : this.tables.get(`${family} ${name}`);
    return Promise.resolve(JSON.stringify({ nftables: [{ metainfo: {} }, ...(told ?? [])] }));
  }

  load(transaction: string): Promise<void> {
    this.loads++;
    const { nftables } = JSON.parse(transaction) as { nftables: { add?: JsonObject; delete?: JsonObject }[] };
    for (const { add, delete: gone } of nftables) {
      const object = (add ?? gone)!;
      const body = Object.values(object)[0] as { family: string; name: string; table?: string };
      const key = `${body.family} ${body.table ?? body.name}`;
      if (gone !== undefined) this.tables.delete(key);
      else if ('table' in object) this.tables.set(key, this.tables.get(key) ?? [object]);
      else this.tables.get(key)?.push(object);
    }
    return Promise.resolve();
  }
}

t.test('written once, then left alone, then removed; others are not touched', async (t) => {
  const nft = new FakeNft();
  const table = new FwmarkTable(nft);
  t.equal(await table.apply([rule]), true);
  t.equal(await table.apply([rule]), false);
  t.equal(nft.loads, 1);
  t.equal(await table.apply([{ ...rule, mark: 8 }]), true);
  t.match(JSON.stringify(nft.tables.get('inet lvsd')), '"value":8');
  t.equal(await table.apply([]), true);
  t.equal(await table.remove(), false);
  t.strictSame([...nft.tables.keys()], ['inet filter']);
});

t.test('nft that is not there, refuses, hangs or babbles', async (t) => {
  const directory = t.testdir();
  const script = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const apply = (command: string, ms?: number): Promise<boolean> =>
    new FwmarkTable(systemNft({ command: [command], ...(ms === undefined ? {} : { timeoutMs: ms }) })).apply([rule]);
  await t.rejects(apply(join(directory, 'nosuch')), { code: 'NFT_MISSING' });
  await t.rejects(apply(script('refuses', 'echo "Error: Operation not permitted" >&2; exit 1')), {
    code: 'NFT_REFUSED',
    message: /Operation not permitted/,
  });
  await t.rejects(apply(script('hangs', 'exec sleep 60'), 100), { code: 'NFT_TIMEOUT' });
  const listing = JSON.stringify({ nftables: [] });
  const log = join(directory, 'log');
  await apply(
    script('takes', `case "$*" in *list*) echo '${listing}' ;; *) echo "$*" >>${log}; cat "$3" >>${log} ;; esac`),
  );
  t.match(readFileSync(log, 'utf8'), /^-j -f \/.*\/transaction\.json\n\{"nftables":/);
  await t.rejects(apply(script('babbles', 'echo hello')), { code: 'NFT_REFUSED', message: /no JSON/ });
});
