import type { IpvsClient } from '../../ipvs/client.js';
import type { Command } from './command.js';
import { failureText } from './kernel-text.js';

/** Sends a command that changes something, or undefined for the others. Sent at once: several calls travel together. */
function send(client: IpvsClient, command: Command): Promise<void> | undefined {
  switch (command.do) {
    case 'add-service':
      return client.addService(command.service, command.settings);
    case 'edit-service':
      return client.editService(command.service, command.settings);
    case 'delete-service':
      return client.deleteService(command.service);
    case 'flush':
      return client.flush();
    case 'add-server':
      return client.addDestination(command.service, command.server, command.settings);
    case 'edit-server':
      return client.editDestination(command.service, command.server, command.settings);
    case 'delete-server':
      return client.deleteDestination(command.service, command.server);
    case 'zero':
      return client.zero(command.service);
    case 'set':
      return client.setTimeouts(command.timeouts);
    case 'start-daemon':
      return client.startDaemon(command.daemon);
    case 'stop-daemon':
      return client.stopDaemon(command.state);
    case 'help':
    case 'version':
    case 'restore':
    case 'save':
    case 'diff':
    case 'list':
    case 'list-connections':
    case 'list-timeouts':
    case 'list-daemons':
      return undefined;
  }
}

/** What became of a change: the text to print if the kernel refused it. undefined: the command changes nothing. */
export function startChange(client: IpvsClient, command: Command): Promise<string | undefined> | undefined {
  return send(client, command)?.then(
    () => undefined,
    (error: unknown) => failureText(error, command.do),
  );
}
