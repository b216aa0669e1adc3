/** What keepalived's `http_protocol` chooses: 1.0, 1.0 with `Connection: close`, 1.1 with it. */
export type HttpProtocol = '1.0' | '1.0C' | '1.1';

export interface HttpRequest {
  /** Sent as it is. */
  readonly path: string;
  /** Value of the Host header. */
  readonly host: string;
  readonly protocol: HttpProtocol;
}

export const USER_AGENT = 'lvsd';

/** Servers see `Connection: close` whenever the protocol has it, and close as HTTP/1.0 does otherwise. */
export function encodeRequest({ path, host, protocol }: HttpRequest): string {
  return [
    `GET ${path} HTTP/${protocol === '1.1' ? '1.1' : '1.0'}`,
    `User-Agent: ${USER_AGENT}`,
    ...(protocol === '1.0' ? [] : ['Connection: close']),
    `Host: ${host}`,
    '',
    '',
  ].join('\r\n');
}
