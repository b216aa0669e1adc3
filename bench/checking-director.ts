/** The whole director with the checks of a file, on a forwarder that only remembers: this machine needs no IPVS. argv: the file. */
import { readConfigurationFile } from '../src/config/include.js';
import { Daemon } from '../src/daemon/daemon.js';
import { systemPorts } from '../src/daemon/probe-ports.js';
import { descriptorSink, jsonLog } from '../src/system/log.js';
import { FakeKernel } from '../test/helpers/fake-kernel.js';
import { MemoryFile } from '../test/helpers/memory-file.js';

const path = process.argv[2] ?? '';
const { configuration } = readConfigurationFile(path, { environment: {} });
if (configuration === undefined) throw new Error(`${path} is not valid`);
const log = jsonLog(descriptorSink(2), 'error');
const daemon = await Daemon.start(
  configuration,
  { forwarder: new FakeKernel(), ...systemPorts(), log },
  {
    source: { path, read: () => ({ configuration, complaints: [] }) },
    state: new MemoryFile(),
    health: new MemoryFile(),
    made: new MemoryFile(),
    controlPath: undefined,
    observeMs: 60_000,
    foreign: 'refuse',
  },
);
process.send?.('running');
process.on('disconnect', () => void daemon.stop().then(() => process.exit()));
