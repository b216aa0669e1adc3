import type { Check } from './check.js';

const words: Readonly<Record<Check['is'], string>> = {
  tcp: 'TCP_CHECK',
  http: 'HTTP_GET',
  grpc: 'GRPC_CHECK',
  smtp: 'SMTP_CHECK',
  dns: 'DNS_CHECK',
  misc: 'MISC_CHECK',
  udp: 'UDP_CHECK',
  ping: 'PING_CHECK',
  file: 'FILE_CHECK',
  bfd: 'BFD_CHECK',
};

/** The word a check begins with in the language. */
export const checkWord = (check: Check): string =>
  check.is === 'http' && check.tls !== undefined ? 'SSL_GET' : words[check.is];
