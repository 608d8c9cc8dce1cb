import { afterAll, beforeAll, describe } from "vitest";
import { behaviourContract } from "../../sdk/test/behaviour-contract.ts";
import { type CuttableRelay, startCuttableRelay } from "./cuttable-relay.ts";

describe(`[S15] the SDK in Node ${process.version}`, () => {
  let relay: CuttableRelay;
  beforeAll(async () => {
    relay = await startCuttableRelay();
  });
  afterAll(() => relay.close());
  behaviourContract(() => relay);
});
