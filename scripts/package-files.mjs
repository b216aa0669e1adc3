// What of a built checkout runs: for scripts/package-deb.mjs and packaging/docker. Plain JavaScript without dependencies.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const programs = ['lvsd.node', 'lvsd-dataplane', 'lvsd-launch'];

/** Pairs of an absolute path and its place in the package, each there or an error. The bundles have every npm package in them but those that are served as files. */
export function packageFiles(root) {
  const places = [
    'bin',
    'build/bundle',
    'web',
    'node_modules/uplot/package.json',
    'node_modules/uplot/dist/uPlot.esm.js',
    'node_modules/uplot/dist/uPlot.min.css',
    ...programs.map((name) => `native/build/Release/${name}`),
  ];
  for (const place of places)
    if (!existsSync(join(root, place)))
      throw new Error(`${place} is not there: build first (node scripts/build.mjs all)`);
  return places.map((place) => [join(root, place), place]);
}

/** The licences of all npm packages that an installed lvsd may have in it, and of Node, one text. */
export function licensesOf(root) {
  const found = [...closure(root)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, folder]) => ofPackage(folder));
  const node = [
    join(dirname(process.execPath), '../share/doc/nodejs/LICENSE'),
    join(dirname(process.execPath), '../LICENSE'),
  ];
  const text = node.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'))[0];
  return [
    ...found,
    `Node.js ${process.version}\n\n${text ?? 'https://github.com/nodejs/node/blob/main/LICENSE\n'}`,
  ].join(`\n${'='.repeat(80)}\n\n`);
}

function ofPackage(folder) {
  const { name, version, license } = manifestOf(folder);
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trimEnd());
  return `${name} ${version} (${typeof license === 'string' ? license : 'see below'})\n\n${texts.join('\n\n')}\n`;
}

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** `name version` → folder of what the package depends on, as Node finds it. */
function closure(folder, found = new Map()) {
  const { dependencies = {} } = manifestOf(folder);
  for (const name of Object.keys(dependencies)) {
    const place = placeOf(folder, name);
    const key = `${name} ${manifestOf(place).version}`;
    if (found.has(key)) continue;
    found.set(key, place);
    closure(place, found);
  }
  return found;
}

function placeOf(folder, name) {
  const place = join(folder, 'node_modules', name);
  if (existsSync(join(place, 'package.json'))) return place;
  if (dirname(folder) === folder) throw new Error(`${name} is not installed`);
  return placeOf(dirname(folder), name);
}
