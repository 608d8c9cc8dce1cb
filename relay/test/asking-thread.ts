import { serveSandbox } from "../src/sandbox/quickjs-thread.ts";
import { documentsSnapshot, openHeldAuthority } from "../src/sandbox/sandbox-contract-parts.ts";

/** A thread whose tools ask the main thread, and whose circle has a document `a`. */
serveSandbox({
  openSnapshot: () =>
    documentsSnapshot(
      (name) => (name === "a" ? "1" : undefined),
      () => ["a"],
    ),
  openAuthority: openHeldAuthority,
  tools: (ask) => ({ call: (operation, args) => ask([operation, ...args]) }),
});
