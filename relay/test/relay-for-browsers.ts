import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { startCuttableRelay } from "./cuttable-relay.ts";
import { startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** How often a page is put under load. `npm run load`: 20 times. */
    loadRounds: number;
    /** Where pages dial: append a circle's public key. Every peer may do everything there. */
    relayUrl: string;
    /** Of another relay, as in `Place`; whoever fetches `cutUrl` cuts its line. */
    place: { url: string; middlemanUrl: string; nobodyUrl: string; cutUrl: string };
  }
}

/** For tests in a browser, which can start nothing: real relays that let their pages in. */
export default async function setup({ config, provide }: TestProject): Promise<() => Promise<void>> {
  const { host = "localhost", port } = config.browser.api;
  const origin = ["--allow-origin", `http://${host}:${port}`];
  const folder = await makeTemporaryFolder();
  const relay = await startRelayProcess(["--port", "0", "--open", "--db-path", folder.path, ...origin]);
  const cuttable = await startCuttableRelay(origin);
  const { url, middlemanUrl, nobodyUrl } = cuttable;
  const cutter = createServer((_, response) => {
    cuttable.cut();
    response.writeHead(204, { "access-control-allow-origin": "*" }).end();
  }).listen(0, "127.0.0.1");
  await once(cutter, "listening");
  const cutUrl = `http://127.0.0.1:${(cutter.address() as AddressInfo).port}`;
  provide("loadRounds", Number(process.env.CIRCLES_LOAD ?? 3));
  provide("relayUrl", relay.url);
  provide("place", { url, middlemanUrl, nobodyUrl, cutUrl });
  return async () => {
    cutter.close();
    cutter.closeAllConnections();
    await cuttable.close();
    await relay.kill("SIGTERM");
    await folder.remove();
  };
}
