import { canonicalAddress, formatEndpoint } from '../../model/address.js';

export interface OvnEndpoint {
  readonly address: string;
  /** 0: none. */
  readonly port: number;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1`, `fd00::1`: what OVS's inet_parse_active takes. */
export function parseOvnEndpoint(text: string): OvnEndpoint | undefined {
  const [, bracketed, plain = '', port = '0'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? (plain === '' ? text : plain));
  if (address === undefined || Number(port) > 65_535) return undefined;
  return { address, port: Number(port) };
}

export const formatOvnEndpoint = ({ address, port }: OvnEndpoint): string =>
  port === 0 ? address : formatEndpoint(address, port);
