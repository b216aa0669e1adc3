import { fileURLToPath } from 'node:url';
import t from 'tap';
import { caseNames, readCase } from './cases.js';
import { faultsOf } from './verdict.js';

const folder = fileURLToPath(new URL('../../../../test/conformance/vpp/cases/', import.meta.url));

for (const name of caseNames(folder)) {
  t.test(name, (t) => {
    t.strictSame(faultsOf(readCase(folder, name)), []);
    t.end();
  });
}
