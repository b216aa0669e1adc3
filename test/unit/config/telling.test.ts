/** webhook and metrics blocks. */
import t from 'tap';
import { readConfiguration } from '../../../src/config/read.js';
import { usualMetrics } from '../../../src/config/metrics.js';

const read = (text: string) => {
  const { configuration, diagnostics } = readConfiguration({ file: 'test.conf', text });
  return { configuration, said: diagnostics.map(({ message, expected }) => `${message}; ${expected ?? ''}`) };
};

t.test('nothing said: nobody is called, and metrics are bounded', (t) => {
  const { configuration } = read('');
  t.same(configuration?.webhooks, []);
  t.same(configuration?.metrics, usualMetrics);
  t.end();
});

t.test('a webhook with all its words, and one with none', (t) => {
  const { configuration, said } = read(`webhook https://ops.example.com/hooks/lvsd?key=1 {
  name pager
  events health. vrrp.role
  events director.
  level warn
  secret file:/etc/lvsd/hook.key
  tls_ca /etc/lvsd/ca.pem
  timeout 2.5
  retry 60
  keep 600
}
webhook http://10.0.0.1:8080/x {
  secret swordfish
}
`);
  t.same(said, []);
  t.match(configuration?.webhooks, [
    {
      name: 'pager',
      url: 'https://ops.example.com/hooks/lvsd?key=1',
      events: ['health.', 'vrrp.role', 'director.'],
      level: 'warn',
      secret: { file: '/etc/lvsd/hook.key' },
      authority: '/etc/lvsd/ca.pem',
      timeoutSeconds: 2.5,
      retrySeconds: 60,
      keepSeconds: 600,
    },
    {
      name: '10.0.0.1:8080',
      url: 'http://10.0.0.1:8080/x',
      events: [],
      level: 'info',
      secret: { text: 'swordfish' },
      authority: undefined,
      timeoutSeconds: 10,
      retrySeconds: 300,
      keepSeconds: 86_400,
    },
  ]);
  t.end();
});

t.test('metrics: how many series, and of what', (t) => {
  const { configuration, said } = read('metrics {\n  series 500000\n  destinations off\n}\n');
  t.same(said, []);
  t.same(configuration?.metrics, { series: 500_000, destinations: false });
  t.end();
});

t.test('what is refused, and what would be right', (t) => {
  for (const [text, pattern] of [
    ['webhook {\n}', /'webhook' lacks a value|no value of webhook/],
    ['webhook ftp://x/ {\n}', /'ftp:\/\/x\/' is no value of webhook; http:\/\/ or https:\/\//],
    ['webhook http://x/', /'webhook' without its block/],
    ['webhook http://x/ {\n events Health\n}', /'Health' is no value of events/],
    ['webhook http://x/ {\n level debug\n}', /'debug' is no value of level; info, warn or error/],
    ['webhook http://x/ {\n secret file:etc\n}', /file: and the absolute path/],
    ['webhook http://x/ {\n retry 0\n}', /seconds from 1 to/],
    ['webhook http://x/ {\n evnets health.\n}', /evnets/],
    [
      'webhook http://x/a {\n}\nwebhook http://x/b {\n}',
      /a webhook named 'x' is there already, in line 1; another 'name'/,
    ],
    ['metrics {\n series 10\n}', /a whole number from 1000/],
    ['metrics {\n destinations maybe\n}', /on or off/],
  ] as const) {
    const { configuration, said } = read(text);
    t.equal(configuration, undefined, text);
    t.match(said.join('\n'), pattern);
  }
  t.end();
});
