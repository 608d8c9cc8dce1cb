import type { IncomingMessage, ServerResponse } from "node:http";

/** Whether the process takes plays now; `undefined` if it does, else why not. */
export type Unready = () => string | undefined;

/**
 * Answers plain HTTP beside the WebSockets: `/healthz` while the process lives, `/readyz` while it takes plays (503 with the
 * reason otherwise), and a word to whoever came with a browser.
 */
export function serveStatus(unready: Unready): (request: IncomingMessage, response: ServerResponse) => void {
  return ({ method, url }, response) => {
    const [path] = (url ?? "").split("?");
    if (path !== "/healthz" && path !== "/readyz") {
      answer(response, 426, "This is a Circles relay: dial it with a WebSocket at /{circle public key}.", {
        upgrade: "websocket",
      });
    } else if (method !== "GET" && method !== "HEAD") {
      answer(response, 405, "Expected GET.", { allow: "GET, HEAD" });
    } else {
      const why = path === "/readyz" ? unready() : undefined;
      if (why === undefined) answer(response, 200, path === "/readyz" ? "ready" : "alive");
      else answer(response, 503, `not ready: ${why}`);
    }
  };
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  headers: { [name: string]: string } = {},
): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", ...headers });
  response.end(`${text}\n`);
}
