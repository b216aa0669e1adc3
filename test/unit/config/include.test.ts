import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { includeFiles, readConfigurationFile } from '../../../src/config/include.js';

const folder = t.testdir({
  'main.conf': 'include conf.d/*.conf\nglobal_defs {\n  router_id a\n}\n',
  'wrong.conf': 'include nothing.conf\nincludew no/*.conf\n',
  'loop.conf': 'include loop.conf\n',
  'conf.d': {
    'b.conf': 'global_defs {\n  lvs_flush\n}\ninclude ../more/x.conf\n',
    'a.conf': 'global_defs {\n  lvs_drift report\n}\n',
    '.hidden.conf': 'broken',
    'c.conf.off': 'broken',
  },
  more: { 'x.conf': 'global_defs {\n  lvs_stop keep\n}\n' },
});

t.test('files come in the order of their names, relative to who includes them', (t) => {
  const { configuration, diagnostics } = readConfigurationFile(join(folder, 'main.conf'));
  t.strictSame(diagnostics, []);
  t.strictSame(
    configuration?.files.map((file) => file.slice(folder.length + 1)),
    ['main.conf', 'conf.d/a.conf', 'conf.d/b.conf', 'more/x.conf'],
  );
  const { drift, flushAtStart, stop, routerId } = configuration?.globals ?? {};
  t.strictSame(
    { drift, flushAtStart, stop, routerId },
    { drift: 'report', flushAtStart: true, stop: 'keep', routerId: 'a' },
  );
  t.end();
});

const messages = (file: string): readonly string[] =>
  readConfigurationFile(join(folder, file)).diagnostics.map((one) => one.message.replaceAll(folder, '~'));

t.test('what is not there is an error, not a smaller configuration', (t) => {
  t.strictSame(messages('wrong.conf'), ['~/nothing.conf: there is no such file', "no file matches 'no/*.conf'"]);
  t.strictSame(messages('none.conf'), ['there is no such file']);
  t.strictSame(messages('conf.d'), ['this is no regular file']);
  t.strictSame(messages('loop.conf'), ['~/loop.conf includes itself']);
  t.end();
});

const named = (pattern: string): readonly string[] | string => {
  const found = includeFiles(pattern, folder);
  return 'missing' in found ? found.missing : found.map(({ file }) => file.slice(folder.length + 1));
};

t.test('patterns', (t) => {
  mkdirSync(join(folder, 'conf.d', 'dir.conf'));
  writeFileSync(join(folder, 'conf.d', 'a+b.conf'), '');
  t.strictSame(named('conf.d/{b,a}.conf'), ['conf.d/b.conf', 'conf.d/a.conf']);
  t.strictSame(named('*/?.conf'), ['conf.d/a.conf', 'conf.d/b.conf', 'more/x.conf']);
  t.strictSame(named('conf.d/[!a].conf'), ['conf.d/b.conf']);
  t.strictSame(named('conf.d/a+*.conf'), ['conf.d/a+b.conf']);
  t.strictSame(named('conf.d/dir*'), "no file matches 'conf.d/dir*'");
  t.strictSame(
    named(`{${'a,'.repeat(40)}}{${'b,'.repeat(40)}}`)
      .toString()
      .slice(-25),
    'stands for too many files',
  );
  t.end();
});

t.test('the examples have nothing to complain about', (t) => {
  const examples = fileURLToPath(new URL('../../../../examples/', import.meta.url));
  const files = readdirSync(examples).filter((name) => name.endsWith('.conf'));
  t.ok(files.length >= 3);
  for (const file of files)
    for (const configId of file === 'pair.conf' ? ['lb1', 'lb2'] : ['lb1']) {
      const { configuration, diagnostics } = readConfigurationFile(join(examples, file), { configId });
      t.strictSame(diagnostics, [], `${file}, ${configId}`);
      const isFleet = configuration?.fleet !== undefined; // its services stand in etcd
      t.ok(isFleet || (configuration?.virtualServers.length ?? 0) > 0, file);
    }
  t.end();
});

t.test("a line of another machine's is left out, one of this machine's is read", (t) => {
  const [name] = hostname().split('.');
  const service = (id: string, port: number): string =>
    `@${id} virtual_server 192.0.2.1 ${port} {\n@${id} protocol TCP\n@${id} lvs_sched rr\n@${id} lvs_method NAT\n@${id} real_server 10.0.0.1 ${port} {\n@${id} }\n@${id} }\n`;
  const folder = t.testdir({ 'a.conf': service(name ?? '', 80) + service('somebody-else', 81) });
  const { configuration, diagnostics } = readConfigurationFile(join(folder, 'a.conf'));
  t.strictSame(diagnostics, []);
  t.strictSame(
    configuration?.virtualServers.map((virtual) => virtual.name),
    ['192.0.2.1 80'],
  );
  t.end();
});
