import type { TestProject } from "vitest/node";
import { startMiddleman } from "./middleman.ts";
import { startRelayProcess } from "./relay-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** How often a page is put under load. `npm run load`: 20 times. */
    loadRounds: number;
    /** Where pages dial: append a circle's public key. Every peer may do everything there. */
    relayUrl: string;
    /** The same relay, reached through somebody who passes everything on. */
    middlemanUrl: string;
  }
}

/** For tests in a browser, which can start nothing: a real relay that lets their pages in, and who would steal a login. */
export default async function setup({ config, provide }: TestProject): Promise<() => Promise<void>> {
  const { host = "localhost", port } = config.browser.api;
  const folder = await makeTemporaryFolder();
  const flags = ["--port", "0", "--open", "--allow-origin", `http://${host}:${port}`, "--db-path", folder.path];
  const relay = await startRelayProcess(flags);
  const middleman = await startMiddleman(relay.url);
  provide("loadRounds", Number(process.env.CIRCLES_LOAD ?? 3));
  provide("relayUrl", relay.url);
  provide("middlemanUrl", middleman.url);
  return async () => {
    await middleman.close();
    await relay.kill("SIGTERM");
    await folder.remove();
  };
}
