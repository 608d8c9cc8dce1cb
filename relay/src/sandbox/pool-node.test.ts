import { ThreadPool } from "./pool-node.ts";
import { sandboxContract } from "./sandbox-contract.ts";
import { siblingModule } from "./sibling-module-node.ts";
import { ThreadTypeStripper } from "./type-stripper-node.ts";
import { TypeScriptSandbox } from "./typescript.ts";

const startPool = () =>
  ThreadPool.start<Record<string, string>>({
    thread: siblingModule("sandbox-contract-thread", import.meta.url),
    threads: 2,
  });

sandboxContract("ThreadPool", startPool);
sandboxContract("TypeScriptSandbox", async () => new TypeScriptSandbox(await startPool(), new ThreadTypeStripper()));
