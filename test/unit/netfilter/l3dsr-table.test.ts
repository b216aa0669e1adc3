/** What nft lists of our table is what we put there, for every DSCP, whatever name nft has for it. */
import '../../helpers/own-namespace.js';
import t from 'tap';
import type { DscpMapping } from '../../../src/netfilter/l3dsr.js';
import { L3dsrTable } from '../../../src/netfilter/l3dsr-table.js';
import { systemNft } from '../../../src/netfilter/nft.js';

const all: readonly DscpMapping[] = Array.from({ length: 64 }, (_, dscp) => [
  { dscp, vip: `192.0.2.${dscp + 1}` },
  { dscp, vip: `2001:db8::${(dscp + 1).toString(16)}` },
]).flat();

t.test('all of them, one after the other, and away again', async (t) => {
  const table = new L3dsrTable(systemNft());
  t.strictSame(await table.list(), []);
  for (const [i, mapping] of all.entries()) {
    await table.add(mapping);
    if (i % 16 === 15) t.strictSame(await table.list(), all.slice(0, i + 1));
  }
  t.strictSame(await table.list(), all);
  const other = { dscp: 7, vip: '198.51.100.1' };
  await table.add(other);
  t.strictSame(await table.list(), [...all.filter(({ dscp, vip }) => dscp !== 7 || vip.includes(':')), other]);
  await table.delete({ dscp: 7, vip: '198.51.100.9' });
  t.equal((await table.list()).length, all.length, 'it does not mean that one');
  for (const mapping of [...all, other].slice(2)) if (mapping.dscp % 8 === 7) await table.delete(mapping);
  t.equal((await table.list()).length, 112);
});

t.test('the last one takes the table with it', async (t) => {
  const nft = systemNft();
  await nft.run(['delete', 'table', 'inet', 'lvsd-l3dsr']);
  const table = new L3dsrTable(nft);
  await table.add(all[0]!);
  t.match(await nft.run(['list', 'tables']), /lvsd-l3dsr/);
  await table.delete(all[0]!);
  t.notMatch(await nft.run(['list', 'tables']), /lvsd-l3dsr/);
  await table.delete(all[0]!);
});
