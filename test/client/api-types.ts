/** The types of a client of the REST API. Made from its OpenAPI document by `npm run docs`. */
export interface paths {
  '/v1/services': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Virtual services, those of the file first and in its order */
    get: operations['listServices'];
    put?: never;
    /** Declares a virtual service */
    post: operations['createService'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/services/{service}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A virtual service */
    get: operations['readService'];
    /** Declares a virtual service, or another one in its place */
    put: operations['putService'];
    post?: never;
    /** A virtual service is declared no more; what becomes of its connections says its onRemoval */
    delete: operations['deleteService'];
    options?: never;
    head?: never;
    /** Changes what is declared of a virtual service: a merge patch (RFC 7396) */
    patch: operations['patchService'];
    trace?: never;
  };
  '/v1/destinations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The destinations of all services */
    get: operations['listAllDestinations'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/services/{service}/destinations': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The destinations of a service, those that are down too */
    get: operations['listDestinations'];
    put?: never;
    /** Declares a destination of a service that the API declares */
    post: operations['createDestination'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/services/{service}/destinations/{destination}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A destination of a service */
    get: operations['readDestination'];
    /** Declares a destination, or another one in its place */
    put: operations['putDestination'];
    post?: never;
    /** A destination is declared no more; what becomes of its connections says the service's onRemoval */
    delete: operations['deleteDestination'];
    options?: never;
    head?: never;
    /** Overrides the weight of a real server, or takes it into maintenance, wherever it is declared; or changes what the API declares of it */
    patch: operations['patchDestination'];
    trace?: never;
  };
  '/v1/services/{service}/destinations/{destination}/drain': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Takes a real server out of service: no new connections, and those that are there are waited for */
    post: operations['drainDestination'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/drains': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Drains: those that run, then those that ended, the newest first */
    get: operations['listDrains'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/drains/{drain}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** A drain, and how many are still connected */
    get: operations['readDrain'];
    put?: never;
    post?: never;
    /** Takes a drain back: the server takes new connections again */
    delete: operations['cancelDrain'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/transactions': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Changes that are carried out in their order, whole or not at all */
    post: operations['commitTransaction'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/transactions/confirm': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** The change that waits to be confirmed stays */
    post: operations['confirmTransaction'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/transactions/rollback': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Takes back the change that waits to be confirmed, or the last one */
    post: operations['rollBackLast'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/history': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What was changed through the API, the newest first */
    get: operations['readHistory'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/history/{revision}/rollback': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** What the API declares becomes what it was at a revision */
    post: operations['rollBackTo'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/health': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What the checks say of the real servers */
    get: operations['listChecks'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/vrrp': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The virtual routers of this director */
    get: operations['readVrrp'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/vrrp/failover': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Hands virtual routers over to the other director, or takes them; of a sync group all or none */
    post: operations['failover'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/pair': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Both directors of the pair beside each other, and what differs */
    get: operations['readPair'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/engine': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The userspace engine: ports, sessions, drops */
    get: operations['readEngine'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/status': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What is served and what is wrong, at a glance */
    get: operations['readStatus'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/statistics': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What services and their destinations have counted, those of both engines read at once */
    get: operations['listStatistics'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/connections': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Connections that live now: the kernel's, then the engine's sessions */
    get: operations['listConnections'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/schedulers': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Scheduling algorithms, and which engine has them */
    get: operations['listSchedulers'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/configuration': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The configuration in force */
    get: operations['readConfiguration'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/configuration/plan': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What a reload of the file would change now */
    get: operations['planReload'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/configuration/reload': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Reads the file again, as SIGHUP does; a broken one changes nothing */
    post: operations['reload'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/doctor': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What of this machine's settings contradicts the configuration, why it matters, and what mends it */
    get: operations['examineDirector'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** What happened, in order; with 'accept: text/event-stream' followed by what happens, as server-sent events */
    get: operations['listEvents'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/identity': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Who asks, and what he may */
    get: operations['readIdentity'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/v1/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This document */
    get: operations['readOpenapi'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    /** Service */
    Service: {
      /** @description tcp-192.0.2.1-80, udp-2001:db8::1-53, any-192.0.2.0_24-0 or fwmark-7-ip4 */
      id: string;
      /** @description as lvsctl and the log name it */
      name: string;
      /** @enum {string} */
      by: 'address' | 'fwmark';
      /** @enum {string} */
      family: 'ip4' | 'ip6';
      protocol: string | null;
      address: string | null;
      /** @description of a service that is a whole prefix */
      prefixLength: number | null;
      port: number | null;
      mark: number | null;
      /**
       * @description where it is declared; other: nowhere: made at run time, made by lvsd for its probes, or no longer declared and drained
       * @enum {string}
       */
      origin: 'file' | 'api' | 'fleet' | 'other';
      /** @description of which it is; one of the file may have many services */
      virtualServer: string | null;
      /** @enum {string} */
      engine: 'kernel' | 'userspace';
      scheduler: string;
      /** @description null: none */
      persistenceSeconds: number | null;
      /** @description it is in the forwarding table */
      inForce: boolean;
      quorum: {
        needed: number;
        hysteresis: number;
        met: boolean;
      } | null;
      destinations: number;
    };
    /** Problem */
    Problem: {
      type: string;
      title: string;
      status: number;
      code: string;
      detail: string;
      errors?: {
        at?: string;
        detail: string;
      }[];
    };
    /** DeclaredTunnel */
    DeclaredTunnel: {
      /** @enum {string} */
      type: 'ipip' | 'gue' | 'gre';
      /** @description UDP port of gue */
      port?: number;
      checksum?: boolean;
      remoteChecksum?: boolean;
    };
    /** DeclaredUserspace */
    DeclaredUserspace: {
      maglevSize?: number;
      hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[];
      stateless?: boolean;
      nodePort?: number;
      answerArp?: boolean;
      /** @enum {string} */
      icmpEcho?: 'answer' | 'kernel';
      interfaces?: string[];
      tunnelSource?: string;
      snatPool?: {
        first: string;
        last?: string;
        lowestPort?: number;
        highestPort?: number;
      }[];
      tcpTimeoutSeconds?: number;
      udpTimeoutSeconds?: number;
    };
    /** TcpCheck */
    TcpCheck: {
      /** @enum {string} */
      type: 'tcp';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
    };
    /** DeclaredUrl */
    DeclaredUrl: {
      path: string;
      virtualHost?: string;
      /** @description 200, 200-299; absent: 200-299 */
      statusCodes?: string[];
      /** @description MD5, 32 hexadecimal digits */
      digest?: string;
      regex?: string;
      /** @description it must not be found */
      regexAbsent?: boolean;
    };
    /** HttpCheck */
    HttpCheck: {
      /** @enum {string} */
      type: 'http';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      virtualHost?: string;
      /** @enum {string} */
      protocol?: '1.0' | '1.0C' | '1.1' | '2';
      fastRecovery?: boolean;
      urls: components['schemas']['DeclaredUrl'][];
    };
    /** HttpsCheck */
    HttpsCheck: {
      /** @enum {string} */
      type: 'https';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      virtualHost?: string;
      /** @enum {string} */
      protocol?: '1.0' | '1.0C' | '1.1' | '2';
      fastRecovery?: boolean;
      urls: components['schemas']['DeclaredUrl'][];
      verify?: boolean;
      /** @description path of a PEM file on the director */
      authority?: string;
      verifyName?: string;
      certificateWarnDays?: number;
      certificateFailDays?: number;
      /** @description SNI */
      serverName?: string;
    };
    /** UdpCheck */
    UdpCheck: {
      /** @enum {string} */
      type: 'udp';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      /** @description hexadecimal digits */
      payload?: string;
      /** @description hexadecimal digits, x for any; absent: silence is success */
      reply?: string;
      minReplyLength?: number;
      maxReplyLength?: number;
    };
    /** PingCheck */
    PingCheck: {
      /** @enum {string} */
      type: 'ping';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
    };
    /** DnsCheck */
    DnsCheck: {
      /** @enum {string} */
      type: 'dns';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      recordType?: string;
      name?: string;
    };
    /** SmtpCheck */
    SmtpCheck: {
      /** @enum {string} */
      type: 'smtp';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      heloName?: string;
    };
    /** GrpcCheck */
    GrpcCheck: {
      /** @enum {string} */
      type: 'grpc';
      /** @description absent: the service's delayLoopSeconds */
      intervalSeconds?: number;
      retries?: number;
      delayBeforeRetrySeconds?: number;
      rise?: number;
      warmupSeconds?: number;
      connectTimeoutSeconds?: number;
      connectAddress?: string;
      connectPort?: number;
      bindAddress?: string;
      /** @description SO_MARK of the probe's packets */
      mark?: number;
      viaForwarding?: boolean;
      verify?: boolean;
      /** @description path of a PEM file on the director */
      authority?: string;
      verifyName?: string;
      certificateWarnDays?: number;
      certificateFailDays?: number;
      service?: string;
      host?: string;
      tls?: boolean;
    };
    /** DeclaredCheck */
    DeclaredCheck:
      | components['schemas']['TcpCheck']
      | components['schemas']['HttpCheck']
      | components['schemas']['HttpsCheck']
      | components['schemas']['UdpCheck']
      | components['schemas']['PingCheck']
      | components['schemas']['DnsCheck']
      | components['schemas']['SmtpCheck']
      | components['schemas']['GrpcCheck'];
    /** NoCheck */
    NoCheck: {
      /** @enum {string} */
      type: 'none';
    };
    /** DeclaredDestinationCheck */
    DeclaredDestinationCheck:
      | components['schemas']['TcpCheck']
      | components['schemas']['HttpCheck']
      | components['schemas']['HttpsCheck']
      | components['schemas']['UdpCheck']
      | components['schemas']['PingCheck']
      | components['schemas']['DnsCheck']
      | components['schemas']['SmtpCheck']
      | components['schemas']['GrpcCheck']
      | components['schemas']['NoCheck'];
    /** DeclaredDestination */
    DeclaredDestination: {
      /** @description that of address and port */
      id: string;
      address: string;
      port: number;
      /** @description absent: 1 */
      weight?: number;
      /** @enum {string} */
      method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
      tunnel?: components['schemas']['DeclaredTunnel'];
      dscp?: number;
      upperThreshold?: number;
      lowerThreshold?: number;
      inhibitOnFailure?: boolean;
      check?: components['schemas']['DeclaredDestinationCheck'];
    };
    /** DeclaredService */
    DeclaredService: {
      /** @description that of its key */
      id: string;
      /** @enum {string} */
      by: 'address' | 'fwmark';
      /** @enum {string} */
      protocol?: 'tcp' | 'udp' | 'sctp' | 'any';
      address?: string;
      /** @description of a service that is a whole prefix */
      prefixLength?: number;
      /** @description 0 or absent: all ports */
      port?: number;
      /**
       * @description of a mark; absent: that of its servers
       * @enum {string}
       */
      family?: 'ip4' | 'ip6';
      mark?: number;
      /** @description what people call it */
      name?: string;
      /**
       * @description absent: kernel
       * @enum {string}
       */
      engine?: 'kernel' | 'userspace';
      /** @description absent: wlc, or maglev of the userspace engine */
      scheduler?: string;
      /** @description sh and mh read fallback and port */
      schedulerFlags?: ('fallback' | 'port' | 'third')[];
      /** @description absent: none */
      persistenceSeconds?: number;
      /** @description netmask (IPv4) or prefix length (IPv6) */
      persistenceNetmask?: string;
      persistenceEngine?: string;
      onePacket?: boolean;
      /**
       * @description of servers that say nothing themselves; absent: masquerade
       * @enum {string}
       */
      method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
      tunnel?: components['schemas']['DeclaredTunnel'];
      dscp?: number;
      userspace?: components['schemas']['DeclaredUserspace'];
      delayLoopSeconds?: number;
      quorum?: number;
      hysteresis?: number;
      /** @description servers count as down until their checks have said otherwise */
      alpha?: boolean;
      haSuspend?: boolean;
      inhibitOnFailure?: boolean;
      check?: components['schemas']['DeclaredCheck'];
      sorryServer?: {
        address: string;
        port?: number;
        /** @enum {string} */
        method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
        tunnel?: components['schemas']['DeclaredTunnel'];
        dscp?: number;
      };
      /** @description connections of a server that its checks took out */
      onFailure?: {
        /** @enum {string} */
        do: 'remove' | 'keep' | 'cut' | 'drain';
        /** @description with drain, and only with it */
        seconds?: number;
      };
      /** @description connections of what is deleted */
      onRemoval?: {
        /** @enum {string} */
        do: 'remove' | 'cut' | 'drain';
        /** @description with drain, and only with it */
        seconds?: number;
      };
      slowStart?: {
        seconds: number;
        fromPercent?: number;
      };
      guardPercent?: number;
      destinations: components['schemas']['DeclaredDestination'][];
    };
    /** ServiceInFull */
    ServiceInFull: {
      /** @description tcp-192.0.2.1-80, udp-2001:db8::1-53, any-192.0.2.0_24-0 or fwmark-7-ip4 */
      id: string;
      /** @description as lvsctl and the log name it */
      name: string;
      /** @enum {string} */
      by: 'address' | 'fwmark';
      /** @enum {string} */
      family: 'ip4' | 'ip6';
      protocol: string | null;
      address: string | null;
      /** @description of a service that is a whole prefix */
      prefixLength: number | null;
      port: number | null;
      mark: number | null;
      /**
       * @description where it is declared; other: nowhere: made at run time, made by lvsd for its probes, or no longer declared and drained
       * @enum {string}
       */
      origin: 'file' | 'api' | 'fleet' | 'other';
      /** @description of which it is; one of the file may have many services */
      virtualServer: string | null;
      /** @enum {string} */
      engine: 'kernel' | 'userspace';
      scheduler: string;
      /** @description null: none */
      persistenceSeconds: number | null;
      /** @description it is in the forwarding table */
      inForce: boolean;
      quorum: {
        needed: number;
        hysteresis: number;
        met: boolean;
      } | null;
      destinations: number;
      /** @description what the API declares of it; null: it is declared elsewhere */
      declared: components['schemas']['DeclaredService'] | null;
    };
    /** Destination */
    Destination: {
      /** @description 10.0.0.1-8080, 2001:db8::1-80 */
      id: string;
      /** @description id */
      service: string;
      address: string;
      port: number;
      method: string;
      /**
       * @description real server or sorry server as it is declared; other: in force, and declared nowhere
       * @enum {string}
       */
      role: 'real' | 'sorry' | 'other';
      /** @description of a real server: as lvsctl and the log name it */
      server: string | null;
      /**
       * @description of a real server
       * @enum {string|null}
       */
      health: 'up' | 'down' | null;
      /** @description as it is declared */
      configuredWeight: number | null;
      /** @description an operator's, which holds over what is declared and over the checks; null: none */
      override: number | null;
      /** @description in force; null: it is not in the forwarding table */
      weight: number | null;
      /** @description an operator has it take no new connections */
      maintenance: boolean;
      /** @description it is waited for until nobody is connected, at most until then (milliseconds since 1970) */
      drain: {
        id: string;
        until: number;
        /** @enum {string} */
        then: 'keep' | 'remove';
      } | null;
      /** @description why the last change to it was refused; it is tried again */
      refused: string | null;
    };
    /** DestinationInFull */
    DestinationInFull: {
      /** @description 10.0.0.1-8080, 2001:db8::1-80 */
      id: string;
      /** @description id */
      service: string;
      address: string;
      port: number;
      method: string;
      /**
       * @description real server or sorry server as it is declared; other: in force, and declared nowhere
       * @enum {string}
       */
      role: 'real' | 'sorry' | 'other';
      /** @description of a real server: as lvsctl and the log name it */
      server: string | null;
      /**
       * @description of a real server
       * @enum {string|null}
       */
      health: 'up' | 'down' | null;
      /** @description as it is declared */
      configuredWeight: number | null;
      /** @description an operator's, which holds over what is declared and over the checks; null: none */
      override: number | null;
      /** @description in force; null: it is not in the forwarding table */
      weight: number | null;
      /** @description an operator has it take no new connections */
      maintenance: boolean;
      /** @description it is waited for until nobody is connected, at most until then (milliseconds since 1970) */
      drain: {
        id: string;
        until: number;
        /** @enum {string} */
        then: 'keep' | 'remove';
      } | null;
      /** @description why the last change to it was refused; it is tried again */
      refused: string | null;
      /** @description what the API declares of it; null: it is declared elsewhere */
      declared: components['schemas']['DeclaredDestination'] | null;
    };
    /** Step */
    Step: {
      /** @description + tcp 192.0.2.1:80 -> 10.0.0.1:80 masquerade weight 1 */
      change: string;
      /** @description id */
      service: string;
      /** @description id; null: the service itself */
      destination: string | null;
      /**
       * @description on connections: kept: they go on; drained: they go on and no new one comes; moved: another forwarder
       * @enum {string}
       */
      effect: 'none' | 'kept' | 'drained' | 'cut' | 'moved';
      /** @description connections that it touches; null: they were not counted */
      established: number | null;
      inactive: number | null;
    };
    /** Pending */
    Pending: {
      revision: number;
      /** @description when it is taken back unless somebody confirms it, milliseconds since 1970 */
      until: number;
      who: string;
    };
    /** Changed */
    Changed: {
      /** @description true: nothing was done */
      dryRun: boolean;
      /** @description of what is declared, now */
      revision: number;
      /** @description what the forwarding table goes through */
      steps: components['schemas']['Step'][];
      /** @description what is not wrong, and probably not meant */
      advice: {
        at: string;
        detail: string;
      }[];
      /** @description not null: it is taken back unless it is confirmed */
      pending: components['schemas']['Pending'] | null;
      /** @description false: it is in force, and the disk did not take it yet */
      stored: boolean;
      /** @description which was changed, as it is now; null: none, or it is gone */
      service: components['schemas']['Service'] | null;
      /** @description the same of a destination */
      destination: components['schemas']['Destination'] | null;
    };
    /** Drain */
    Drain: {
      id: string;
      /** @description as lvsctl and the log name it */
      server: string;
      /** @description id */
      service: string;
      /** @description id */
      destination: string;
      /**
       * @description in the end: it stays in maintenance; or it is declared no more (of a service that the API declares)
       * @enum {string}
       */
      then: 'keep' | 'remove';
      who: string;
      /** @description milliseconds since 1970 */
      since: number;
      /** @description milliseconds since 1970 */
      until: number;
      /**
       * @description how it ended: nobody is connected; the time was up; somebody took it back; the server is gone
       * @enum {string}
       */
      state: 'running' | 'drained' | 'deadline' | 'cancelled' | 'gone';
      /** @description null: it runs */
      endedAt: number | null;
      /** @description those that were seen last */
      connections: {
        active: number;
        inactive: number;
        persistent: number;
      };
    };
    /** HistoryEntry */
    HistoryEntry: {
      revision: number;
      /** @description milliseconds since 1970 */
      at: number;
      who: string;
      comment: string | null;
      /**
       * @description expired: taken back because nobody confirmed it; refused: taken back because the kernel or the engine did
       * @enum {string}
       */
      kind: 'commit' | 'rollback' | 'expired' | 'refused' | 'drain';
      /** @description a line for each change */
      what: string[];
      /** @description null: it was not to be confirmed */
      confirmed: boolean | null;
    };
    /** Check */
    Check: {
      /** @description as lvsctl and the log name it: tcp 192.0.2.1:80 -> 10.0.0.1:80 */
      server: string;
      check: string;
      /** @enum {string} */
      verdict: 'up' | 'down';
      /** @description it rests on an attempt or on the table found at the start */
      proven: boolean;
      /** @description ISO; null: from before lvsd was started, or not yet */
      since: string | null;
      attempts: number;
      failures: number;
      /** @description alive, failed, inconclusive, or none yet */
      last: string;
      detail: string;
      /** @description it fell too often and has to stay alive for a while (flap_damping) */
      damped: boolean;
      /** @description the address of the service is not on this machine (ha_suspend) */
      suspended: boolean;
      /** @description how many the probe is for (share_probes) */
      servers: number;
      /** @description what it makes of the configured weight */
      weight: {
        set?: number;
        add?: number;
      } | null;
    };
    /** VirtualRouter */
    VirtualRouter: {
      name: string;
      interface: string | null;
      /** @enum {string} */
      family: 'ip4' | 'ip6';
      /** @enum {integer} */
      version: 2 | 3;
      vrid: number;
      /** @enum {string} */
      role: 'initialize' | 'backup' | 'master' | 'fault';
      /** @description why it is one */
      fault: string | null;
      /** @description what has to be known before it begins */
      waitsFor: string[];
      /** @description it may not become master yet */
      held: boolean;
      priority: number;
      configuredPriority: number;
      advertMs: number;
      masterForMs: number | null;
      /** @description whom a backup hears */
      master: {
        address: string;
        priority: number;
      } | null;
      addresses: string[];
      /** @description the last one that was accepted */
      lastAdvertMsAgo: number | null;
      sent: {
        adverts: number;
        refusedByKernel: number;
      };
      accepted: number;
      /** @description adverts by the reason for which they were refused */
      refused: {
        [key: string]: {
          adverts: number;
          source: string;
          detail: string | null;
        };
      };
      /** @description odd things in what was accepted */
      remarks: string[];
      /** @description who else on the link has an address of a master */
      addressesInUse: {
        address: string;
        mac: string;
      }[];
    };
    /** Vrrp */
    Vrrp: {
      instances: components['schemas']['VirtualRouter'][];
      groups: {
        name: string;
        members: string[];
      }[];
    };
    /** Failover */
    Failover: {
      /** @enum {string} */
      to: 'here' | 'peer';
      routers: string[];
      /** @description from the question to the answer */
      tookMs: number;
    };
    /** Director */
    Director: {
      facts: {
        name: string;
        software: string;
        beatMs: number;
        routers: {
          name: string;
          /** @enum {string} */
          family: 'ip4' | 'ip6';
          vrid: number;
          facts: {
            [key: string]: string;
          };
        }[];
        /** @description null: its director has told nothing yet */
        director: {
          /** @description fingerprints */
          services: {
            [key: string]: string;
          };
          /** @description fingerprints of the tables that are computed */
          maglev: {
            [key: string]: string;
          };
          health: {
            [key: string]: 'up' | 'down';
          };
          /** @description what operators set beside the file, by server */
          overrides?: {
            [key: string]: string;
          };
          /** @description fingerprint of the file, of a director that takes pushes */
          file?: string;
        } | null;
      };
      vrrp: components['schemas']['Vrrp'];
      connections: number | null;
    };
    /** Resync */
    Resync: {
      /** @description in the giver's table */
      connections: number;
      sent: number;
      /** @description sent, and not in the taker's table in the end */
      missing: number;
      /** @description that no message can tell */
      untold: number;
      msAgo: number;
      tookMs: number;
    };
    /** ConnectionSync */
    ConnectionSync: {
      /** @enum {string} */
      is: 'off' | 'due' | 'running' | 'done' | 'failed';
      why: string | null;
      /** @description of running: those that this kernel has taken */
      messages: number;
      runningForMs: number | null;
      taken: components['schemas']['Resync'] | null;
      given: components['schemas']['Resync'] | null;
      isGiving: boolean;
      daemons: {
        /** @enum {string} */
        state: 'master' | 'backup';
        interface: string;
        syncId: number;
      }[];
      /** @description at the door of the backup daemon; null: none runs */
      lostMessages: number | null;
    };
    /** SessionSync */
    SessionSync: {
      /** @description null: nothing; why says the reason */
      takes: {
        /** @enum {string} */
        phase: 'waiting' | 'table' | 'following';
        /** @description a whole table came, and all that changed since */
        isWhole: boolean;
        taken: number;
        refused: number;
      } | null;
      why: string | null;
      /** @description what the other takes of ours */
      gives: {
        /** @enum {string} */
        phase: 'idle' | 'due' | 'table' | 'changes';
        taken: number;
        refused: number;
        unconfirmedBytes: number;
        confirmedMsAgo: number;
      } | null;
    };
    /** Sync */
    Sync: {
      peer: {
        /** @enum {string} */
        is: 'connected' | 'away' | 'untrusted';
        forMs: number;
        why: string | null;
        /** @description why the other one cannot call */
        notListening: string | null;
      };
      /** @description the kernel's */
      connections: components['schemas']['ConnectionSync'];
      /** @description the userspace engine's */
      sessions: components['schemas']['SessionSync'];
      /** @description before it may be master */
      waitsFor: string | null;
    };
    /** Pair */
    Pair: {
      peer: {
        address: string;
        port: number;
      };
      /** @enum {string} */
      state: 'silent' | 'connected' | 'refused';
      stateForMs: number;
      /** @description of silent and refused */
      why: string | null;
      differences: string[];
      ours: components['schemas']['Director'];
      /** @description null: it does not answer */
      theirs: components['schemas']['Director'] | null;
      /** @description connections that did not prove the key */
      refused: number;
      /** @description null: nothing is kept in step here */
      sync: {
        ours: components['schemas']['Sync'];
        /** @description null: it does not answer */
        theirs: components['schemas']['Sync'] | null;
      } | null;
    };
    /** Engine */
    Engine: {
      running: boolean;
      /** @description of its socket */
      path: string;
      pid: number | null;
      workers: number;
      restarts: number;
      ports: {
        name: string;
        mode: string;
        /** @description 0: it is not open */
        queues: number;
        /** @description why nothing faster was to be had */
        reason: string;
      }[];
      /** @description next hops that do not answer */
      silentNeighbours: string[];
      sessions: {
        live: number;
        capacity: number;
        bytes: number;
      };
      /** @description packets by the reason (docs/dataplane.md) */
      dropped: {
        [key: string]: number;
      };
      /** @description what else happened (docs/dataplane.md) */
      events: {
        [key: string]: number;
      };
    };
    /** Status */
    Status: {
      /** @description release of lvsd */
      software: string;
      /** @description in force */
      services: number;
      /** @description in force */
      destinations: number;
      checks: {
        up: number;
        down: number;
      };
      /** @description virtual servers without quorum */
      quorumLost: string[];
      /** @description the changes made last; of each list here the first 1000 */
      lastPlan: string[];
      /** @description what the kernel or the engine refused, and is tried again */
      refused: {
        change: string;
        reason: string;
      }[];
      /** @description what would undo what somebody else changed, where the file says only to report it */
      drift: string[];
      /** @description services of the file that somebody else made and that are left alone */
      foreign: string[];
      /** @description batches of changes since the start */
      writes: number;
    };
    /** DestinationCounters */
    DestinationCounters: {
      /** @description of the destination */
      id: string;
      /** @description since the service was made or its counters were zeroed, as all totals */
      connections: number;
      inPackets: number;
      /** @description of methods by which answers come back through the director; else 0 */
      outPackets: number;
      inBytes: number;
      outBytes: number;
      /** @description connections that are established now */
      active: number;
      /** @description connections in every other state */
      inactive: number;
      /** @description of the kernel's: templates that keep clients at their destination */
      persistent: number;
    };
    /** ServiceCounters */
    ServiceCounters: {
      /** @description of the service */
      id: string;
      /** @enum {string} */
      engine: 'kernel' | 'userspace';
      /** @description since the service was made or its counters were zeroed, as all totals */
      connections: number;
      inPackets: number;
      /** @description of methods by which answers come back through the director; else 0 */
      outPackets: number;
      inBytes: number;
      outBytes: number;
      /** @description connections that are established now */
      active: number;
      /** @description connections in every other state */
      inactive: number;
      /** @description of the kernel's: templates that keep clients at their destination */
      persistent: number;
      destinations: components['schemas']['DestinationCounters'][];
    };
    /** Statistics */
    Statistics: {
      /** @description when it was counted, milliseconds since 1970: two answers make rates */
      at: number;
      items: components['schemas']['ServiceCounters'][];
      next: string | null;
      total: number;
    };
    /** Connection */
    Connection: {
      /** @enum {string} */
      engine: 'kernel' | 'userspace';
      /** @description id; null: of none that is in force now */
      service: string | null;
      /** @description tcp, udp, sctp, icmp, ip, or a number */
      protocol: string;
      client: {
        address: string;
        port: number;
      };
      /** @description whom the client asked for */
      virtual: {
        address: string;
        port: number;
      };
      /** @description who serves it; null: it was removed */
      destination: {
        address: string;
        port: number;
      } | null;
      /** @description in small letters: established, fin_wait, udp */
      state: string;
      /** @description no connection: it keeps a client at its destination */
      template: boolean;
      /** @description if nothing more comes */
      expiresSeconds: number;
    };
    /** Scheduler */
    Scheduler: {
      name: string;
      /** @description in a line */
      meaning: string;
      /** @description those it has a use for */
      flags: string[];
      engines: ('kernel' | 'userspace')[];
      /** @description of the kernel that has it */
      module: string | null;
      /**
       * @description whether this kernel has the module; installed: it is loaded for the first service that needs it; null: none is needed
       * @enum {string|null}
       */
      inKernel: 'loaded' | 'installed' | 'missing' | 'unknown' | null;
    };
    /** Configuration */
    Configuration: {
      /** @description those it was read from, the main one first */
      files: string[];
      /** @description of their text, whatever they are called; null: not known */
      fingerprint: string | null;
      virtualServers: number;
      virtualRouters: number;
    };
    /** Change */
    Change: {
      /** @enum {string} */
      do:
        | 'add-service'
        | 'edit-service'
        | 'delete-service'
        | 'add-destination'
        | 'edit-destination'
        | 'delete-destination';
      /** @description id */
      service: string;
      /** @description id; null: the service itself */
      destination: string | null;
      /** @description as lvsctl and the log say it */
      text: string;
    };
    /** Plan */
    Plan: {
      changes: components['schemas']['Change'][];
    };
    /** Doctor */
    Doctor: {
      /** @description the gravest first */
      findings: {
        /** @description docs/doctor.md has them all */
        rule: string;
        /**
         * @description wrong: it does not work; risk: it will not in circumstances that come; hint: it could be quicker or safer
         * @enum {string}
         */
        severity: 'wrong' | 'risk' | 'hint';
        /** @description what is the case */
        text: string;
        why: string;
        /** @description a command for a shell of this machine */
        mend: string | null;
        /**
         * @description whose shell: this machine is both
         * @enum {string}
         */
        mendOn: 'machine' | 'director';
      }[];
    };
    /** Event */
    Event: {
      /** @description greater than those of all events before, also over a restart */
      id: number;
      /** @description milliseconds since 1970 */
      at: number;
      event: string;
      /** @enum {string} */
      level: 'debug' | 'info' | 'warn' | 'error';
    };
    /** Events */
    Events: {
      items: components['schemas']['Event'][];
      /** @description the `after` of the next page */
      next: number;
      /** @description more is kept already */
      isMore: boolean;
      /** @description what was behind `after` is not kept any more, at least in part: look at everything again */
      reset: boolean;
    };
    /** Identity */
    Identity: {
      name: string;
      /** @enum {string} */
      role: 'read' | 'operate' | 'admin';
      /** @description what may be changed: ids of services, or beginnings of ids with a * behind them */
      services: 'all' | string[];
      /** @enum {string} */
      by: 'socket' | 'token' | 'certificate';
    };
  };
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  listServices: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        /** @description tcp, udp, sctp, any */
        protocol?: string;
        address?: string;
        port?: number;
        /** @description a part of the name */
        name?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Virtual services, those of the file first and in its order */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Service'][];
            next: string | null;
            total: number;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  createService: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description that of its key */
          id?: string;
          /** @enum {string} */
          by: 'address' | 'fwmark';
          /** @enum {string} */
          protocol?: 'tcp' | 'udp' | 'sctp' | 'any';
          address?: string;
          /** @description of a service that is a whole prefix */
          prefixLength?: number;
          /** @description 0 or absent: all ports */
          port?: number;
          /**
           * @description of a mark; absent: that of its servers
           * @enum {string}
           */
          family?: 'ip4' | 'ip6';
          mark?: number;
          /** @description what people call it */
          name?: string;
          /**
           * @description absent: kernel
           * @enum {string}
           */
          engine?: 'kernel' | 'userspace';
          /** @description absent: wlc, or maglev of the userspace engine */
          scheduler?: string;
          /** @description sh and mh read fallback and port */
          schedulerFlags?: ('fallback' | 'port' | 'third')[];
          /** @description absent: none */
          persistenceSeconds?: number;
          /** @description netmask (IPv4) or prefix length (IPv6) */
          persistenceNetmask?: string;
          persistenceEngine?: string;
          onePacket?: boolean;
          /**
           * @description of servers that say nothing themselves; absent: masquerade
           * @enum {string}
           */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
          /** DeclaredTunnel */
          tunnel?: {
            /** @enum {string} */
            type: 'ipip' | 'gue' | 'gre';
            /** @description UDP port of gue */
            port?: number;
            checksum?: boolean;
            remoteChecksum?: boolean;
          };
          dscp?: number;
          /** DeclaredUserspace */
          userspace?: {
            maglevSize?: number;
            hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[];
            stateless?: boolean;
            nodePort?: number;
            answerArp?: boolean;
            /** @enum {string} */
            icmpEcho?: 'answer' | 'kernel';
            interfaces?: string[];
            tunnelSource?: string;
            snatPool?: {
              first: string;
              last?: string;
              lowestPort?: number;
              highestPort?: number;
            }[];
            tcpTimeoutSeconds?: number;
            udpTimeoutSeconds?: number;
          };
          delayLoopSeconds?: number;
          quorum?: number;
          hysteresis?: number;
          /** @description servers count as down until their checks have said otherwise */
          alpha?: boolean;
          haSuspend?: boolean;
          inhibitOnFailure?: boolean;
          /** DeclaredCheck */
          check?:
            | {
                /** @enum {string} */
                type: 'tcp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'http';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
              }
            | {
                /** @enum {string} */
                type: 'https';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                /** @description SNI */
                serverName?: string;
              }
            | {
                /** @enum {string} */
                type: 'udp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                /** @description hexadecimal digits */
                payload?: string;
                /** @description hexadecimal digits, x for any; absent: silence is success */
                reply?: string;
                minReplyLength?: number;
                maxReplyLength?: number;
              }
            | {
                /** @enum {string} */
                type: 'ping';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'dns';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                recordType?: string;
                name?: string;
              }
            | {
                /** @enum {string} */
                type: 'smtp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                heloName?: string;
              }
            | {
                /** @enum {string} */
                type: 'grpc';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                service?: string;
                host?: string;
                tls?: boolean;
              };
          sorryServer?: {
            address: string;
            port?: number;
            /** @enum {string} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
            /** DeclaredTunnel */
            tunnel?: {
              /** @enum {string} */
              type: 'ipip' | 'gue' | 'gre';
              /** @description UDP port of gue */
              port?: number;
              checksum?: boolean;
              remoteChecksum?: boolean;
            };
            dscp?: number;
          };
          /** @description connections of a server that its checks took out */
          onFailure?: {
            /** @enum {string} */
            do: 'remove' | 'keep' | 'cut' | 'drain';
            /** @description with drain, and only with it */
            seconds?: number;
          };
          /** @description connections of what is deleted */
          onRemoval?: {
            /** @enum {string} */
            do: 'remove' | 'cut' | 'drain';
            /** @description with drain, and only with it */
            seconds?: number;
          };
          slowStart?: {
            seconds: number;
            fromPercent?: number;
          };
          guardPercent?: number;
          destinations?: {
            /** @description that of address and port */
            id?: string;
            address: string;
            port: number;
            /** @description absent: 1 */
            weight?: number;
            /** @enum {string} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
            /** DeclaredTunnel */
            tunnel?: {
              /** @enum {string} */
              type: 'ipip' | 'gue' | 'gre';
              /** @description UDP port of gue */
              port?: number;
              checksum?: boolean;
              remoteChecksum?: boolean;
            };
            dscp?: number;
            upperThreshold?: number;
            lowerThreshold?: number;
            inhibitOnFailure?: boolean;
            /** DeclaredDestinationCheck */
            check?:
              | {
                  /** @enum {string} */
                  type: 'tcp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'http';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  virtualHost?: string;
                  /** @enum {string} */
                  protocol?: '1.0' | '1.0C' | '1.1' | '2';
                  fastRecovery?: boolean;
                  urls: {
                    path: string;
                    virtualHost?: string;
                    /** @description 200, 200-299; absent: 200-299 */
                    statusCodes?: string[];
                    /** @description MD5, 32 hexadecimal digits */
                    digest?: string;
                    regex?: string;
                    /** @description it must not be found */
                    regexAbsent?: boolean;
                  }[];
                }
              | {
                  /** @enum {string} */
                  type: 'https';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  virtualHost?: string;
                  /** @enum {string} */
                  protocol?: '1.0' | '1.0C' | '1.1' | '2';
                  fastRecovery?: boolean;
                  urls: {
                    path: string;
                    virtualHost?: string;
                    /** @description 200, 200-299; absent: 200-299 */
                    statusCodes?: string[];
                    /** @description MD5, 32 hexadecimal digits */
                    digest?: string;
                    regex?: string;
                    /** @description it must not be found */
                    regexAbsent?: boolean;
                  }[];
                  verify?: boolean;
                  /** @description path of a PEM file on the director */
                  authority?: string;
                  verifyName?: string;
                  certificateWarnDays?: number;
                  certificateFailDays?: number;
                  /** @description SNI */
                  serverName?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'udp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  /** @description hexadecimal digits */
                  payload?: string;
                  /** @description hexadecimal digits, x for any; absent: silence is success */
                  reply?: string;
                  minReplyLength?: number;
                  maxReplyLength?: number;
                }
              | {
                  /** @enum {string} */
                  type: 'ping';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'dns';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  recordType?: string;
                  name?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'smtp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  heloName?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'grpc';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  verify?: boolean;
                  /** @description path of a PEM file on the director */
                  authority?: string;
                  verifyName?: string;
                  certificateWarnDays?: number;
                  certificateFailDays?: number;
                  service?: string;
                  host?: string;
                  tls?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'none';
                };
          }[];
        };
      };
    };
    responses: {
      /** @description Declares a virtual service */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description Declares a virtual service */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readService: {
    parameters: {
      query?: never;
      header?: {
        /** @description the ETag that the client has */
        'if-none-match'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A virtual service */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['ServiceInFull'];
        };
      };
      /** @description it is as the client has it */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  putService: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description that of its key */
          id?: string;
          /** @enum {string} */
          by?: 'address' | 'fwmark';
          /** @enum {string} */
          protocol?: 'tcp' | 'udp' | 'sctp' | 'any';
          address?: string;
          /** @description of a service that is a whole prefix */
          prefixLength?: number;
          /** @description 0 or absent: all ports */
          port?: number;
          /**
           * @description of a mark; absent: that of its servers
           * @enum {string}
           */
          family?: 'ip4' | 'ip6';
          mark?: number;
          /** @description what people call it */
          name?: string;
          /**
           * @description absent: kernel
           * @enum {string}
           */
          engine?: 'kernel' | 'userspace';
          /** @description absent: wlc, or maglev of the userspace engine */
          scheduler?: string;
          /** @description sh and mh read fallback and port */
          schedulerFlags?: ('fallback' | 'port' | 'third')[];
          /** @description absent: none */
          persistenceSeconds?: number;
          /** @description netmask (IPv4) or prefix length (IPv6) */
          persistenceNetmask?: string;
          persistenceEngine?: string;
          onePacket?: boolean;
          /**
           * @description of servers that say nothing themselves; absent: masquerade
           * @enum {string}
           */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
          /** DeclaredTunnel */
          tunnel?: {
            /** @enum {string} */
            type: 'ipip' | 'gue' | 'gre';
            /** @description UDP port of gue */
            port?: number;
            checksum?: boolean;
            remoteChecksum?: boolean;
          };
          dscp?: number;
          /** DeclaredUserspace */
          userspace?: {
            maglevSize?: number;
            hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[];
            stateless?: boolean;
            nodePort?: number;
            answerArp?: boolean;
            /** @enum {string} */
            icmpEcho?: 'answer' | 'kernel';
            interfaces?: string[];
            tunnelSource?: string;
            snatPool?: {
              first: string;
              last?: string;
              lowestPort?: number;
              highestPort?: number;
            }[];
            tcpTimeoutSeconds?: number;
            udpTimeoutSeconds?: number;
          };
          delayLoopSeconds?: number;
          quorum?: number;
          hysteresis?: number;
          /** @description servers count as down until their checks have said otherwise */
          alpha?: boolean;
          haSuspend?: boolean;
          inhibitOnFailure?: boolean;
          /** DeclaredCheck */
          check?:
            | {
                /** @enum {string} */
                type: 'tcp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'http';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
              }
            | {
                /** @enum {string} */
                type: 'https';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                /** @description SNI */
                serverName?: string;
              }
            | {
                /** @enum {string} */
                type: 'udp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                /** @description hexadecimal digits */
                payload?: string;
                /** @description hexadecimal digits, x for any; absent: silence is success */
                reply?: string;
                minReplyLength?: number;
                maxReplyLength?: number;
              }
            | {
                /** @enum {string} */
                type: 'ping';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'dns';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                recordType?: string;
                name?: string;
              }
            | {
                /** @enum {string} */
                type: 'smtp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                heloName?: string;
              }
            | {
                /** @enum {string} */
                type: 'grpc';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                service?: string;
                host?: string;
                tls?: boolean;
              };
          sorryServer?: {
            address: string;
            port?: number;
            /** @enum {string} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
            /** DeclaredTunnel */
            tunnel?: {
              /** @enum {string} */
              type: 'ipip' | 'gue' | 'gre';
              /** @description UDP port of gue */
              port?: number;
              checksum?: boolean;
              remoteChecksum?: boolean;
            };
            dscp?: number;
          };
          /** @description connections of a server that its checks took out */
          onFailure?: {
            /** @enum {string} */
            do: 'remove' | 'keep' | 'cut' | 'drain';
            /** @description with drain, and only with it */
            seconds?: number;
          };
          /** @description connections of what is deleted */
          onRemoval?: {
            /** @enum {string} */
            do: 'remove' | 'cut' | 'drain';
            /** @description with drain, and only with it */
            seconds?: number;
          };
          slowStart?: {
            seconds: number;
            fromPercent?: number;
          };
          guardPercent?: number;
          destinations?: {
            /** @description that of address and port */
            id?: string;
            address: string;
            port: number;
            /** @description absent: 1 */
            weight?: number;
            /** @enum {string} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
            /** DeclaredTunnel */
            tunnel?: {
              /** @enum {string} */
              type: 'ipip' | 'gue' | 'gre';
              /** @description UDP port of gue */
              port?: number;
              checksum?: boolean;
              remoteChecksum?: boolean;
            };
            dscp?: number;
            upperThreshold?: number;
            lowerThreshold?: number;
            inhibitOnFailure?: boolean;
            /** DeclaredDestinationCheck */
            check?:
              | {
                  /** @enum {string} */
                  type: 'tcp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'http';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  virtualHost?: string;
                  /** @enum {string} */
                  protocol?: '1.0' | '1.0C' | '1.1' | '2';
                  fastRecovery?: boolean;
                  urls: {
                    path: string;
                    virtualHost?: string;
                    /** @description 200, 200-299; absent: 200-299 */
                    statusCodes?: string[];
                    /** @description MD5, 32 hexadecimal digits */
                    digest?: string;
                    regex?: string;
                    /** @description it must not be found */
                    regexAbsent?: boolean;
                  }[];
                }
              | {
                  /** @enum {string} */
                  type: 'https';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  virtualHost?: string;
                  /** @enum {string} */
                  protocol?: '1.0' | '1.0C' | '1.1' | '2';
                  fastRecovery?: boolean;
                  urls: {
                    path: string;
                    virtualHost?: string;
                    /** @description 200, 200-299; absent: 200-299 */
                    statusCodes?: string[];
                    /** @description MD5, 32 hexadecimal digits */
                    digest?: string;
                    regex?: string;
                    /** @description it must not be found */
                    regexAbsent?: boolean;
                  }[];
                  verify?: boolean;
                  /** @description path of a PEM file on the director */
                  authority?: string;
                  verifyName?: string;
                  certificateWarnDays?: number;
                  certificateFailDays?: number;
                  /** @description SNI */
                  serverName?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'udp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  /** @description hexadecimal digits */
                  payload?: string;
                  /** @description hexadecimal digits, x for any; absent: silence is success */
                  reply?: string;
                  minReplyLength?: number;
                  maxReplyLength?: number;
                }
              | {
                  /** @enum {string} */
                  type: 'ping';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'dns';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  recordType?: string;
                  name?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'smtp';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  heloName?: string;
                }
              | {
                  /** @enum {string} */
                  type: 'grpc';
                  /** @description absent: the service's delayLoopSeconds */
                  intervalSeconds?: number;
                  retries?: number;
                  delayBeforeRetrySeconds?: number;
                  rise?: number;
                  warmupSeconds?: number;
                  connectTimeoutSeconds?: number;
                  connectAddress?: string;
                  connectPort?: number;
                  bindAddress?: string;
                  /** @description SO_MARK of the probe's packets */
                  mark?: number;
                  viaForwarding?: boolean;
                  verify?: boolean;
                  /** @description path of a PEM file on the director */
                  authority?: string;
                  verifyName?: string;
                  certificateWarnDays?: number;
                  certificateFailDays?: number;
                  service?: string;
                  host?: string;
                  tls?: boolean;
                }
              | {
                  /** @enum {string} */
                  type: 'none';
                };
          }[];
        };
      };
    };
    responses: {
      /** @description Declares a virtual service, or another one in its place */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description Declares a virtual service, or another one in its place */
      201: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  deleteService: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A virtual service is declared no more; what becomes of its connections says its onRemoval */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  patchService: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description that of its key */
          id?: string | null;
          /** @enum {string|null} */
          by?: 'address' | 'fwmark' | null;
          /** @enum {string|null} */
          protocol?: 'tcp' | 'udp' | 'sctp' | 'any' | null;
          address?: string | null;
          /** @description of a service that is a whole prefix */
          prefixLength?: number | null;
          /** @description 0 or absent: all ports */
          port?: number | null;
          /**
           * @description of a mark; absent: that of its servers
           * @enum {string|null}
           */
          family?: 'ip4' | 'ip6' | null;
          mark?: number | null;
          /** @description what people call it */
          name?: string | null;
          /**
           * @description absent: kernel
           * @enum {string|null}
           */
          engine?: 'kernel' | 'userspace' | null;
          /** @description absent: wlc, or maglev of the userspace engine */
          scheduler?: string | null;
          /** @description sh and mh read fallback and port */
          schedulerFlags?: ('fallback' | 'port' | 'third')[] | null;
          /** @description absent: none */
          persistenceSeconds?: number | null;
          /** @description netmask (IPv4) or prefix length (IPv6) */
          persistenceNetmask?: string | null;
          persistenceEngine?: string | null;
          onePacket?: boolean | null;
          /**
           * @description of servers that say nothing themselves; absent: masquerade
           * @enum {string|null}
           */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
          tunnel?: {
            /** @enum {string|null} */
            type?: 'ipip' | 'gue' | 'gre' | null;
            /** @description UDP port of gue */
            port?: number | null;
            checksum?: boolean | null;
            remoteChecksum?: boolean | null;
          } | null;
          dscp?: number | null;
          userspace?: {
            maglevSize?: number | null;
            hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[] | null;
            stateless?: boolean | null;
            nodePort?: number | null;
            answerArp?: boolean | null;
            /** @enum {string|null} */
            icmpEcho?: 'answer' | 'kernel' | null;
            interfaces?: string[] | null;
            tunnelSource?: string | null;
            snatPool?:
              | {
                  first: string;
                  last?: string;
                  lowestPort?: number;
                  highestPort?: number;
                }[]
              | null;
            tcpTimeoutSeconds?: number | null;
            udpTimeoutSeconds?: number | null;
          } | null;
          delayLoopSeconds?: number | null;
          quorum?: number | null;
          hysteresis?: number | null;
          /** @description servers count as down until their checks have said otherwise */
          alpha?: boolean | null;
          haSuspend?: boolean | null;
          inhibitOnFailure?: boolean | null;
          check?: Record<string, never> | null;
          sorryServer?: {
            address?: string | null;
            port?: number | null;
            /** @enum {string|null} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
            tunnel?: {
              /** @enum {string|null} */
              type?: 'ipip' | 'gue' | 'gre' | null;
              /** @description UDP port of gue */
              port?: number | null;
              checksum?: boolean | null;
              remoteChecksum?: boolean | null;
            } | null;
            dscp?: number | null;
          } | null;
          onFailure?: {
            /** @enum {string|null} */
            do?: 'remove' | 'keep' | 'cut' | 'drain' | null;
            /** @description with drain, and only with it */
            seconds?: number | null;
          } | null;
          onRemoval?: {
            /** @enum {string|null} */
            do?: 'remove' | 'cut' | 'drain' | null;
            /** @description with drain, and only with it */
            seconds?: number | null;
          } | null;
          slowStart?: {
            seconds?: number | null;
            fromPercent?: number | null;
          } | null;
          guardPercent?: number | null;
          destinations?:
            | {
                /** @description that of address and port */
                id: string;
                address: string;
                port: number;
                /** @description absent: 1 */
                weight?: number;
                /** @enum {string} */
                method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                /** DeclaredTunnel */
                tunnel?: {
                  /** @enum {string} */
                  type: 'ipip' | 'gue' | 'gre';
                  /** @description UDP port of gue */
                  port?: number;
                  checksum?: boolean;
                  remoteChecksum?: boolean;
                };
                dscp?: number;
                upperThreshold?: number;
                lowerThreshold?: number;
                inhibitOnFailure?: boolean;
                /** DeclaredDestinationCheck */
                check?:
                  | {
                      /** @enum {string} */
                      type: 'tcp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'http';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      virtualHost?: string;
                      /** @enum {string} */
                      protocol?: '1.0' | '1.0C' | '1.1' | '2';
                      fastRecovery?: boolean;
                      urls: {
                        path: string;
                        virtualHost?: string;
                        /** @description 200, 200-299; absent: 200-299 */
                        statusCodes?: string[];
                        /** @description MD5, 32 hexadecimal digits */
                        digest?: string;
                        regex?: string;
                        /** @description it must not be found */
                        regexAbsent?: boolean;
                      }[];
                    }
                  | {
                      /** @enum {string} */
                      type: 'https';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      virtualHost?: string;
                      /** @enum {string} */
                      protocol?: '1.0' | '1.0C' | '1.1' | '2';
                      fastRecovery?: boolean;
                      urls: {
                        path: string;
                        virtualHost?: string;
                        /** @description 200, 200-299; absent: 200-299 */
                        statusCodes?: string[];
                        /** @description MD5, 32 hexadecimal digits */
                        digest?: string;
                        regex?: string;
                        /** @description it must not be found */
                        regexAbsent?: boolean;
                      }[];
                      verify?: boolean;
                      /** @description path of a PEM file on the director */
                      authority?: string;
                      verifyName?: string;
                      certificateWarnDays?: number;
                      certificateFailDays?: number;
                      /** @description SNI */
                      serverName?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'udp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      /** @description hexadecimal digits */
                      payload?: string;
                      /** @description hexadecimal digits, x for any; absent: silence is success */
                      reply?: string;
                      minReplyLength?: number;
                      maxReplyLength?: number;
                    }
                  | {
                      /** @enum {string} */
                      type: 'ping';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'dns';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      recordType?: string;
                      name?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'smtp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      heloName?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'grpc';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      verify?: boolean;
                      /** @description path of a PEM file on the director */
                      authority?: string;
                      verifyName?: string;
                      certificateWarnDays?: number;
                      certificateFailDays?: number;
                      service?: string;
                      host?: string;
                      tls?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'none';
                    };
              }[]
            | null;
        };
        'application/merge-patch+json': {
          /** @description that of its key */
          id?: string | null;
          /** @enum {string|null} */
          by?: 'address' | 'fwmark' | null;
          /** @enum {string|null} */
          protocol?: 'tcp' | 'udp' | 'sctp' | 'any' | null;
          address?: string | null;
          /** @description of a service that is a whole prefix */
          prefixLength?: number | null;
          /** @description 0 or absent: all ports */
          port?: number | null;
          /**
           * @description of a mark; absent: that of its servers
           * @enum {string|null}
           */
          family?: 'ip4' | 'ip6' | null;
          mark?: number | null;
          /** @description what people call it */
          name?: string | null;
          /**
           * @description absent: kernel
           * @enum {string|null}
           */
          engine?: 'kernel' | 'userspace' | null;
          /** @description absent: wlc, or maglev of the userspace engine */
          scheduler?: string | null;
          /** @description sh and mh read fallback and port */
          schedulerFlags?: ('fallback' | 'port' | 'third')[] | null;
          /** @description absent: none */
          persistenceSeconds?: number | null;
          /** @description netmask (IPv4) or prefix length (IPv6) */
          persistenceNetmask?: string | null;
          persistenceEngine?: string | null;
          onePacket?: boolean | null;
          /**
           * @description of servers that say nothing themselves; absent: masquerade
           * @enum {string|null}
           */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
          tunnel?: {
            /** @enum {string|null} */
            type?: 'ipip' | 'gue' | 'gre' | null;
            /** @description UDP port of gue */
            port?: number | null;
            checksum?: boolean | null;
            remoteChecksum?: boolean | null;
          } | null;
          dscp?: number | null;
          userspace?: {
            maglevSize?: number | null;
            hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[] | null;
            stateless?: boolean | null;
            nodePort?: number | null;
            answerArp?: boolean | null;
            /** @enum {string|null} */
            icmpEcho?: 'answer' | 'kernel' | null;
            interfaces?: string[] | null;
            tunnelSource?: string | null;
            snatPool?:
              | {
                  first: string;
                  last?: string;
                  lowestPort?: number;
                  highestPort?: number;
                }[]
              | null;
            tcpTimeoutSeconds?: number | null;
            udpTimeoutSeconds?: number | null;
          } | null;
          delayLoopSeconds?: number | null;
          quorum?: number | null;
          hysteresis?: number | null;
          /** @description servers count as down until their checks have said otherwise */
          alpha?: boolean | null;
          haSuspend?: boolean | null;
          inhibitOnFailure?: boolean | null;
          check?: Record<string, never> | null;
          sorryServer?: {
            address?: string | null;
            port?: number | null;
            /** @enum {string|null} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
            tunnel?: {
              /** @enum {string|null} */
              type?: 'ipip' | 'gue' | 'gre' | null;
              /** @description UDP port of gue */
              port?: number | null;
              checksum?: boolean | null;
              remoteChecksum?: boolean | null;
            } | null;
            dscp?: number | null;
          } | null;
          onFailure?: {
            /** @enum {string|null} */
            do?: 'remove' | 'keep' | 'cut' | 'drain' | null;
            /** @description with drain, and only with it */
            seconds?: number | null;
          } | null;
          onRemoval?: {
            /** @enum {string|null} */
            do?: 'remove' | 'cut' | 'drain' | null;
            /** @description with drain, and only with it */
            seconds?: number | null;
          } | null;
          slowStart?: {
            seconds?: number | null;
            fromPercent?: number | null;
          } | null;
          guardPercent?: number | null;
          destinations?:
            | {
                /** @description that of address and port */
                id: string;
                address: string;
                port: number;
                /** @description absent: 1 */
                weight?: number;
                /** @enum {string} */
                method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                /** DeclaredTunnel */
                tunnel?: {
                  /** @enum {string} */
                  type: 'ipip' | 'gue' | 'gre';
                  /** @description UDP port of gue */
                  port?: number;
                  checksum?: boolean;
                  remoteChecksum?: boolean;
                };
                dscp?: number;
                upperThreshold?: number;
                lowerThreshold?: number;
                inhibitOnFailure?: boolean;
                /** DeclaredDestinationCheck */
                check?:
                  | {
                      /** @enum {string} */
                      type: 'tcp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'http';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      virtualHost?: string;
                      /** @enum {string} */
                      protocol?: '1.0' | '1.0C' | '1.1' | '2';
                      fastRecovery?: boolean;
                      urls: {
                        path: string;
                        virtualHost?: string;
                        /** @description 200, 200-299; absent: 200-299 */
                        statusCodes?: string[];
                        /** @description MD5, 32 hexadecimal digits */
                        digest?: string;
                        regex?: string;
                        /** @description it must not be found */
                        regexAbsent?: boolean;
                      }[];
                    }
                  | {
                      /** @enum {string} */
                      type: 'https';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      virtualHost?: string;
                      /** @enum {string} */
                      protocol?: '1.0' | '1.0C' | '1.1' | '2';
                      fastRecovery?: boolean;
                      urls: {
                        path: string;
                        virtualHost?: string;
                        /** @description 200, 200-299; absent: 200-299 */
                        statusCodes?: string[];
                        /** @description MD5, 32 hexadecimal digits */
                        digest?: string;
                        regex?: string;
                        /** @description it must not be found */
                        regexAbsent?: boolean;
                      }[];
                      verify?: boolean;
                      /** @description path of a PEM file on the director */
                      authority?: string;
                      verifyName?: string;
                      certificateWarnDays?: number;
                      certificateFailDays?: number;
                      /** @description SNI */
                      serverName?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'udp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      /** @description hexadecimal digits */
                      payload?: string;
                      /** @description hexadecimal digits, x for any; absent: silence is success */
                      reply?: string;
                      minReplyLength?: number;
                      maxReplyLength?: number;
                    }
                  | {
                      /** @enum {string} */
                      type: 'ping';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'dns';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      recordType?: string;
                      name?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'smtp';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      heloName?: string;
                    }
                  | {
                      /** @enum {string} */
                      type: 'grpc';
                      /** @description absent: the service's delayLoopSeconds */
                      intervalSeconds?: number;
                      retries?: number;
                      delayBeforeRetrySeconds?: number;
                      rise?: number;
                      warmupSeconds?: number;
                      connectTimeoutSeconds?: number;
                      connectAddress?: string;
                      connectPort?: number;
                      bindAddress?: string;
                      /** @description SO_MARK of the probe's packets */
                      mark?: number;
                      viaForwarding?: boolean;
                      verify?: boolean;
                      /** @description path of a PEM file on the director */
                      authority?: string;
                      verifyName?: string;
                      certificateWarnDays?: number;
                      certificateFailDays?: number;
                      service?: string;
                      host?: string;
                      tls?: boolean;
                    }
                  | {
                      /** @enum {string} */
                      type: 'none';
                    };
              }[]
            | null;
        };
      };
    };
    responses: {
      /** @description Changes what is declared of a virtual service: a merge patch (RFC 7396) */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listAllDestinations: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        /** @description id */
        service?: string;
        address?: string;
        health?: 'up' | 'down';
        role?: 'real' | 'sorry' | 'other';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The destinations of all services */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Destination'][];
            next: string | null;
            total: number;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listDestinations: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The destinations of a service, those that are down too */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Destination'][];
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  createDestination: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description that of address and port */
          id?: string;
          address: string;
          port: number;
          /** @description absent: 1 */
          weight?: number;
          /** @enum {string} */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
          /** DeclaredTunnel */
          tunnel?: {
            /** @enum {string} */
            type: 'ipip' | 'gue' | 'gre';
            /** @description UDP port of gue */
            port?: number;
            checksum?: boolean;
            remoteChecksum?: boolean;
          };
          dscp?: number;
          upperThreshold?: number;
          lowerThreshold?: number;
          inhibitOnFailure?: boolean;
          /** DeclaredDestinationCheck */
          check?:
            | {
                /** @enum {string} */
                type: 'tcp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'http';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
              }
            | {
                /** @enum {string} */
                type: 'https';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                /** @description SNI */
                serverName?: string;
              }
            | {
                /** @enum {string} */
                type: 'udp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                /** @description hexadecimal digits */
                payload?: string;
                /** @description hexadecimal digits, x for any; absent: silence is success */
                reply?: string;
                minReplyLength?: number;
                maxReplyLength?: number;
              }
            | {
                /** @enum {string} */
                type: 'ping';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'dns';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                recordType?: string;
                name?: string;
              }
            | {
                /** @enum {string} */
                type: 'smtp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                heloName?: string;
              }
            | {
                /** @enum {string} */
                type: 'grpc';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                service?: string;
                host?: string;
                tls?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'none';
              };
        };
      };
    };
    responses: {
      /** @description Declares a destination of a service that the API declares */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description Declares a destination of a service that the API declares */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readDestination: {
    parameters: {
      query?: never;
      header?: {
        /** @description the ETag that the client has */
        'if-none-match'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
        /** @description id of a destination */
        destination: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A destination of a service */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['DestinationInFull'];
        };
      };
      /** @description it is as the client has it */
      304: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  putDestination: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
        /** @description id of a destination */
        destination: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description that of address and port */
          id?: string;
          address?: string;
          port?: number;
          /** @description absent: 1 */
          weight?: number;
          /** @enum {string} */
          method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
          /** DeclaredTunnel */
          tunnel?: {
            /** @enum {string} */
            type: 'ipip' | 'gue' | 'gre';
            /** @description UDP port of gue */
            port?: number;
            checksum?: boolean;
            remoteChecksum?: boolean;
          };
          dscp?: number;
          upperThreshold?: number;
          lowerThreshold?: number;
          inhibitOnFailure?: boolean;
          /** DeclaredDestinationCheck */
          check?:
            | {
                /** @enum {string} */
                type: 'tcp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'http';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
              }
            | {
                /** @enum {string} */
                type: 'https';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                virtualHost?: string;
                /** @enum {string} */
                protocol?: '1.0' | '1.0C' | '1.1' | '2';
                fastRecovery?: boolean;
                urls: {
                  path: string;
                  virtualHost?: string;
                  /** @description 200, 200-299; absent: 200-299 */
                  statusCodes?: string[];
                  /** @description MD5, 32 hexadecimal digits */
                  digest?: string;
                  regex?: string;
                  /** @description it must not be found */
                  regexAbsent?: boolean;
                }[];
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                /** @description SNI */
                serverName?: string;
              }
            | {
                /** @enum {string} */
                type: 'udp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                /** @description hexadecimal digits */
                payload?: string;
                /** @description hexadecimal digits, x for any; absent: silence is success */
                reply?: string;
                minReplyLength?: number;
                maxReplyLength?: number;
              }
            | {
                /** @enum {string} */
                type: 'ping';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'dns';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                recordType?: string;
                name?: string;
              }
            | {
                /** @enum {string} */
                type: 'smtp';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                heloName?: string;
              }
            | {
                /** @enum {string} */
                type: 'grpc';
                /** @description absent: the service's delayLoopSeconds */
                intervalSeconds?: number;
                retries?: number;
                delayBeforeRetrySeconds?: number;
                rise?: number;
                warmupSeconds?: number;
                connectTimeoutSeconds?: number;
                connectAddress?: string;
                connectPort?: number;
                bindAddress?: string;
                /** @description SO_MARK of the probe's packets */
                mark?: number;
                viaForwarding?: boolean;
                verify?: boolean;
                /** @description path of a PEM file on the director */
                authority?: string;
                verifyName?: string;
                certificateWarnDays?: number;
                certificateFailDays?: number;
                service?: string;
                host?: string;
                tls?: boolean;
              }
            | {
                /** @enum {string} */
                type: 'none';
              };
        };
      };
    };
    responses: {
      /** @description Declares a destination, or another one in its place */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description Declares a destination, or another one in its place */
      201: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  deleteDestination: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
        /** @description id of a destination */
        destination: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A destination is declared no more; what becomes of its connections says the service's onRemoval */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  patchDestination: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the ETag that it must have to be changed, or * */
        'if-match'?: string;
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
        /** @description id of a destination */
        destination: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description null: as it is declared and the checks say */
          weight?: number | null;
          /** @description true: no new connections, whatever else is said, until it is false again */
          maintenance?: boolean;
          /** DestinationPatch */
          declared?: {
            /** @description that of address and port */
            id?: string | null;
            address?: string | null;
            port?: number | null;
            /** @description absent: 1 */
            weight?: number | null;
            /** @enum {string|null} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
            tunnel?: {
              /** @enum {string|null} */
              type?: 'ipip' | 'gue' | 'gre' | null;
              /** @description UDP port of gue */
              port?: number | null;
              checksum?: boolean | null;
              remoteChecksum?: boolean | null;
            } | null;
            dscp?: number | null;
            upperThreshold?: number | null;
            lowerThreshold?: number | null;
            inhibitOnFailure?: boolean | null;
            check?: Record<string, never> | null;
          };
        };
        'application/merge-patch+json': {
          /** @description null: as it is declared and the checks say */
          weight?: number | null;
          /** @description true: no new connections, whatever else is said, until it is false again */
          maintenance?: boolean;
          /** DestinationPatch */
          declared?: {
            /** @description that of address and port */
            id?: string | null;
            address?: string | null;
            port?: number | null;
            /** @description absent: 1 */
            weight?: number | null;
            /** @enum {string|null} */
            method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
            tunnel?: {
              /** @enum {string|null} */
              type?: 'ipip' | 'gue' | 'gre' | null;
              /** @description UDP port of gue */
              port?: number | null;
              checksum?: boolean | null;
              remoteChecksum?: boolean | null;
            } | null;
            dscp?: number | null;
            upperThreshold?: number | null;
            lowerThreshold?: number | null;
            inhibitOnFailure?: boolean | null;
            check?: Record<string, never> | null;
          };
        };
      };
    };
    responses: {
      /** @description Overrides the weight of a real server, or takes it into maintenance, wherever it is declared; or changes what the API declares of it */
      200: {
        headers: {
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  drainDestination: {
    parameters: {
      query?: never;
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a service */
        service: string;
        /** @description id of a destination */
        destination: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          withinSeconds: number;
          /**
           * @description in the end: it stays in maintenance; or it is declared no more (of a service that the API declares)
           * @enum {string}
           */
          then?: 'keep' | 'remove';
        };
      };
    };
    responses: {
      /** @description Takes a real server out of service: no new connections, and those that are there are waited for */
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Drain'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listDrains: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        /** @description id */
        service?: string;
        /** @description how it ended: nobody is connected; the time was up; somebody took it back; the server is gone */
        state?: 'running' | 'drained' | 'deadline' | 'cancelled' | 'gone';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Drains: those that run, then those that ended, the newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Drain'][];
            next: string | null;
            total: number;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readDrain: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        /** @description id of a drain */
        drain: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A drain, and how many are still connected */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Drain'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  cancelDrain: {
    parameters: {
      query?: never;
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        /** @description id of a drain */
        drain: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Takes a drain back: the server takes new connections again */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Drain'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  commitTransaction: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          changes: (
            | {
                /** @enum {string} */
                do: 'put-service';
                /** WantedService */
                service: {
                  /** @description that of its key */
                  id?: string;
                  /** @enum {string} */
                  by: 'address' | 'fwmark';
                  /** @enum {string} */
                  protocol?: 'tcp' | 'udp' | 'sctp' | 'any';
                  address?: string;
                  /** @description of a service that is a whole prefix */
                  prefixLength?: number;
                  /** @description 0 or absent: all ports */
                  port?: number;
                  /**
                   * @description of a mark; absent: that of its servers
                   * @enum {string}
                   */
                  family?: 'ip4' | 'ip6';
                  mark?: number;
                  /** @description what people call it */
                  name?: string;
                  /**
                   * @description absent: kernel
                   * @enum {string}
                   */
                  engine?: 'kernel' | 'userspace';
                  /** @description absent: wlc, or maglev of the userspace engine */
                  scheduler?: string;
                  /** @description sh and mh read fallback and port */
                  schedulerFlags?: ('fallback' | 'port' | 'third')[];
                  /** @description absent: none */
                  persistenceSeconds?: number;
                  /** @description netmask (IPv4) or prefix length (IPv6) */
                  persistenceNetmask?: string;
                  persistenceEngine?: string;
                  onePacket?: boolean;
                  /**
                   * @description of servers that say nothing themselves; absent: masquerade
                   * @enum {string}
                   */
                  method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                  /** DeclaredTunnel */
                  tunnel?: {
                    /** @enum {string} */
                    type: 'ipip' | 'gue' | 'gre';
                    /** @description UDP port of gue */
                    port?: number;
                    checksum?: boolean;
                    remoteChecksum?: boolean;
                  };
                  dscp?: number;
                  /** DeclaredUserspace */
                  userspace?: {
                    maglevSize?: number;
                    hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[];
                    stateless?: boolean;
                    nodePort?: number;
                    answerArp?: boolean;
                    /** @enum {string} */
                    icmpEcho?: 'answer' | 'kernel';
                    interfaces?: string[];
                    tunnelSource?: string;
                    snatPool?: {
                      first: string;
                      last?: string;
                      lowestPort?: number;
                      highestPort?: number;
                    }[];
                    tcpTimeoutSeconds?: number;
                    udpTimeoutSeconds?: number;
                  };
                  delayLoopSeconds?: number;
                  quorum?: number;
                  hysteresis?: number;
                  /** @description servers count as down until their checks have said otherwise */
                  alpha?: boolean;
                  haSuspend?: boolean;
                  inhibitOnFailure?: boolean;
                  /** DeclaredCheck */
                  check?:
                    | {
                        /** @enum {string} */
                        type: 'tcp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                      }
                    | {
                        /** @enum {string} */
                        type: 'http';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        virtualHost?: string;
                        /** @enum {string} */
                        protocol?: '1.0' | '1.0C' | '1.1' | '2';
                        fastRecovery?: boolean;
                        urls: {
                          path: string;
                          virtualHost?: string;
                          /** @description 200, 200-299; absent: 200-299 */
                          statusCodes?: string[];
                          /** @description MD5, 32 hexadecimal digits */
                          digest?: string;
                          regex?: string;
                          /** @description it must not be found */
                          regexAbsent?: boolean;
                        }[];
                      }
                    | {
                        /** @enum {string} */
                        type: 'https';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        virtualHost?: string;
                        /** @enum {string} */
                        protocol?: '1.0' | '1.0C' | '1.1' | '2';
                        fastRecovery?: boolean;
                        urls: {
                          path: string;
                          virtualHost?: string;
                          /** @description 200, 200-299; absent: 200-299 */
                          statusCodes?: string[];
                          /** @description MD5, 32 hexadecimal digits */
                          digest?: string;
                          regex?: string;
                          /** @description it must not be found */
                          regexAbsent?: boolean;
                        }[];
                        verify?: boolean;
                        /** @description path of a PEM file on the director */
                        authority?: string;
                        verifyName?: string;
                        certificateWarnDays?: number;
                        certificateFailDays?: number;
                        /** @description SNI */
                        serverName?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'udp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        /** @description hexadecimal digits */
                        payload?: string;
                        /** @description hexadecimal digits, x for any; absent: silence is success */
                        reply?: string;
                        minReplyLength?: number;
                        maxReplyLength?: number;
                      }
                    | {
                        /** @enum {string} */
                        type: 'ping';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                      }
                    | {
                        /** @enum {string} */
                        type: 'dns';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        recordType?: string;
                        name?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'smtp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        heloName?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'grpc';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        verify?: boolean;
                        /** @description path of a PEM file on the director */
                        authority?: string;
                        verifyName?: string;
                        certificateWarnDays?: number;
                        certificateFailDays?: number;
                        service?: string;
                        host?: string;
                        tls?: boolean;
                      };
                  sorryServer?: {
                    address: string;
                    port?: number;
                    /** @enum {string} */
                    method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                    /** DeclaredTunnel */
                    tunnel?: {
                      /** @enum {string} */
                      type: 'ipip' | 'gue' | 'gre';
                      /** @description UDP port of gue */
                      port?: number;
                      checksum?: boolean;
                      remoteChecksum?: boolean;
                    };
                    dscp?: number;
                  };
                  /** @description connections of a server that its checks took out */
                  onFailure?: {
                    /** @enum {string} */
                    do: 'remove' | 'keep' | 'cut' | 'drain';
                    /** @description with drain, and only with it */
                    seconds?: number;
                  };
                  /** @description connections of what is deleted */
                  onRemoval?: {
                    /** @enum {string} */
                    do: 'remove' | 'cut' | 'drain';
                    /** @description with drain, and only with it */
                    seconds?: number;
                  };
                  slowStart?: {
                    seconds: number;
                    fromPercent?: number;
                  };
                  guardPercent?: number;
                  destinations?: {
                    /** @description that of address and port */
                    id?: string;
                    address: string;
                    port: number;
                    /** @description absent: 1 */
                    weight?: number;
                    /** @enum {string} */
                    method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                    /** DeclaredTunnel */
                    tunnel?: {
                      /** @enum {string} */
                      type: 'ipip' | 'gue' | 'gre';
                      /** @description UDP port of gue */
                      port?: number;
                      checksum?: boolean;
                      remoteChecksum?: boolean;
                    };
                    dscp?: number;
                    upperThreshold?: number;
                    lowerThreshold?: number;
                    inhibitOnFailure?: boolean;
                    /** DeclaredDestinationCheck */
                    check?:
                      | {
                          /** @enum {string} */
                          type: 'tcp';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                        }
                      | {
                          /** @enum {string} */
                          type: 'http';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          virtualHost?: string;
                          /** @enum {string} */
                          protocol?: '1.0' | '1.0C' | '1.1' | '2';
                          fastRecovery?: boolean;
                          urls: {
                            path: string;
                            virtualHost?: string;
                            /** @description 200, 200-299; absent: 200-299 */
                            statusCodes?: string[];
                            /** @description MD5, 32 hexadecimal digits */
                            digest?: string;
                            regex?: string;
                            /** @description it must not be found */
                            regexAbsent?: boolean;
                          }[];
                        }
                      | {
                          /** @enum {string} */
                          type: 'https';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          virtualHost?: string;
                          /** @enum {string} */
                          protocol?: '1.0' | '1.0C' | '1.1' | '2';
                          fastRecovery?: boolean;
                          urls: {
                            path: string;
                            virtualHost?: string;
                            /** @description 200, 200-299; absent: 200-299 */
                            statusCodes?: string[];
                            /** @description MD5, 32 hexadecimal digits */
                            digest?: string;
                            regex?: string;
                            /** @description it must not be found */
                            regexAbsent?: boolean;
                          }[];
                          verify?: boolean;
                          /** @description path of a PEM file on the director */
                          authority?: string;
                          verifyName?: string;
                          certificateWarnDays?: number;
                          certificateFailDays?: number;
                          /** @description SNI */
                          serverName?: string;
                        }
                      | {
                          /** @enum {string} */
                          type: 'udp';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          /** @description hexadecimal digits */
                          payload?: string;
                          /** @description hexadecimal digits, x for any; absent: silence is success */
                          reply?: string;
                          minReplyLength?: number;
                          maxReplyLength?: number;
                        }
                      | {
                          /** @enum {string} */
                          type: 'ping';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                        }
                      | {
                          /** @enum {string} */
                          type: 'dns';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          recordType?: string;
                          name?: string;
                        }
                      | {
                          /** @enum {string} */
                          type: 'smtp';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          heloName?: string;
                        }
                      | {
                          /** @enum {string} */
                          type: 'grpc';
                          /** @description absent: the service's delayLoopSeconds */
                          intervalSeconds?: number;
                          retries?: number;
                          delayBeforeRetrySeconds?: number;
                          rise?: number;
                          warmupSeconds?: number;
                          connectTimeoutSeconds?: number;
                          connectAddress?: string;
                          connectPort?: number;
                          bindAddress?: string;
                          /** @description SO_MARK of the probe's packets */
                          mark?: number;
                          viaForwarding?: boolean;
                          verify?: boolean;
                          /** @description path of a PEM file on the director */
                          authority?: string;
                          verifyName?: string;
                          certificateWarnDays?: number;
                          certificateFailDays?: number;
                          service?: string;
                          host?: string;
                          tls?: boolean;
                        }
                      | {
                          /** @enum {string} */
                          type: 'none';
                        };
                  }[];
                };
              }
            | {
                /** @enum {string} */
                do: 'patch-service';
                /** @description id */
                id: string;
                /** ServicePatch */
                patch: {
                  /** @description that of its key */
                  id?: string | null;
                  /** @enum {string|null} */
                  by?: 'address' | 'fwmark' | null;
                  /** @enum {string|null} */
                  protocol?: 'tcp' | 'udp' | 'sctp' | 'any' | null;
                  address?: string | null;
                  /** @description of a service that is a whole prefix */
                  prefixLength?: number | null;
                  /** @description 0 or absent: all ports */
                  port?: number | null;
                  /**
                   * @description of a mark; absent: that of its servers
                   * @enum {string|null}
                   */
                  family?: 'ip4' | 'ip6' | null;
                  mark?: number | null;
                  /** @description what people call it */
                  name?: string | null;
                  /**
                   * @description absent: kernel
                   * @enum {string|null}
                   */
                  engine?: 'kernel' | 'userspace' | null;
                  /** @description absent: wlc, or maglev of the userspace engine */
                  scheduler?: string | null;
                  /** @description sh and mh read fallback and port */
                  schedulerFlags?: ('fallback' | 'port' | 'third')[] | null;
                  /** @description absent: none */
                  persistenceSeconds?: number | null;
                  /** @description netmask (IPv4) or prefix length (IPv6) */
                  persistenceNetmask?: string | null;
                  persistenceEngine?: string | null;
                  onePacket?: boolean | null;
                  /**
                   * @description of servers that say nothing themselves; absent: masquerade
                   * @enum {string|null}
                   */
                  method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
                  tunnel?: {
                    /** @enum {string|null} */
                    type?: 'ipip' | 'gue' | 'gre' | null;
                    /** @description UDP port of gue */
                    port?: number | null;
                    checksum?: boolean | null;
                    remoteChecksum?: boolean | null;
                  } | null;
                  dscp?: number | null;
                  userspace?: {
                    maglevSize?: number | null;
                    hashFields?: ('eth_src' | 'eth_dst' | 'ip_src' | 'ip_dst' | 'tp_src' | 'tp_dst')[] | null;
                    stateless?: boolean | null;
                    nodePort?: number | null;
                    answerArp?: boolean | null;
                    /** @enum {string|null} */
                    icmpEcho?: 'answer' | 'kernel' | null;
                    interfaces?: string[] | null;
                    tunnelSource?: string | null;
                    snatPool?:
                      | {
                          first: string;
                          last?: string;
                          lowestPort?: number;
                          highestPort?: number;
                        }[]
                      | null;
                    tcpTimeoutSeconds?: number | null;
                    udpTimeoutSeconds?: number | null;
                  } | null;
                  delayLoopSeconds?: number | null;
                  quorum?: number | null;
                  hysteresis?: number | null;
                  /** @description servers count as down until their checks have said otherwise */
                  alpha?: boolean | null;
                  haSuspend?: boolean | null;
                  inhibitOnFailure?: boolean | null;
                  check?: Record<string, never> | null;
                  sorryServer?: {
                    address?: string | null;
                    port?: number | null;
                    /** @enum {string|null} */
                    method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
                    tunnel?: {
                      /** @enum {string|null} */
                      type?: 'ipip' | 'gue' | 'gre' | null;
                      /** @description UDP port of gue */
                      port?: number | null;
                      checksum?: boolean | null;
                      remoteChecksum?: boolean | null;
                    } | null;
                    dscp?: number | null;
                  } | null;
                  onFailure?: {
                    /** @enum {string|null} */
                    do?: 'remove' | 'keep' | 'cut' | 'drain' | null;
                    /** @description with drain, and only with it */
                    seconds?: number | null;
                  } | null;
                  onRemoval?: {
                    /** @enum {string|null} */
                    do?: 'remove' | 'cut' | 'drain' | null;
                    /** @description with drain, and only with it */
                    seconds?: number | null;
                  } | null;
                  slowStart?: {
                    seconds?: number | null;
                    fromPercent?: number | null;
                  } | null;
                  guardPercent?: number | null;
                  destinations?:
                    | {
                        /** @description that of address and port */
                        id: string;
                        address: string;
                        port: number;
                        /** @description absent: 1 */
                        weight?: number;
                        /** @enum {string} */
                        method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                        /** DeclaredTunnel */
                        tunnel?: {
                          /** @enum {string} */
                          type: 'ipip' | 'gue' | 'gre';
                          /** @description UDP port of gue */
                          port?: number;
                          checksum?: boolean;
                          remoteChecksum?: boolean;
                        };
                        dscp?: number;
                        upperThreshold?: number;
                        lowerThreshold?: number;
                        inhibitOnFailure?: boolean;
                        /** DeclaredDestinationCheck */
                        check?:
                          | {
                              /** @enum {string} */
                              type: 'tcp';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                            }
                          | {
                              /** @enum {string} */
                              type: 'http';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              virtualHost?: string;
                              /** @enum {string} */
                              protocol?: '1.0' | '1.0C' | '1.1' | '2';
                              fastRecovery?: boolean;
                              urls: {
                                path: string;
                                virtualHost?: string;
                                /** @description 200, 200-299; absent: 200-299 */
                                statusCodes?: string[];
                                /** @description MD5, 32 hexadecimal digits */
                                digest?: string;
                                regex?: string;
                                /** @description it must not be found */
                                regexAbsent?: boolean;
                              }[];
                            }
                          | {
                              /** @enum {string} */
                              type: 'https';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              virtualHost?: string;
                              /** @enum {string} */
                              protocol?: '1.0' | '1.0C' | '1.1' | '2';
                              fastRecovery?: boolean;
                              urls: {
                                path: string;
                                virtualHost?: string;
                                /** @description 200, 200-299; absent: 200-299 */
                                statusCodes?: string[];
                                /** @description MD5, 32 hexadecimal digits */
                                digest?: string;
                                regex?: string;
                                /** @description it must not be found */
                                regexAbsent?: boolean;
                              }[];
                              verify?: boolean;
                              /** @description path of a PEM file on the director */
                              authority?: string;
                              verifyName?: string;
                              certificateWarnDays?: number;
                              certificateFailDays?: number;
                              /** @description SNI */
                              serverName?: string;
                            }
                          | {
                              /** @enum {string} */
                              type: 'udp';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              /** @description hexadecimal digits */
                              payload?: string;
                              /** @description hexadecimal digits, x for any; absent: silence is success */
                              reply?: string;
                              minReplyLength?: number;
                              maxReplyLength?: number;
                            }
                          | {
                              /** @enum {string} */
                              type: 'ping';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                            }
                          | {
                              /** @enum {string} */
                              type: 'dns';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              recordType?: string;
                              name?: string;
                            }
                          | {
                              /** @enum {string} */
                              type: 'smtp';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              heloName?: string;
                            }
                          | {
                              /** @enum {string} */
                              type: 'grpc';
                              /** @description absent: the service's delayLoopSeconds */
                              intervalSeconds?: number;
                              retries?: number;
                              delayBeforeRetrySeconds?: number;
                              rise?: number;
                              warmupSeconds?: number;
                              connectTimeoutSeconds?: number;
                              connectAddress?: string;
                              connectPort?: number;
                              bindAddress?: string;
                              /** @description SO_MARK of the probe's packets */
                              mark?: number;
                              viaForwarding?: boolean;
                              verify?: boolean;
                              /** @description path of a PEM file on the director */
                              authority?: string;
                              verifyName?: string;
                              certificateWarnDays?: number;
                              certificateFailDays?: number;
                              service?: string;
                              host?: string;
                              tls?: boolean;
                            }
                          | {
                              /** @enum {string} */
                              type: 'none';
                            };
                      }[]
                    | null;
                };
              }
            | {
                /** @enum {string} */
                do: 'delete-service';
                /** @description id */
                id: string;
              }
            | {
                /** @enum {string} */
                do: 'put-destination';
                /** @description id */
                service: string;
                /** WantedDestination */
                destination: {
                  /** @description that of address and port */
                  id?: string;
                  address: string;
                  port: number;
                  /** @description absent: 1 */
                  weight?: number;
                  /** @enum {string} */
                  method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat';
                  /** DeclaredTunnel */
                  tunnel?: {
                    /** @enum {string} */
                    type: 'ipip' | 'gue' | 'gre';
                    /** @description UDP port of gue */
                    port?: number;
                    checksum?: boolean;
                    remoteChecksum?: boolean;
                  };
                  dscp?: number;
                  upperThreshold?: number;
                  lowerThreshold?: number;
                  inhibitOnFailure?: boolean;
                  /** DeclaredDestinationCheck */
                  check?:
                    | {
                        /** @enum {string} */
                        type: 'tcp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                      }
                    | {
                        /** @enum {string} */
                        type: 'http';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        virtualHost?: string;
                        /** @enum {string} */
                        protocol?: '1.0' | '1.0C' | '1.1' | '2';
                        fastRecovery?: boolean;
                        urls: {
                          path: string;
                          virtualHost?: string;
                          /** @description 200, 200-299; absent: 200-299 */
                          statusCodes?: string[];
                          /** @description MD5, 32 hexadecimal digits */
                          digest?: string;
                          regex?: string;
                          /** @description it must not be found */
                          regexAbsent?: boolean;
                        }[];
                      }
                    | {
                        /** @enum {string} */
                        type: 'https';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        virtualHost?: string;
                        /** @enum {string} */
                        protocol?: '1.0' | '1.0C' | '1.1' | '2';
                        fastRecovery?: boolean;
                        urls: {
                          path: string;
                          virtualHost?: string;
                          /** @description 200, 200-299; absent: 200-299 */
                          statusCodes?: string[];
                          /** @description MD5, 32 hexadecimal digits */
                          digest?: string;
                          regex?: string;
                          /** @description it must not be found */
                          regexAbsent?: boolean;
                        }[];
                        verify?: boolean;
                        /** @description path of a PEM file on the director */
                        authority?: string;
                        verifyName?: string;
                        certificateWarnDays?: number;
                        certificateFailDays?: number;
                        /** @description SNI */
                        serverName?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'udp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        /** @description hexadecimal digits */
                        payload?: string;
                        /** @description hexadecimal digits, x for any; absent: silence is success */
                        reply?: string;
                        minReplyLength?: number;
                        maxReplyLength?: number;
                      }
                    | {
                        /** @enum {string} */
                        type: 'ping';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                      }
                    | {
                        /** @enum {string} */
                        type: 'dns';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        recordType?: string;
                        name?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'smtp';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        heloName?: string;
                      }
                    | {
                        /** @enum {string} */
                        type: 'grpc';
                        /** @description absent: the service's delayLoopSeconds */
                        intervalSeconds?: number;
                        retries?: number;
                        delayBeforeRetrySeconds?: number;
                        rise?: number;
                        warmupSeconds?: number;
                        connectTimeoutSeconds?: number;
                        connectAddress?: string;
                        connectPort?: number;
                        bindAddress?: string;
                        /** @description SO_MARK of the probe's packets */
                        mark?: number;
                        viaForwarding?: boolean;
                        verify?: boolean;
                        /** @description path of a PEM file on the director */
                        authority?: string;
                        verifyName?: string;
                        certificateWarnDays?: number;
                        certificateFailDays?: number;
                        service?: string;
                        host?: string;
                        tls?: boolean;
                      }
                    | {
                        /** @enum {string} */
                        type: 'none';
                      };
                };
              }
            | {
                /** @enum {string} */
                do: 'patch-destination';
                /** @description id */
                service: string;
                /** @description id */
                id: string;
                /** DestinationPatch */
                patch: {
                  /** @description that of address and port */
                  id?: string | null;
                  address?: string | null;
                  port?: number | null;
                  /** @description absent: 1 */
                  weight?: number | null;
                  /** @enum {string|null} */
                  method?: 'masquerade' | 'direct-route' | 'tunnel' | 'l3dsr' | 'full-nat' | null;
                  tunnel?: {
                    /** @enum {string|null} */
                    type?: 'ipip' | 'gue' | 'gre' | null;
                    /** @description UDP port of gue */
                    port?: number | null;
                    checksum?: boolean | null;
                    remoteChecksum?: boolean | null;
                  } | null;
                  dscp?: number | null;
                  upperThreshold?: number | null;
                  lowerThreshold?: number | null;
                  inhibitOnFailure?: boolean | null;
                  check?: Record<string, never> | null;
                };
              }
            | {
                /** @enum {string} */
                do: 'delete-destination';
                /** @description id */
                service: string;
                /** @description id */
                id: string;
              }
            | {
                /** @enum {string} */
                do: 'override';
                /** @description id */
                service: string;
                /** @description id */
                destination: string;
                weight?: number | null;
                maintenance?: boolean;
              }
          )[];
          /** @description all of it is taken back by itself unless somebody confirms it in this time, also over a restart */
          confirmWithinSeconds?: number;
          comment?: string;
          /** @description refused unless it is this revision that is changed */
          expectRevision?: number;
        };
      };
    };
    responses: {
      /** @description Changes that are carried out in their order, whole or not at all */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  confirmTransaction: {
    parameters: {
      query?: never;
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description The change that waits to be confirmed stays */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Pending'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  rollBackLast: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Takes back the change that waits to be confirmed, or the last one */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readHistory: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What was changed through the API, the newest first */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description now */
            revision: number;
            pending: components['schemas']['Pending'] | null;
            items: components['schemas']['HistoryEntry'][];
            next: string | null;
            total: number;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  rollBackTo: {
    parameters: {
      query?: {
        /** @description true: what it would do, and nothing is done */
        dryRun?: boolean;
      };
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path: {
        revision: string;
      };
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description What the API declares becomes what it was at a revision */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Changed'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listChecks: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        verdict?: 'up' | 'down';
        /** @description a part of the server's name */
        server?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What the checks say of the real servers */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Check'][];
            next: string | null;
            total: number;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readVrrp: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The virtual routers of this director */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Vrrp'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  failover: {
    parameters: {
      query?: never;
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @description here, peer, or name or address of one; absent: away from the master */
          to?: string;
          /** @description names of instances; absent: all that are master on one side */
          routers?: string[];
        };
      };
    };
    responses: {
      /** @description Hands virtual routers over to the other director, or takes them; of a sync group all or none */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Failover'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readPair: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Both directors of the pair beside each other, and what differs */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Pair'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readEngine: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The userspace engine: ports, sessions, drops */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Engine'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readStatus: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What is served and what is wrong, at a glance */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Status'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listStatistics: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        /** @description id: of this one alone */
        service?: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What services and their destinations have counted, those of both engines read at once */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Statistics'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listConnections: {
    parameters: {
      query?: {
        /** @description `next` of the page before */
        cursor?: string;
        /** @description rows of a page, 100 where it is not said */
        limit?: number;
        engine?: 'kernel' | 'userspace';
        /** @description id */
        service?: string;
        /** @description id */
        destination?: string;
        /** @description address */
        client?: string;
        protocol?: string;
        state?: string;
        /** @description false: without templates; true: nothing else */
        template?: boolean;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Connections that live now: the kernel's, then the engine's sessions */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Connection'][];
            next: string | null;
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listSchedulers: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Scheduling algorithms, and which engine has them */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            items: components['schemas']['Scheduler'][];
          };
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readConfiguration: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The configuration in force */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Configuration'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  planReload: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What a reload of the file would change now */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Plan'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  reload: {
    parameters: {
      query?: never;
      header?: {
        /** @description the same request with the same key is carried out once, and answered the same again for a day */
        'idempotency-key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': Record<string, never>;
      };
    };
    responses: {
      /** @description Reads the file again, as SIGHUP does; a broken one changes nothing */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Configuration'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  examineDirector: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What of this machine's settings contradicts the configuration, why it matters, and what mends it */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Doctor'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  listEvents: {
    parameters: {
      query?: {
        /** @description id of the last event that is known; 0: all that are kept; absent: none that were */
        after?: number;
        /** @description only those whose name begins with one of these words, with commas between: health.,vrrp.role */
        event?: string;
        /** @description this level and those above */
        level?: 'info' | 'warn' | 'error';
        /** @description of a page, 100 where it is not said */
        limit?: number;
      };
      header?: {
        /** @description as `after`, and goes before it: what a browser sends that connects again */
        'last-event-id'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description What happened, in order; with 'accept: text/event-stream' followed by what happens, as server-sent events */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Events'];
          'text/event-stream': string;
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readIdentity: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Who asks, and what he may */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': components['schemas']['Identity'];
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
  readOpenapi: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description This document */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': Record<string, never>;
        };
      };
      /** @description why not */
      default: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/problem+json': components['schemas']['Problem'];
        };
      };
    };
  };
}
