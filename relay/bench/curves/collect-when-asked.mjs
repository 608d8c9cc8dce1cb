/** Loaded into a relay before its own code: whoever started it can ask what it keeps when there is no garbage. */
import { isMainThread } from "node:worker_threads";

if (isMainThread) {
  process.on("message", () => {
    globalThis.gc();
    setImmediate(() => {
      globalThis.gc(); // what was finalised may have let go of more
      process.send(process.memoryUsage());
    });
  });
  process.channel.unref();
}
