import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { apiClientPage } from './api-client.js';
import { pages } from './pages.js';

for (const [path, text] of [...pages(), await apiClientPage()])
  writeFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), text);
