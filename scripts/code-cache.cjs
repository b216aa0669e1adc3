// node scripts/code-cache.cjs NAME [ARGUMENT]...: runs a bundle once, so that V8 compiles what a start needs, and keeps the result
// beside it for bin/run-bundle.cjs. No program is started on the way (a kernel without IPVS would get a modprobe).
const { join } = require('node:path');
const { rmSync, writeFileSync } = require('node:fs');
const childProcess = require('node:child_process');

const [name] = process.argv.splice(2, 1);
const cache = join(__dirname, `../build/bundle/${name}.cjs.cache`);
// V8 checks little more than the length of the source: a cache must never outlive its bundle.
rmSync(cache, { force: true });
for (const start of ['spawn', 'spawnSync']) childProcess[start] = () => ({ status: 1 });

let script;
process.on('exit', () => {
  if (script !== undefined) writeFileSync(cache, script.createCachedData());
});
script = require('../bin/run-bundle.cjs')(name);
