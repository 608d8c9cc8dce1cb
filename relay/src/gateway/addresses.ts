import type { IncomingMessage } from "node:http";

export type AddressOptions = {
  /** The port that is listened on. */
  readonly port: number;
  /** The loopback address that is listened on, if it is an unusual one. */
  readonly host?: string;
  /** It is listened with TLS. */
  readonly isSecure?: boolean;
  /** Where peers reach this relay, if not at a loopback name: `wss://relay.example`. */
  readonly publicUrl?: URL;
  /** Origins of pages, beside the relay's own, that may connect. */
  readonly allowedOrigins?: readonly string[];
};

const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** Why a request is turned away before it becomes a connection. */
export type Refusal = {
  readonly status: 400 | 403 | 404 | 421 | 429 | 503;
  readonly message: string;
  readonly because: RefusedBecause;
};

/** The same in one word, of which there are few. */
export type RefusedBecause = "path" | "circle" | "host" | "origin" | "address_limit" | "closing";

/**
 * The names under which this relay is reached. They come from its own configuration, never from a request: a request
 * only picks one of them. So a page cannot reach a relay by a name that its author points at it (DNS rebinding), and a
 * nonce names nothing that its reader could have chosen.
 */
export class Addresses {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor({ port, host, isSecure = false, publicUrl, allowedOrigins = [] }: AddressOptions) {
    const names = host === undefined ? LOOPBACK_NAMES : [...LOOPBACK_NAMES, host];
    // URL leaves out a scheme's default port, as browsers do in Host and Origin.
    const scheme = isSecure ? "https" : "http";
    const urls = publicUrl ? [httpUrl(publicUrl)] : names.map((name) => new URL(`${scheme}://${name}:${port}`));
    this.#hosts = new Set(urls.map(({ host }) => host));
    this.#origins = new Set([...urls.map(({ origin }) => origin), ...allowedOrigins]);
  }

  /** The host that the caller dialled, one of this relay's own; or why not. */
  host({ headers }: IncomingMessage): string | Refusal {
    const host = (headers.host ?? "").toLowerCase();
    if (this.#hosts.has(host)) return host;
    return { status: 421, because: "host", message: `Host: expected one of ${[...this.#hosts].join(", ")}` };
  }

  /** A page of another origin is refused; programs send no Origin. */
  checkOrigin({ headers }: IncomingMessage): Refusal | undefined {
    const { origin } = headers;
    if (origin === undefined || this.#origins.has(origin)) return undefined;
    const message = "Origin: not allowed here; the relay's operator can allow it with --allow-origin";
    return { status: 403, because: "origin", message };
  }
}

function httpUrl(url: URL): URL {
  return new URL(url.href.replace(/^ws/, "http"));
}
