import { type Circle, connect, type Keypair } from "@circles/sdk";
import { afterEach, beforeEach } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { TcpProxy } from "./chaos/tcp-proxy.ts";
import { findFreePort } from "./free-port.ts";
import { alice } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";

/** A relay of each test's own, behind a line that can be cut. */
export type RelayOnALine = {
  readonly url: string;
  /** Ends every connection that there is now. */
  cut(): void;
  /** Somebody in alice's circle; closed when the test ends. */
  dial(signer: Keypair, circle?: string): Promise<Circle>;
};

/** To be called while tests are collected. */
export function setRelayOnALine(): RelayOnALine {
  let relay: RunningRelay;
  let line: TcpProxy;
  const circles: Circle[] = [];
  beforeEach(async () => {
    const port = await findFreePort();
    line = await TcpProxy.start(port);
    relay = await startRelayInProcess({ port, publicUrl: new URL(`ws://127.0.0.1:${line.port}`), threads: 2 });
  });
  afterEach(async () => {
    for (const circle of circles.splice(0)) circle.close();
    line.close();
    await relay.close();
  });
  return {
    get url() {
      return relay.url;
    },
    cut: () => line.cut(),
    async dial(signer, circle = alice.publicKey) {
      const dialled = await connect(`${relay.url}/${circle}`, { signer });
      circles.push(dialled);
      return dialled;
    },
  };
}
