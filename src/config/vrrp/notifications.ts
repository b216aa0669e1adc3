import { command } from '../command.js';
import type { VrrpDefaults } from '../global-settings.js';
import { switchable } from '../terms.js';
import type { Values, Vocabulary } from '../vocabulary.js';
import type { VrrpNotifications } from './vrrp.js';

/** The words of vrrp_instance and vrrp_sync_group that tell somebody of a change. */
export const notifyWords = {
  notify_master: command,
  notify_backup: command,
  notify_fault: command,
  notify_stop: command,
  notify: command,
  smtp_alert: switchable,
  notify_priority_changes: switchable,
} satisfies Vocabulary;

export const notificationsOf = (
  values: Values<typeof notifyWords>,
  defaults: Pick<VrrpDefaults, 'smtpAlert' | 'notifyPriorityChanges'>,
): VrrpNotifications => ({
  master: values.notify_master,
  backup: values.notify_backup,
  fault: values.notify_fault,
  stop: values.notify_stop,
  any: values.notify,
  smtpAlert: values.smtp_alert ?? defaults.smtpAlert,
  priorityChanges: values.notify_priority_changes ?? defaults.notifyPriorityChanges,
});
