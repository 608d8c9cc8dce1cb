import { ThreadPool } from "./pool-node.ts";
import { sandboxContract } from "./sandbox-contract.ts";
import { siblingModule } from "./sibling-module-node.ts";
import { ThreadTypeStripper } from "./type-stripper-node.ts";

const thread = siblingModule("sandbox-contract-thread", import.meta.url);

sandboxContract("one thread", () => ThreadPool.start({ thread, threads: 1 }));
sandboxContract("several threads and TypeScript", () =>
  ThreadPool.start({ thread, threads: 3, stripper: new ThreadTypeStripper() }),
);
