import { describe, expect, it } from "vitest";
import type { RunOptions, Sandbox, ScriptResult } from "./sandbox.ts";
import type { ContractDocuments } from "./sandbox-contract.ts";

/** What every sandbox promises of plays that come together. */
export function sequenceContract(sandbox: () => Sandbox<ContractDocuments>): void {
  describe("[SB14] plays of a sequence", () => {
    const run = (scripts: readonly string[], options: RunOptions = {}, documents: ContractDocuments = {}) =>
      Promise.all(
        sandbox().run({
          circle: "bob",
          snapshot: documents,
          plays: scripts.map((script) => ({ script, args: "null", caller: "alice", authority: "", ...options })),
        }),
      );
    const outputs = (results: readonly ScriptResult[]) =>
      results.map(({ end }) => (end.kind === "value" ? end.output : end.kind));

    it("run in order, each on what those before it wrote", async () => {
      const add = "data.set('n', data.get('n') + 1); data.list().length + data.get('n')";
      expect(outputs(await run([add, "data.delete('n'); data.has('n')", "data.list()"], {}, { n: "1" }))).toEqual([
        "3",
        "false",
        "[]",
      ]);
    });

    it("read nothing of a play that failed", async () => {
      const fail = "data.set('n', 2); throw 1";
      expect(outputs(await run([fail, "data.get('n')", "let x = ;", "data.get('n')"], {}, { n: "1" }))).toEqual([
        "thrown",
        "1",
        "thrown",
        "1",
      ]);
    });

    it("go on after one that had to be ended from outside, and none runs twice as far as anyone can tell", async () => {
      const hang = "Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 1, 0)";
      const add = "data.set('n', (data.get('n') ?? 0) + 1); data.get('n')";
      const results = await run([add, hang, add, add], { limits: { cpuMs: 100 } });
      expect(outputs(results)).toEqual(["1", "limit", "2", "3"]);
      expect(results.map(({ killed }) => killed)).toEqual([false, true, false, false]);
    });

    it("leave the others their turn when they are slow", async () => {
      const slow = "for (const t = Date.now(); Date.now() < t + 100;); 1";
      const order: string[] = [];
      const all = ["a", "b", "c", "d"].map((name) => run([slow, slow, slow]).then(() => order.push(name)));
      const quick = run(["1"]).then(() => order.push("quick"));
      await Promise.all([...all, quick]);
      expect(order[0]).toBe("quick");
    });

    it("are all run when many sequences come at once, slow ones among them", async () => {
      const slow = "for (const t = Date.now(); Date.now() < t + 30;); 'slow'";
      const all = Array.from({ length: 100 }, (_, i) => run([i % 20 === 0 ? slow : "1", "CALLER_PUBLIC_KEY"]));
      for (const [i, results] of (await Promise.all(all)).entries()) {
        expect(outputs(results)).toEqual([i % 20 === 0 ? "slow" : "1", "alice"]);
      }
    });
  });
}
