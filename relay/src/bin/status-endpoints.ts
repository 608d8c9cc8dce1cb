import type { IncomingMessage, ServerResponse } from "node:http";

export type StatusParts = {
  /** Why the process takes no plays now; `undefined` if it does. */
  readonly unready: () => string | undefined;
  readonly metrics: { readonly contentType: string; read(): Promise<string> };
  /** Metrics tell strangers how busy a relay is, so not everybody reads them. */
  readonly mayReadMetrics: (request: IncomingMessage) => boolean;
};

type Answer = {
  readonly status: number;
  readonly text: string;
  readonly headers?: { readonly [name: string]: string };
};

const PATHS: readonly string[] = ["/healthz", "/readyz", "/metrics"];

/**
 * Answers plain HTTP beside the WebSockets: `/healthz` while the process lives, `/readyz` while it takes plays (503 with the
 * reason otherwise), `/metrics` to those who may read them, and a word to whoever came with a browser.
 */
export function serveStatus(parts: StatusParts): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void answerTo(request, parts)
      .catch(() => ({ status: 500, text: "Could not be told." }))
      .then(({ status, text, headers = {} }: Answer) => {
        const plain = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
        response.writeHead(status, { ...plain, ...headers });
        response.end(`${text.trimEnd()}\n`);
      });
  };
}

async function answerTo(request: IncomingMessage, { unready, metrics, mayReadMetrics }: StatusParts): Promise<Answer> {
  const { method, url = "" } = request;
  const [path = ""] = url.split("?");
  if (!PATHS.includes(path)) {
    const text = "This is a Circles relay: dial it with a WebSocket at /{circle public key}.";
    return { status: 426, text, headers: { upgrade: "websocket" } };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, text: "Expected GET.", headers: { allow: "GET, HEAD" } };
  }
  if (path === "/healthz") return { status: 200, text: "alive" };
  if (path === "/readyz") {
    const why = unready();
    return why === undefined ? { status: 200, text: "ready" } : { status: 503, text: `not ready: ${why}` };
  }
  if (!mayReadMetrics(request)) {
    const text = "Metrics: not for this address; the relay's operator can allow it with --allow-metrics.";
    return { status: 403, text };
  }
  return { status: 200, text: await metrics.read(), headers: { "content-type": metrics.contentType } };
}
