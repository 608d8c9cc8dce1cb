import { type AnyOrderOptions, anyOrderContract } from "./broker-contract-any-order.ts";
import { lanesContract } from "./broker-contract-lanes.ts";
import { queueContract } from "./broker-contract-queue.ts";
import type { MakeBroker } from "./broker-contract-subject.ts";
import { waitsContract } from "./broker-contract-waits.ts";

/** What every broker promises (rules BR1–BR20 of SPEC.md). */
export function brokerContract(name: string, makeBroker: MakeBroker, anyOrder: AnyOrderOptions): void {
  queueContract(name, makeBroker);
  waitsContract(name, makeBroker);
  lanesContract(name, makeBroker);
  anyOrderContract(name, anyOrder);
}
