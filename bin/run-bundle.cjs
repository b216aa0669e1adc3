// Runs one of build/bundle with V8's code cache that the build left beside it, for compiling is a third of what a start costs
// beyond Node's own. Without a cache, or with one of another Node, the bundle is compiled as ever. `flags` are for V8, and set behind
// that: a cache is only good for the flags it was made with. Stacks name the bundle without its folder, for a cache keeps the name it was made with.
const { readFileSync } = require('node:fs');
const { wrap } = require('node:module');
const { Script } = require('node:vm');

module.exports = (name, flags = []) => {
  const folder = `${__dirname}/../build/bundle`;
  const filename = `${folder}/${name}.cjs`;
  const script = new Script(wrap(readFileSync(filename, 'utf8')), { filename: `${name}.cjs`, cachedData: cacheOf(filename) });
  for (const flag of flags) require('node:v8').setFlagsFromString(flag);
  const bundle = { exports: {} };
  script.runInThisContext().call(bundle.exports, bundle.exports, require, bundle, filename, folder);
  return script;
};

function cacheOf(filename) {
  try {
    return readFileSync(`${filename}.cache`);
  } catch {
    return undefined;
  }
}
