import type { DeclaredCheck, DeclaredUrl } from './service.js';
import {
  each,
  fields,
  flag,
  isRecord,
  isText,
  type Lines,
  listed,
  number,
  only,
  switched,
  text,
  type Write,
} from './lines.js';

type Type = DeclaredCheck['type'];
type Of<T extends Type> = Record<Exclude<keyof Extract<DeclaredCheck, { type: T }>, 'type'>, Write>;

const common = {
  intervalSeconds: number('delay_loop'),
  retries: number('retry'),
  delayBeforeRetrySeconds: number('delay_before_retry'),
  rise: number('rise'),
  warmupSeconds: number('warmup'),
  connectTimeoutSeconds: number('connect_timeout'),
  connectAddress: text('connect_ip'),
  connectPort: number('connect_port'),
  bindAddress: text('bindto'),
  mark: number('fwmark'),
  viaForwarding: switched('via_forwarding'),
};

const url: Record<keyof DeclaredUrl, Write> = {
  path: text('path'),
  virtualHost: text('virtualhost'),
  statusCodes: listed('status_code'),
  digest: text('digest'),
  regex: text('regex'),
  regexAbsent: flag('regex_no_match'),
};

const http: Of<'http'> = {
  ...common,
  virtualHost: text('virtualhost'),
  protocol: text('http_protocol'),
  fastRecovery: switched('fast_recovery'),
  urls: each((value, at, lines) => lines.block(at, 'url', () => void fields(value, at, lines, url, ['path']))),
};

const tls = {
  verify: switched('tls_verify'),
  authority: text('tls_ca'),
  verifyName: text('tls_verify_name'),
  certificateWarnDays: number('certificate_warn'),
  certificateFailDays: number('certificate_fail'),
};

const https: Of<'https'> = { ...http, ...tls, serverName: text('sni_name') };
const udp: Of<'udp'> = {
  ...common,
  payload: text('payload'),
  reply: text('require_reply'),
  minReplyLength: number('min_reply_length'),
  maxReplyLength: number('max_reply_length'),
};
const dns: Of<'dns'> = { ...common, recordType: text('type'), name: text('name') };
const smtp: Of<'smtp'> = { ...common, heloName: text('helo_name') };
const grpc: Of<'grpc'> = {
  ...common,
  ...tls,
  service: text('service'),
  host: text('authority'),
  tls: switched('tls'),
};

const types: Readonly<Record<Type, { readonly word: string; readonly writes: Readonly<Record<string, Write>> }>> = {
  tcp: { word: 'TCP_CHECK', writes: common },
  http: { word: 'HTTP_GET', writes: http },
  https: { word: 'SSL_GET', writes: https },
  udp: { word: 'UDP_CHECK', writes: udp },
  ping: { word: 'PING_CHECK', writes: common },
  dns: { word: 'DNS_CHECK', writes: dns },
  smtp: { word: 'SMTP_CHECK', writes: smtp },
  grpc: { word: 'GRPC_CHECK', writes: grpc },
};

/** Which its discriminator says. */
export const type = only(isText, 'text');

/** A check of a server. */
export function checkLines(check: unknown, at: string, lines: Lines): void {
  const told = isRecord(check) ? check['type'] : undefined;
  if (!isText(told) || !Object.hasOwn(types, told)) {
    lines.wrong(
      isRecord(check) ? `${at}/type` : at,
      `must be a check: its type one of ${Object.keys(types).join(', ')}`,
    );
    return;
  }
  const { word, writes } = types[told as Type];
  lines.block(at, word, () => void fields(check, at, lines, { type, ...writes }));
}
