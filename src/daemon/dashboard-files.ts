import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DashboardFile } from '../api/dashboard.js';
import { type Log, reasonOf } from '../system/log.js';

/** Where the dashboard lies. */
export interface DashboardPlaces {
  /** Folder of index.html and what it loads. */
  readonly page: string;
  /** Folder of uPlot's uPlot.esm.js and uPlot.min.css. */
  readonly uplot: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** `web/` of this package, and uPlot as it is installed beside or above it: both from whatever file we were compiled or bundled into. */
export function dashboardPlaces(from = import.meta.url): DashboardPlaces {
  const uplot = createRequire(from).resolve('uplot/dist/uPlot.esm.js');
  return { page: pageFolder(dirname(fileURLToPath(from))), uplot: dirname(uplot) };
}

/** The dashboard of this package. Where it was not installed the API goes on without it, and the log says so. */
export function ownDashboard(log: Pick<Log, 'warn'>, places = dashboardPlaces): readonly DashboardFile[] {
  try {
    return dashboardFiles(places());
  } catch (error) {
    log.warn({ event: 'api.no-dashboard', reason: reasonOf(error) });
    return [];
  }
}

/** What is served of it, read once. @throws if something of it is missing */
export function dashboardFiles({ page, uplot }: DashboardPlaces): readonly DashboardFile[] {
  const own = readdirSync(page)
    .filter((name) => extname(name) in TYPES)
    .map((name) => served(name === 'index.html' ? '/' : `/dashboard/${name}`, join(page, name)));
  return [
    ...own,
    served('/dashboard/uplot.js', join(uplot, 'uPlot.esm.js')),
    served('/dashboard/uplot.css', join(uplot, 'uPlot.min.css')),
  ];
}

const served = (path: string, file: string): DashboardFile => ({
  path,
  type: TYPES[extname(file)]!,
  bytes: readFileSync(file),
});

/** The nearest `web/` above a folder. */
function pageFolder(folder: string): string {
  const web = join(folder, 'web');
  if (existsSync(join(web, 'index.html'))) return web;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('there is no folder web with index.html above this program');
  return pageFolder(parent);
}
