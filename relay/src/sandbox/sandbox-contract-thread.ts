import { serveSandbox } from "./quickjs-thread.ts";
import { RefusedName } from "./sandbox.ts";

/** A thread whose snapshot is the documents themselves: for the contract suite and for measuring the sandbox alone. */
serveSandbox((documents: Record<string, string>) => ({
  checkName(name) {
    if (name.includes("..")) throw new RefusedName("name: expected no dots");
  },
  read: (name) => (Object.hasOwn(documents, name) ? documents[name] : undefined),
  list: (prefix) =>
    Object.keys(documents)
      .filter((name) => name.startsWith(prefix))
      .toSorted(),
}));
