// kernels: uml, qemu
/** The published library, used as its example in examples/ uses it. */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { mustRun } from './topology.js';

t.test('examples/library.ts makes a service, lists it, is told that it exists, and takes it away', async (t) => {
  const said = await mustRun([process.execPath, fileURLToPath(new URL('../../examples/library.js', import.meta.url))]);
  t.match(said, /192\.0\.2\.10.*wrr\n/s);
  t.match(said, /198\.51\.100\.1:80 weight 3, 0 active, 0 bytes in/);
  t.match(said, /IPVS_EXISTS: add service: already exists: tcp 192\.0\.2\.10:80/);
  t.equal(await mustRun(['cat', '/proc/net/ip_vs']).then((text) => text.trim().split('\n').length), 3, 'titles only');
});
