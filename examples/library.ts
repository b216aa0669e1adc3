/** What `import … from 'lvsd/ipvs'` can do: make a service, read the table with its counters, take it away again. As root. */
import { defaultDestinationSettings, defaultServiceSettings, LvsError, openIpvs, type ServiceKey } from 'lvsd/ipvs';

await using ipvs = await openIpvs({ loadModule: true });
const web: ServiceKey = { by: 'address', protocol: 'tcp', address: '192.0.2.10', port: 80 };

// Calls made without waiting travel to the kernel together, and in order.
await Promise.all([
  ipvs.addService(web, {
    ...defaultServiceSettings('ip4'),
    scheduler: 'wrr',
    persistent: true,
    persistenceSeconds: 300,
  }),
  ipvs.addDestination(web, { address: '198.51.100.1', port: 80 }, { ...defaultDestinationSettings, weight: 3 }),
  ipvs.addDestination(web, { address: '198.51.100.2', port: 80 }, defaultDestinationSettings),
]);

for (const { key, settings, destinations } of await ipvs.list()) {
  console.log(key, settings.scheduler);
  for (const { key: server, settings: how, active, statistics } of destinations) {
    console.log(
      `  ${server.address}:${server.port} weight ${how.weight}, ${active} active, ${statistics.inBytes} bytes in`,
    );
  }
}

try {
  await ipvs.addService(web, defaultServiceSettings('ip4'));
} catch (error) {
  if (!(error instanceof LvsError)) throw error;
  console.log(`${error.code}: ${error.message}`); // IPVS_EXISTS: add service: already exists: tcp 192.0.2.10:80
}

await ipvs.deleteService(web);
