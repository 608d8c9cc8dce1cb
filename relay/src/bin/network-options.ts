import { DEFAULT_PEER_LIMITS, type PeerLimits } from "../gateway/address-limits.ts";
import { type AddressRange, parseAddressRange } from "../gateway/address-ranges.ts";
import { parseWhole, UsageError } from "./option-values.ts";

/** How a relay faces its network. */
export type NetworkSettings = {
  /** `undefined` for plain WebSockets. */
  readonly tls: TlsFiles | undefined;
  readonly trustedProxies: readonly AddressRange[];
  /** Who may read metrics, beside this machine. */
  readonly metricsReaders: readonly AddressRange[];
  readonly peerLimits: PeerLimits;
};

/** Paths of PEM files. */
export type TlsFiles = { readonly certFile: string; readonly keyFile: string };

export const NETWORK_HELP = `  --tls-cert FILE      PEM file of a certificate and its chain: serve wss:// and https://
  --tls-key FILE       PEM file of its key; SIGHUP reads both again
  --trust-proxy ADDRESS
                       address or range (10.0.0.0/8) of a proxy that passes peers on: the
                       peer is then the last of X-Forwarded-For; repeatable
  --connections-per-address N
                       connections that one address may have      (512)
  --logins-per-address N
                       logins that one address may try in a minute (600)
  --logins-per-key N   logins of one key in a minute              (3000)
                       Of IPv6, /64 are one address. This machine has no limit by address
  --allow-metrics ADDRESS
                       address or range that may read /metrics, beside this machine;
                       repeatable
`;

export const NETWORK_FLAGS = {
  "tls-cert": { type: "string" },
  "tls-key": { type: "string" },
  "trust-proxy": { type: "string", multiple: true },
  "connections-per-address": { type: "string" },
  "logins-per-address": { type: "string" },
  "logins-per-key": { type: "string" },
  "allow-metrics": { type: "string", multiple: true },
} as const;

type Several = "trust-proxy" | "allow-metrics";

/** The values of an option, from the command line or its variable. */
export type NetworkValues = {
  one(name: Exclude<keyof typeof NETWORK_FLAGS, Several>): string | undefined;
  several(name: Several): readonly string[];
};

const MOST = 1_000_000;

/** @throws {UsageError} */
export function parseNetworkSettings({ one, several }: NetworkValues, publicUrl: URL | undefined): NetworkSettings {
  const { connectionsPerAddress, loginsPerMinutePerAddress, loginsPerMinutePerKey } = DEFAULT_PEER_LIMITS;
  const limit = (name: Parameters<typeof one>[0], least: number) =>
    parseWhole(`--${name}`, one(name) ?? String(least), 1, MOST);
  return {
    tls: parseTls(one, publicUrl),
    trustedProxies: several("trust-proxy").map((text) => parseRange("trust-proxy", text)),
    metricsReaders: several("allow-metrics").map((text) => parseRange("allow-metrics", text)),
    peerLimits: {
      connectionsPerAddress: limit("connections-per-address", connectionsPerAddress),
      loginsPerMinutePerAddress: limit("logins-per-address", loginsPerMinutePerAddress),
      loginsPerMinutePerKey: limit("logins-per-key", loginsPerMinutePerKey),
    },
  };
}

function parseTls(one: NetworkValues["one"], publicUrl: URL | undefined): TlsFiles | undefined {
  const [certFile, keyFile] = [one("tls-cert"), one("tls-key")];
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined) throw new UsageError("--tls-key: expected --tls-cert with it");
  if (keyFile === undefined) throw new UsageError("--tls-cert: expected --tls-key with it");
  if (publicUrl && !["wss:", "https:"].includes(publicUrl.protocol)) {
    throw new UsageError(`--public-url: expected wss:// with --tls-cert, got ${JSON.stringify(publicUrl.href)}`);
  }
  return { certFile, keyFile };
}

/** @throws {UsageError} */
export function parseRange(name: Several, text: string): AddressRange {
  try {
    return parseAddressRange(text);
  } catch (error) {
    throw new UsageError(`--${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
