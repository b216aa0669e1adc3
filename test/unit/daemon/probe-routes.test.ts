import t from 'tap';
import { ProbeRoutes } from '../../../src/daemon/probe-routes.js';
import { configurationOf, site } from '../../helpers/configuration.js';
import { MemoryLog } from '../../helpers/memory-log.js';

const configuration = configurationOf(
  site({ servers: { 1: 'TCP_CHECK {\nvia_forwarding\n}' } }).replace('lb_kind NAT', 'lb_kind DR'),
);
const sysctl = { read: () => Promise.resolve('0') };

t.test('the interface on the way to a server must accept what comes from our own address', async (t) => {
  const links = {
    list: () => Promise.resolve([{ index: 7, name: 'eth0' }]),
    routeTo: () => Promise.resolve({ index: 7, preferredSource: '10.0.0.254' }),
  };
  const log = new MemoryLog();
  const routes = new ProbeRoutes({ links: links as never, sysctl, log });
  t.same([...(await routes.follow(configuration))], [['net/ipv4/conf/eth0/accept_local', '1']]);
  t.same(log.events, []);
});

t.test('interfaces that cannot be asked for are said, and stop no reload', async (t) => {
  const links = {
    list: () => Promise.reject(new Error('the kernel does not answer')),
    routeTo: () => Promise.reject(new Error('the kernel does not answer')),
  };
  const log = new MemoryLog();
  const routes = new ProbeRoutes({ links, sysctl, log });
  t.equal((await routes.follow(configuration)).size, 0);
  t.match(
    log.named('health.no-route').map(({ server }) => server),
    ['all', 'tcp 192.0.2.1:80 -> 10.0.0.1:80'],
  );
});
