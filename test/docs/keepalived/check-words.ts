import { table } from './table.js';

/** Syntax, default and meaning of words, by block: `word | syntax | default | meaning`. */
export const checkWords = {
  'every check': table(`
retry | 0..4294967295 | real server's; else 1 (DNS 3, MISC 0) | further attempts before down
delay_before_retry | SECS 0.. | real server's; else 1 (HTTP/SSL 3, DNS delay_loop) | pause between attempts
warmup | SECS 0.. | delay_loop | random start delay on top of a fixed second
delay_loop | SECS 0.000001.. | real server's | period
alpha | [BOOL] | real server's | count as failed until first success
log_all_failures | [BOOL] | false | log each failure
connect_ip | ADDRESS | real server | address to check
connect_port | 1..65535 | real server's port | port to check
connect_timeout | SECS 0.000001..4294 | real server's (5) | connect and read timeout
bindto | ADDRESS | none | source address
bind_port | 1..65535 | none | source port
bind_if | IFNAME | none | bind to device
fwmark | 0..4294967295 | 0 | SO_MARK of the checks
+via_forwarding | [BOOL] | false | the probe goes to the service's address through the forwarding method to this one server, as a client's packet
`),
  'HTTP_GET, SSL_GET': table(`
url | block, repeatable | at least one | what to request
virtualhost | STRING | real server's | Host header
http_protocol | 1.0, 1.0C, 1.1, 2 | 1.0 | request version; 2 is lvsd's own
fast_recovery | [BOOL] | false | no pause between URLs when coming up
enable_sni | [BOOL] | false | send virtualhost as SNI
sni_name | [STRING] | virtualhost | the name of SNI; switches it on
tls_compliant | [BOOL] | false | send close_notify (SSL_GET only)
nb_get_retry | 0..4294967295 | 1 | old name of retry
+tls_verify | [BOOL] | false | the certificate must be valid and for the right name
+tls_ca | FILE | ca of SSL, else the system's | authorities that are trusted
+tls_verify_name | NAME | virtual host, else the address | the name the certificate must be for
+certificate_warn | DAYS 0..36500 | off | warn so long before the certificate ends
+certificate_fail | DAYS 0..36500 | off | fail so long before the certificate ends
`),
  url: table(`
path | STRING | required | request target, sent verbatim
status_code | N or A-B (100..599), repeatable | 200-299 | accepted codes
digest | 32 hex digits | none | MD5 of the body
virtualhost | STRING | checker's | Host header
regex | PCRE (quoted) | none | must match; headers are searched too
regex_no_match | flag | off | invert
regex_options | OPTION... | none | options of PCRE2
regex_min_offset | BYTES | 0 | search from here
regex_max_offset | BYTES | none | search up to here
regex_stack | START MAX | default | JIT stack
tls_compliant | [BOOL] | false | send close_notify (SSL_GET only)
`),
  SMTP_CHECK: table(`
helo_name | STRING | smtpchecker.keepalived.org | HELO argument
host | block of connection keywords, repeatable | - | additional addresses to check
`),
  DNS_CHECK: table(`
type | A NS CNAME SOA MX TXT AAAA | SOA | query type
name | DOMAIN | . | name that is asked for
`),
  MISC_CHECK: table(`
misc_path | COMMAND (quoted with arguments) | required | command
misc_timeout | SECS 0..4294 | delay_loop of the service | kill after
misc_dynamic | flag | off | exit 2..255 sets weight to code-2
user | USER [[:]GROUP] | script_user | user of the command
`),
  UDP_CHECK: table(`
payload | HEX | "keepalived check - " pattern, 32 bytes | datagram
require_reply | [HEX with x wildcards] | off | reply needed
min_reply_length | 0..65535 | 0 | checked only with a HEX reply
max_reply_length | 0..65535 | 255 | checked only with a HEX reply
`),
  FILE_CHECK: table(`
track_file | NAME (defined earlier) | required | file
weight | -2147483647..2147483647 [reverse or noreverse] | track_file's | multiplier
`),
  BFD_CHECK: table(`
name | BFD_INSTANCE (defined earlier) | required | session
alpha | [BOOL] | real server's | start as down
`),
  GRPC_CHECK: table(`
+service | NAME | empty: the server as a whole | the service that is asked after
+authority | HOST[:PORT] | virtualhost, else address and port | the :authority header
+tls | [BOOL] | false | over TLS
+tls_verify | [BOOL] | false | as in SSL_GET
+tls_ca | FILE | as in SSL_GET | as in SSL_GET
+tls_verify_name | NAME | as in SSL_GET | as in SSL_GET
+certificate_warn | DAYS | off | as in SSL_GET
+certificate_fail | DAYS | off | as in SSL_GET
`),
  'when to check': table(`
+fall | N 1..4294967295 | retry + 1 | failures in a row that take a server out
+rise | N 1..4294967295 | 1 | successes in a row that bring a server up
+adaptive_interval | [SECS 0.1..] or off | off; a tenth of delay_loop | a shorter pause while it is not sure what is true
+flap_damping | FALLS WITHIN HOLD or off | off | a server that fell so often within so many seconds must be alive for so long before it counts as up
`),
};
