import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { networkImage } from '../../../src/dataplane/network-image.js';
import { defaultEngineGlobals, type Network } from '../../../src/dataplane/network.js';
import { servicesImage } from '../../../src/dataplane/services-image.js';
import { schedulers } from '../../../src/schedulers/catalogue.js';
import { destinationName } from '../../../src/model/destination.js';
import { history, RehearsedService, type HistoryPlan } from '../../helpers/scheduler-history.js';

const network: Network = {
  ports: [{ name: 'eth0', ifindex: 2, mac: '02:fe:00:00:00:01', mtu: 1500, up: true }],
  addresses: [{ address: '10.1.0.254', prefixLength: 24, interface: 'eth0' }],
  routes: [
    { prefix: '10.1.0.0', prefixLength: 24, nextHops: [{ port: 'eth0', weight: 1, vlans: [] }] },
    { prefix: '::', prefixLength: 0, nextHops: [{ port: 'eth0', weight: 1, vlans: [] }] },
  ],
  neighbours: [{ address: '10.1.0.3', port: 'eth0', mac: '02:02:00:00:00:03', vlans: [] }],
};
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function script(plan: HistoryPlan): { lines: string[]; expected: string[] } {
  const service = new RehearsedService(plan);
  const lines: string[] = ['reset', `network ${hex(networkImage(network))}`];
  const expected: string[] = ['ok'];
  const publish = () => {
    const { image, refused } = servicesImage(service.table(), defaultEngineGlobals, ['eth0']);
    if (refused.length) throw new Error(JSON.stringify(refused));
    lines.push(`services ${hex(image)}`);
    expected.push('ok');
  };
  const order = () => [...service.servers].reverse();
  publish();
  let now = 0;
  for (const step of plan.steps) {
    if (step.do === 'set') {
      service.set(step.server);
      publish();
    } else if (step.do === 'remove') {
      if (service.remove(step.n)) {
        publish();
      }
    } else if (step.do === 'expire') service.expire(step.n, step.share);
    else if (step.do === 'rest') service.rest(step.n);
    const flows =
      step.do === 'arrive'
        ? [step.flow]
        : step.do === 'set'
          ? [
              {
                client: { address: plan.family === 'ip4' ? '172.31.0.1' : 'fd00:2::f:1', port: 7 },
                virtual: { address: plan.family === 'ip4' ? '192.0.2.1' : '2001:db8::1', port: 80 },
              },
            ]
          : [];
    for (const flow of flows) {
      order().forEach((one, place) => lines.push(`count ${place} ${one.active} ${one.inactive}`));
      const got = service.arrive(flow);
      lines.push(
        `arrive ${flow.client.address} ${flow.client.port} ${flow.virtual.address} ${flow.virtual.port} 6 ${(now += 1000)}`,
      );
      expected.push(String(got === undefined ? -1 : order().indexOf(got)));
    }
  }
  return { lines, expected };
}

for (const name of schedulers.keys()) {
  t.test(name, (t) => {
    fc.assert(
      fc.property(fc.array(history(name), { minLength: 20, maxLength: 20 }), (plans) => {
        const all = plans.map(script);
        const out = spawnSync('/tmp/orc/oracle', {
          input: all.flatMap(({ lines }) => lines).join('\n') + '\n',
          encoding: 'utf8',
          maxBuffer: 1e8,
        });
        if (out.status !== 0) throw new Error(out.stderr.slice(0, 3000));
        const got = out.stdout.trim().split('\n');
        let at = 0;
        for (const { expected } of all) {
          for (const one of expected) {
            if (got[at] !== one) throw new Error(`line ${at}: ${got[at]} should be ${one}`);
            at++;
          }
        }
      }),
      { numRuns: 15 },
    );
    t.end();
  });
}
void destinationName;
