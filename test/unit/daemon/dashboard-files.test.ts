import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { dashboardFiles, dashboardPlaces, ownDashboard } from '../../../src/daemon/dashboard-files.js';
import { MemoryLog } from '../../helpers/memory-log.js';
import { temporaryDirectory } from '../../helpers/program.js';

/** A package as it is installed: a program somewhere in it, the page beside package.json, uPlot in node_modules. */
function installed(folder: string): string {
  for (const path of ['build/bundle', 'web', 'node_modules/uplot/dist'])
    mkdirSync(join(folder, path), { recursive: true });
  writeFileSync(join(folder, 'web/index.html'), '<p>page</p>');
  writeFileSync(join(folder, 'web/main.js'), '1');
  writeFileSync(join(folder, 'web/secret.txt'), 'not served');
  writeFileSync(join(folder, 'node_modules/uplot/dist/uPlot.esm.js'), '2');
  writeFileSync(join(folder, 'node_modules/uplot/dist/uPlot.min.css'), 'a{}');
  return pathToFileURL(join(folder, 'build/bundle/lvsd.cjs')).href;
}

t.test('the page lies above the program, uPlot where node finds it', (t) => {
  const folder = temporaryDirectory(t);
  const places = dashboardPlaces(installed(folder));
  t.strictSame(places, { page: join(folder, 'web'), uplot: join(folder, 'node_modules/uplot/dist') });
  const files = dashboardFiles(places).map(({ path, type, bytes }) => `${path} ${type} ${bytes.toString()}`);
  t.strictSame(files.sort(), [
    '/ text/html; charset=utf-8 <p>page</p>',
    '/dashboard/main.js text/javascript; charset=utf-8 1',
    '/dashboard/uplot.css text/css; charset=utf-8 a{}',
    '/dashboard/uplot.js text/javascript; charset=utf-8 2',
  ]);
  t.end();
});

t.test('that of this package is whole', (t) => {
  const log = new MemoryLog();
  const paths = ownDashboard(log).map(({ path }) => path);
  for (const path of ['/', '/dashboard/main.js', '/dashboard/style.css', '/dashboard/uplot.js'])
    t.ok(paths.includes(path), path);
  t.strictSame(log.events, []);
  t.end();
});

t.test('without it the API goes on', (t) => {
  const log = new MemoryLog();
  const nowhere = pathToFileURL(join(temporaryDirectory(t), 'lvsd.cjs')).href;
  t.strictSame(
    ownDashboard(log, () => dashboardPlaces(nowhere)),
    [],
  );
  t.match(log.events, [{ event: 'api.no-dashboard', reason: /uplot/ }]);
  t.end();
});
