import t from 'tap';
import type { Check } from '../../../src/config/check.js';
import type { Configuration } from '../../../src/config/configuration.js';
import { formatDiagnostic } from '../../../src/config/diagnostics.js';
import { readConfiguration } from '../../../src/config/read.js';

const read = (check: string, before = ''): { configuration: Configuration | undefined; says: string[] } => {
  const text = `${before}
virtual_server 192.0.2.1 80 {
lb_algo rr
lb_kind NAT
protocol TCP
delay_loop 7
real_server 10.0.0.1 80 {
${check}
}
}
`;
  const { configuration, diagnostics } = readConfiguration({ file: 'test.conf', text });
  return { configuration, says: diagnostics.map(formatDiagnostic) };
};
const checkOf = (check: string, before?: string): Check | undefined => {
  const { configuration, says } = read(check, before);
  t.same(says, [], check);
  return configuration?.virtualServers[0]?.realServers[0]?.checks[0];
};

t.test('MISC_CHECK: what it says, and what it does not', (t) => {
  t.match(checkOf('MISC_CHECK {\nmisc_path "/usr/bin/check -H \'a b\'"\n}'), {
    is: 'misc',
    script: { argv: ['/usr/bin/check', '-H', 'a b'] },
    timeoutSeconds: 7,
    dynamic: false,
    pace: { intervalSeconds: 7, retries: 0, retryDelaySeconds: 1, rise: 1 },
  });
  const more =
    'misc_timeout 2.5\nmisc_dynamic\nuser web :staff\ndelay_loop 3\nretry 2\ndelay_before_retry 0.5\nwarmup 0\nalpha\nrise 2';
  t.match(checkOf(`MISC_CHECK {\nmisc_path "/check" me\n${more}\n}`), {
    script: { argv: ['/check'], user: { user: 'me' } },
    timeoutSeconds: 2.5,
    dynamic: true,
    user: { user: 'web', group: 'staff', supplementary: true },
    pace: { intervalSeconds: 3, retries: 2, retryDelaySeconds: 0.5, warmupSeconds: 0, alpha: true, rise: 2 },
  });
  t.match(checkOf('MISC_CHECK {\nmisc_path "/check"\nmisc_timeout 0\nuser web :\n}'), {
    timeoutSeconds: 7,
    user: { user: 'web', supplementary: true, group: undefined },
  });
  t.match(checkOf('retry 4\nMISC_CHECK {\nmisc_path "/check"\n}'), { pace: { retries: 4 } });
  t.end();
});

t.test('MISC_CHECK: mistakes', (t) => {
  const says = (check: string): string[] => read(check).says;
  t.match(says('MISC_CHECK {\nmisc_timeout 3\n}'), [/test\.conf:8:1: 'MISC_CHECK' runs nothing, expected 'misc_path/]);
  t.match(says('MISC_CHECK {\nmisc_path "/check"\nconnect_port 80\n}'), [/'connect_port' is no keyword of MISC_CHECK/]);
  t.match(says('MISC_CHECK {\nmisc_path "/check"\nmisc_tiemout 3\n}'), [/did you mean 'misc_timeout'/]);
  t.match(says('MISC_CHECK {\nmisc_path "/check"\nmisc_timeout 5s\n}'), [/did you mean '5'/]);
  t.match(says('MISC_CHECK {\nmisc_path "/check"\nuser web ::x\n}'), [/'::x' is no name of a group/]);
  t.match(says('MISC_CHECK {\nmisc_path "/check\n}'), [/a quote that is not closed/]);
  t.end();
});

const tracked = (more = ''): string => `track_file load {\nfile /run/load\n${more}\n}`;

t.test('FILE_CHECK: the factor is its own or that of the track_file', (t) => {
  const check = (more: string, file?: string): Check | undefined =>
    checkOf(`FILE_CHECK {\ntrack_file load\n${more}\n}`, tracked(file));
  t.match(check(''), { is: 'file', path: '/run/load', weight: 1, downAtZero: undefined });
  t.match(check('', 'weight 3 reverse'), { weight: -3 });
  t.match(check('weight -2147483647', 'weight 3 reverse'), { weight: -2_147_483_647 });
  t.match(check('weight 5 reverse'), { weight: -5 });
  t.match(check('weight 5 noreverse'), { weight: 5 });
  t.match(check('weight 0'), { weight: 0, downAtZero: undefined });
  t.match(check('weight 0 reverse\nalpha'), { weight: 0, downAtZero: true, pace: { alpha: true } });
  t.equal(Object.is((check('weight 0 reverse') as { weight: number }).weight, -0), false);
  t.end();
});

t.test('FILE_CHECK: mistakes', (t) => {
  const says = (check: string, before = tracked()): string[] => read(check, before).says;
  t.match(says('FILE_CHECK {\nweight 3\n}'), [/'FILE_CHECK' names no file/]);
  t.match(says('FILE_CHECK {\ntrack_file laod\n}'), [/'laod' is no track_file of this file; did you mean 'load'/]);
  t.match(says('FILE_CHECK {\ntrack_file load\nweight 2147483648\n}'), [/whole number/]);
  t.equal(
    says('FILE_CHECK {\ntrack_file load\n}', 'track_file load {\nweight 3\n}').length,
    1,
    'one message for one mistake',
  );
  t.end();
});

t.test('who runs scripts', (t) => {
  const { configuration, says } = read('', 'global_defs {\nscript_user web :staff\n}');
  t.same(says, []);
  t.same(configuration?.globals.scriptUser, { user: 'web', group: 'staff', supplementary: true });
  t.match(read('', 'global_defs {\nscript_user web a/b\n}').says, [/'a\/b' is no name of a group/]);
  t.end();
});
