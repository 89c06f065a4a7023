/** The proxies that lines are known for. */
export const proxyNames = ["nginx", "haproxy", "caddy", "traefik", "envoy"] as const;

type ProxyName = (typeof proxyNames)[number];

/** What configuration can mend. */
export type Trouble = "buffering" | "compression" | "silence" | "age" | "route" | "http";

/** How one proxy is set right. */
export interface Remedy {
  readonly proxy: ProxyName;
  /** Where in its configuration the lines belong. */
  readonly where: string;
  /** In place of what is set there by the same names; none where nothing of that proxy does such a thing. */
  readonly lines: readonly string[];
}

type Place = readonly [where: string, ...lines: readonly string[]];

const location = "in location = /api/realtime";
const route = "in the route of /api/realtime";

// The words are those of each proxy's manual; docs/balancers has them in whole configurations.
const remedies: Readonly<Record<Trouble, Readonly<Record<ProxyName, Place>>>> = {
  buffering: {
    // nginx: ngx_http_proxy_module, proxy_buffering; needed where X-Accel-Buffering is ignored
    nginx: [location, "proxy_buffering off;"],
    // HAProxy 2.4: http-response wait-for-body; nothing else of it waits for a body
    haproxy: [
      "instead of http-response wait-for-body",
      "http-response wait-for-body time 1s unless { res.hdr(content-type) -m beg text/event-stream }",
    ],
    // Caddy: reverse_proxy, Streaming
    caddy: ["in reverse_proxy, and no response_buffers or buffer_responses", "flush_interval -1"],
    // Traefik: HTTP middlewares, Buffering
    traefik: ["in the router, without its middleware of the kind buffering", "middlewares: [try-next]"],
    // Envoy: File System Buffer, FileSystemBufferFilterConfig
    envoy: [
      route,
      "typed_per_filter_config:",
      "  envoy.filters.http.file_system_buffer:",
      '    "@type": type.googleapis.com/envoy.extensions.filters.http.file_system_buffer.v3.FileSystemBufferFilterConfig',
      "    response: { behavior: { bypass: {} } }",
    ],
  },
  compression: {
    // nginx: ngx_http_gzip_module
    nginx: [location, "gzip off;"],
    // HAProxy: compression happens only where the request's Accept-Encoding asks for it
    haproxy: [
      "in the backend of the nodes",
      "http-request del-header Accept-Encoding if { path /api/realtime }",
    ],
    // Caddy: directive order has request_header before encode
    caddy: ["in the site", "request_header /api/realtime -Accept-Encoding"],
    // Traefik: HTTP middlewares, Compress
    traefik: ["in the middleware's compress", "excludedContentTypes: [text/event-stream]"],
    // Envoy: Compressor, CompressorPerRoute
    envoy: [
      route,
      "typed_per_filter_config:",
      "  envoy.filters.http.compressor:",
      '    "@type": type.googleapis.com/envoy.extensions.filters.http.compressor.v3.CompressorPerRoute',
      "    disabled: true",
    ],
  },
  silence: {
    // nginx: proxy_read_timeout, between two reads, 60s by default
    nginx: [location, "proxy_read_timeout 60s;"],
    // HAProxy: both sides are silent on a quiet stream
    haproxy: ["in defaults, and wherever else they are set", "timeout client 60s", "timeout server 60s"],
    // Caddy: reverse_proxy, the http transport; no limit by default
    caddy: ["in reverse_proxy", "transport http {", "  read_timeout 60s", "}"],
    traefik: ["nothing of Traefik ends a stream for its silence"],
    // Envoy: RouteAction.idle_timeout, which goes before the listener's stream_idle_timeout (5 minutes)
    envoy: [`${route}, under route`, "idle_timeout: 60s"],
  },
  age: {
    nginx: ["nothing of nginx ends a stream for its age"],
    haproxy: ["nothing of HAProxy ends a stream for its age"],
    // Caddy: global options, servers, timeouts
    caddy: ["in the global options, under servers", "timeouts {", "  write 0", "}"],
    // Traefik: EntryPoints, respondingTimeouts; readTimeout is 60s since 2.11.2
    traefik: [
      "in the entry point, under transport.respondingTimeouts",
      "readTimeout: 0s",
      "writeTimeout: 0s",
    ],
    // Envoy: RouteAction.timeout, 15s by default
    envoy: [`${route}, under route`, "timeout: 0s"],
  },
  route: {
    nginx: ["in the server", "location = /api/realtime { proxy_pass http://sluice; }"],
    haproxy: ["in the frontend", "use_backend nodes if { path /api/realtime }"],
    caddy: ["in the site", "reverse_proxy /api/realtime node1:8080 node2:8080 node3:8080"],
    traefik: ["in the router of the service with all nodes", "rule: Path(`/api/realtime`)"],
    envoy: [
      "in routes, before all others",
      "- match: { path: /api/realtime }",
      "  route: { cluster: sluice }",
    ],
  },
  http: {
    // nginx: ngx_http_v2_module; before 1.25.1 `listen 443 ssl http2;`
    nginx: ["in the server that listens on 443 ssl (before 1.25.1: listen 443 ssl http2;)", "http2 on;"],
    // HAProxy: bind, alpn
    haproxy: ["in the frontend", "bind :443 ssl crt /etc/haproxy/site.pem alpn h2,http/1.1"],
    // Caddy: global options, servers, protocols; h1 h2 h3 by default, wherever there is TLS
    caddy: ["in the global options, under servers", "protocols h1 h2 h3"],
    // Traefik: HTTP/2 is there by default, wherever there is TLS
    traefik: ["in the tls options", "alpnProtocols: [h2, http/1.1]"],
    // Envoy: CommonTlsContext
    envoy: ["in the listener's common_tls_context", "alpn_protocols: [h2, http/1.1]"],
  },
};

/**
 * The lines that mend a trouble, of each proxy.
 * @param silenceSeconds how long a stream may have to be silent
 */
export function remediesOf(trouble: Trouble, silenceSeconds = 60): readonly Remedy[] {
  return proxyNames.map((proxy) => {
    const [where, ...lines] = remedies[trouble][proxy];
    return { proxy, where, lines: lines.map((line) => line.replace(/\b60s/, `${silenceSeconds}s`)) };
  });
}
