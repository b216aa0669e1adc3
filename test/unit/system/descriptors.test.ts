import t from 'tap';
import { descriptorLimit, descriptorsToSpare, softLimit } from '../../../src/system/descriptors.js';

const limits = (
  files: string,
): string => `Limit                     Soft Limit           Hard Limit           Units     
Max processes             256505               256505               processes 
${files}
Max locked memory         8388608              8388608              bytes     
`;

t.test('the soft limit as proc(5) shows it', (t) => {
  t.equal(softLimit(limits('Max open files            1024                 524288               files     ')), 1024);
  t.equal(
    softLimit(limits('Max open files            unlimited            unlimited            files     ')),
    Number.MAX_SAFE_INTEGER,
  );
  t.equal(softLimit(limits('')), undefined);
  t.ok((descriptorLimit() ?? 0) > 0, 'of this process');
  t.equal(
    descriptorLimit(() => {
      throw new Error('no /proc');
    }),
    undefined,
  );
  t.end();
});

t.test('a reserve is left, half where there are few', (t) => {
  t.equal(descriptorsToSpare(20_000), 19_744);
  t.equal(descriptorsToSpare(300), 150);
  t.equal(descriptorsToSpare(undefined), 768);
  t.equal(descriptorsToSpare(1), 1);
  t.end();
});
