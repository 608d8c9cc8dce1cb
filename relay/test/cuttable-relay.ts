import type { Place } from "../../sdk/test/behaviour-contract-subject.ts";
import { TcpProxy } from "./chaos/tcp-proxy.ts";
import { findFreePort } from "./free-port.ts";
import { startMiddleman } from "./middleman.ts";
import { startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

export type CuttableRelay = Place & { readonly close: () => Promise<void> };

/** A relay process behind a line that can be cut; beside it somebody who would steal a login. `flags` are the relay's. */
export async function startCuttableRelay(flags: readonly string[] = []): Promise<CuttableRelay> {
  const [port, nobody] = [await findFreePort(), await findFreePort()];
  const line = await TcpProxy.start(port);
  const url = `ws://127.0.0.1:${line.port}`;
  const folder = await makeTemporaryFolder();
  const reached = ["--port", String(port), "--public-url", url, "--db-path", folder.path];
  const relay = await startRelayProcess([...reached, ...flags]);
  const middleman = await startMiddleman(url);
  return {
    url,
    middlemanUrl: middleman.url,
    nobodyUrl: `ws://127.0.0.1:${nobody}`,
    cut: () => line.cut(),
    async close() {
      await middleman.close();
      line.close();
      await relay.kill("SIGTERM");
      await folder.remove();
    },
  };
}
