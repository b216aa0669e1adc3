/** What somebody may who asks something of lvsd. Each may what those before it may: look; weights, maintenance, drains, failover; all. */
export const roles = ['read', 'operate', 'admin'] as const;
export type Role = (typeof roles)[number];
