import { serveSandbox } from "./quickjs-thread.ts";
import { documentsSnapshot, echoingTools, openHeldAuthority } from "./sandbox-contract-parts.ts";

/** A thread whose snapshot is the documents themselves: for the contract suite and for measuring the sandbox alone. */
serveSandbox({
  openSnapshot: (documents: Record<string, string>) =>
    documentsSnapshot(
      (name) => (Object.hasOwn(documents, name) ? documents[name] : undefined),
      () => Object.keys(documents),
    ),
  openAuthority: openHeldAuthority,
  tools: () => echoingTools,
});
