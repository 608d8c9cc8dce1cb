import type { IncomingMessage, ServerResponse } from "node:http";
import { type AddressRange, AddressRanges, LOOPBACK } from "../gateway/address-ranges.ts";
import { ClientAddresses } from "../gateway/client-address.ts";

export type StatusParts = {
  /** Why the process takes no plays now; `undefined` if it does. */
  readonly unready: () => string | undefined;
  readonly metrics: { readonly contentType: string; read(): Promise<string> };
  /** For whoever asks for anything else. */
  readonly elsewhere: (request: IncomingMessage) => Answer;
  /** Metrics tell strangers how busy a relay is, so not everybody reads them. */
  readonly mayReadMetrics: (request: IncomingMessage) => boolean;
};

export type Answer = {
  readonly status: number;
  /** A text is ended with a line feed; bytes are sent as they are. */
  readonly body: string | Buffer;
  readonly headers?: { readonly [name: string]: string };
};

/** To whoever came to a relay with a browser. */
export const DIAL_HERE: Answer = {
  status: 426,
  body: "This is a Circles relay: dial it with a WebSocket at /{circle public key}.",
  headers: { upgrade: "websocket" },
};

export const NOTHING_ELSE: Answer = { status: 404, body: `Expected /healthz, /readyz or /metrics.` };

const PATHS: readonly string[] = ["/healthz", "/readyz", "/metrics"];

/** Metrics are for this machine and `readers`; nothing tells who asks where somebody passed it on who is not trusted. */
export function metricsFor(
  readers: readonly AddressRange[],
  clients = new ClientAddresses(),
): StatusParts["mayReadMetrics"] {
  const ranges = new AddressRanges([...LOOPBACK, ...readers]);
  return (request) => {
    const { address, isVeiled } = clients.of(request);
    // A page that a browser on this machine shows is not its operator.
    return !isVeiled && request.headers.origin === undefined && ranges.includes(address);
  };
}

/**
 * Answers plain HTTP, at a relay beside the WebSockets: `/healthz` while the process lives, `/readyz` while it takes plays (503 with the
 * reason otherwise), `/metrics` to those who may read them.
 */
export function serveStatus(parts: StatusParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answerTo(request, parts)
      .catch(() => ({ status: 500, body: "Could not be told." }))
      .then(({ status, body, headers = {} }: Answer) => {
        const plain = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
        response.writeHead(status, { ...plain, ...headers });
        response.end(typeof body === "string" ? `${body.trimEnd()}\n` : body);
      });
  };
}

async function answerTo(request: IncomingMessage, parts: StatusParts): Promise<Answer> {
  const { unready, metrics, elsewhere, mayReadMetrics } = parts;
  const { method, url = "" } = request;
  const [path = ""] = url.split("?");
  if (!PATHS.includes(path)) return elsewhere(request);
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, body: "Expected GET.", headers: { allow: "GET, HEAD" } };
  }
  if (path === "/healthz") return { status: 200, body: "alive" };
  if (path === "/readyz") {
    const why = unready();
    return why === undefined ? { status: 200, body: "ready" } : { status: 503, body: `not ready: ${why}` };
  }
  if (!mayReadMetrics(request)) {
    const body = "Metrics: not for this address; the relay's operator can allow it with --allow-metrics.";
    return { status: 403, body };
  }
  return { status: 200, body: await metrics.read(), headers: { "content-type": metrics.contentType } };
}
