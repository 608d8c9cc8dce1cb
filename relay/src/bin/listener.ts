import { readFile } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createSecureContext } from "node:tls";
import type { TlsFiles } from "./network-options.ts";

export type ListenerOptions = {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles | undefined;
};

/** Who connects and asks nothing for so long is cut off. */
const IDLE_MS = 10_000;

/** A server that listens, with TLS or without. */
export class Listener {
  readonly server: Server;
  readonly port: number;
  readonly #reload: () => Promise<void>;

  private constructor(server: Server, reload: () => Promise<void>) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    this.#reload = reload;
  }

  /** @throws if it cannot listen, or the files are no certificate and its key. */
  static async start({ host, port, tls }: ListenerOptions, onRequest: RequestListener): Promise<Listener> {
    const { server, reload } = tls ? await makeTlsServer(tls, onRequest) : makePlainServer(onRequest);
    server.setTimeout(IDLE_MS); // WebSockets have their own signs of life
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: host.replace(/^\[|\]$/g, ""), port }, () => {
        server.off("error", reject);
        resolve();
      });
    });
    return new Listener(server, reload);
  }

  /** Reads certificate and key again, for connections that come from then on. @throws if they are none; the old ones stay. */
  reloadCertificate(): Promise<void> {
    return this.#reload();
  }
}

function makePlainServer(onRequest: RequestListener) {
  return { server: createServer(onRequest), reload: async () => {} };
}

async function makeTlsServer(files: TlsFiles, onRequest: RequestListener) {
  const server: TlsServer = createTlsServer(await readPair(files), onRequest);
  const reload = async () => server.setSecureContext(await readPair(files));
  return { server, reload };
}

async function readPair({ certFile, keyFile }: TlsFiles): Promise<{ cert: Buffer; key: Buffer }> {
  const [cert, key] = await Promise.all([readPem("--tls-cert", certFile), readPem("--tls-key", keyFile)]);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`--tls-cert, --tls-key: expected a certificate and its key in ${certFile} and ${keyFile}: ${why}`, {
      cause: error,
    });
  }
  return { cert, key };
}

async function readPem(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`${option}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
