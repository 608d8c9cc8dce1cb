import { lanesContract } from "./broker-contract-lanes.ts";
import { queueContract } from "./broker-contract-queue.ts";
import type { MakeBroker } from "./broker-contract-subject.ts";
import { waitsContract } from "./broker-contract-waits.ts";

/** What every broker promises (rules BR1–BR19 of SPEC.md). */
export function brokerContract(name: string, makeBroker: MakeBroker): void {
  queueContract(name, makeBroker);
  waitsContract(name, makeBroker);
  lanesContract(name, makeBroker);
}
