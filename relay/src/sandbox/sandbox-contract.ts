import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Event } from "../task.ts";
import type { Limits, RunOptions, Sandbox, SandboxPlay, ScriptResult } from "./sandbox.ts";
import { filesContract } from "./sandbox-files-contract.ts";
import { sequenceContract } from "./sandbox-sequence-contract.ts";

/** By their names, as JSON. */
export type ContractDocuments = Record<string, string>;
export type ContractOptions = RunOptions &
  Partial<Omit<SandboxPlay, "script" | "args">> & {
    readonly args?: unknown;
    readonly documents?: ContractDocuments;
    readonly circle?: string;
  };
/** Plays as alice in bob's circle, with the owner's authority, if nothing else is said. */
export type ContractPlay = (
  script: string,
  options?: ContractOptions,
) => Promise<ScriptResult & { readonly events: Event[] }>;

/** What every sandbox promises (rules SB1–SB14 of SPEC.md). `makeSandbox` gives one that reads documents as handed over. */
export function sandboxContract(name: string, makeSandbox: () => Promise<Sandbox<ContractDocuments>>): void {
  describe(name, () => {
    let sandbox: Sandbox<ContractDocuments>;
    beforeAll(async () => {
      sandbox = await makeSandbox();
    });
    afterAll(() => sandbox.close());

    const play: ContractPlay = async (script, { args = null, documents = {}, circle = "bob", ...options } = {}) => {
      const events: Event[] = [];
      const whole = {
        script,
        args: JSON.stringify(args),
        caller: "alice",
        authority: "",
        onEvent: (e: Event) => events.push(e),
        ...options,
      };
      const [result] = await Promise.all(sandbox.run({ circle, snapshot: documents, plays: [whole] }));
      if (!result) throw new Error("expected a result");
      return { ...result, events };
    };
    const value = async (script: string, options?: ContractOptions): Promise<unknown> => {
      const { end } = await play(script, options);
      if (end.kind !== "value") throw new Error(`expected a value, got ${JSON.stringify(end)}`);
      return end.format === "text" ? end.output : JSON.parse(end.output);
    };
    const limits = (given: Partial<Limits>) => ({ limits: given });

    it("[SB32] what a script emits comes with its result", async () => {
      const { emitted } = await play("emit('chat', { ['__proto__']: [1] }); emit('news', 'text')");
      expect(emitted).toEqual([
        { topic: "chat", json: '{"__proto__":[1]}' },
        { topic: "news", json: '"text"' },
      ]);
      expect(await play("1")).not.toHaveProperty("emitted");
    });

    it.each([
      ["1 + 1", 2],
      ["'text'", "text"],
      ["({ a: [1, null, 'x'] })", { a: [1, null, "x"] }],
      ["const a = 20; a + 1", 21],
      ["await Promise.resolve(5)", 5],
      ["Promise.resolve(6)", 6],
      ["(async () => ({ then: 1 }))()", { then: 1 }],
      ["return 7", 7],
      ["if (args.early) { return 'early' }\nreturn 'late'", "early"],
      ["const data = 1; let log = 2; data + log", 3],
      ["undefined", null],
      ["", null],
      ["'a\\u0000b\\ud83d\\ude00'", "a\u0000b😀"],
    ])("[SB1] the result of %j is its last expression or what it returns", async (script, expected) => {
      expect(await value(script, { args: { early: true } })).toEqual(expected);
    });

    it("[SB1] a string result is text, anything else is its JSON", async () => {
      expect((await play("'2'")).end).toEqual({ kind: "value", format: "text", output: "2" });
      expect((await play("2")).end).toEqual({ kind: "value", format: "json", output: "2" });
    });

    it.each(["() => 1", "Symbol('x')", "1n", "const o = {}; o.o = o; o", "({ toJSON() { throw new Error('no') } })"])(
      "[SB2] %j gives a result that is not JSON, which is the script's error",
      async (script) => {
        expect((await play(script)).end.kind).toBe("thrown");
      },
    );

    it("[SB3] a script sees its caller, its circle, its arguments and the same as one object", async () => {
      const script =
        "[CALLER_PUBLIC_KEY, CIRCLE_PUBLIC_KEY, DB_PATH, args, context.caller, context.owner, context.DB_PATH, context.args.n]";
      const seen = await value(script, { args: { n: 1 } });
      expect(seen).toEqual(["alice", "bob", "/bob", { n: 1 }, "alice", "bob", "/bob", 1]);
      const same = "print progress data files circle policy library inbox log play schedule".split(" ");
      expect(await value(`[${same.map((name) => `context.${name} === ${name}`).join()}].every(Boolean)`)).toBe(true);
    });

    it("[SB3] arguments are values, never source", async () => {
      const args = { "__proto__ ": 1, text: '"); throw 1; ("', 'key"': "\u2028${1}" };
      expect(await value("args", { args })).toEqual(args);
    });

    it("[SB4] a script reads documents and its own writes, and its writes come back as one set", async () => {
      const { end, writes } = await play(
        `const before = data.get("a");
         data.set("a", before + 1); data.set("b", { x: [1] }); data.set("c", 1); data.delete("c"); data.delete("none");
         [before, data.get("a"), data.get("b"), data.has("c"), data.get("none") === undefined, data.list()]`,
        { documents: { a: "1", z: "2" } },
      );
      expect(end).toMatchObject({ output: '[1,2,{"x":[1]},false,true,["a","b","z"]]' });
      expect(writes).toEqual([
        { path: "data/a.json", content: { json: "2" } },
        { path: "data/b.json", content: { json: '{"x":[1]}' } },
        { path: "data/c.json", content: null },
      ]);
    });

    it("[SB4] a refused name is a TypeError in the script", async () => {
      expect(await value("try { data.get('../x') } catch (e) { `${e.name}: ${e.message}` }")).toMatch(
        /^TypeError: name/,
      );
    });

    it.each(["throw new Error('no')", "await Promise.reject(1)", "while (true) {}", "() => 1"])(
      "[SB5] %j fails and therefore writes nothing",
      async (script) => {
        expect((await play(`data.set("a", 1); ${script}`, limits({ cpuMs: 50 }))).writes).toEqual([]);
      },
    );

    it("[SB6] a thrown error comes with its name, message, line and column in the source that was sent", async () => {
      const { end } = await play("const a = 1;\n\n  throw new RangeError('far');");
      expect(end).toMatchObject({ kind: "thrown", name: "RangeError", message: "far", line: 3, column: 13 });
      expect(end).toMatchObject({ stack: expect.stringMatching(/^RangeError: far\n {4}at <eval> \(script:3:13\)$/) });
    });

    it("[SB6] a syntax error says where, and that nothing ran", async () => {
      const { end, events } = await play("print('ran');\nlet x = ;");
      expect(end).toMatchObject({ kind: "thrown", name: "SyntaxError", line: 2, column: 9, compiling: true });
      expect(events).toEqual([]);
    });

    it("[SB6] a function body's positions are those of the source", async () => {
      expect((await play("return missing;")).end).toMatchObject({ name: "ReferenceError", line: 1, column: 8 });
      expect((await play("return 1 +;")).end).toMatchObject({ name: "SyntaxError", line: 1, column: 11 });
    });

    it("[SB7] events come in order, numbered from 1, all of them before the result", async () => {
      const { events } = await play("for (let i = 0; i < 300; i++) print(i, { i }); progress(0.5, 'half')");
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
      expect(events[2]).toEqual({ seq: 3, kind: "print", data: '2 {"i":2}' });
      expect(events.at(-1)).toEqual({ seq: 301, kind: "progress", data: { fraction: 0.5, note: "half" } });
    });

    it("[SB7] events reach the host while the script runs, also what was said before a long computation", async () => {
      const stop = new AbortController();
      const limits = { cpuMs: 10_000, wallMs: 10_000 };
      const { end } = await play("print('now'); for (;;);", {
        signal: stop.signal,
        onEvent: () => stop.abort(),
        limits,
      });
      expect(end.kind).toBe("cancelled");
    });

    it.each([
      ["cpu_ms", "while (true) {}", { cpuMs: 50 }],
      ["cpu_ms", "for (;;) await null", { cpuMs: 50 }],
      ["wall_ms", "while (true) {}", { wallMs: 50 }],
      ["memory_bytes", "const all = []; for (;;) all.push(new Uint8Array(1e6))", { memoryBytes: 8e6 }],
      ["output_bytes", "'x'.repeat(2000)", { outputBytes: 1000 }],
      ["events", "for (;;) print(1)", { events: 10 }],
      ["event_bytes", "for (;;) print('x'.repeat(100))", { eventBytes: 1000 }],
      ["storage_bytes", "for (let i = 0; ; i++) data.set(`d${i}`, 'x'.repeat(100))", { storageBytes: 1000 }],
    ])("[SB8] reaching %s ends a script with the limit's name and what it allowed", async (limit, script, given) => {
      const [allowed] = Object.values(given);
      expect((await play(script, limits(given))).end).toMatchObject({ kind: "limit", limit, allowed });
    });

    it("[SB8] a limit cannot be caught", async () => {
      const { end, events } = await play(
        "for (;;) { try { print(1); for (;;) print(2) } catch { } finally { } }",
        limits({ events: 5 }),
      );
      expect(end).toMatchObject({ kind: "limit", limit: "events" });
      expect(events).toHaveLength(5);
    });

    it("[SB9] cancelling ends a busy script, which then wrote nothing", async () => {
      const { end, writes } = await play("data.set('a', 1); print('x'); for (;;) {}", {
        signal: AbortSignal.timeout(50),
        limits: { cpuMs: 5_000 },
      });
      expect(end.kind).toBe("cancelled");
      expect(writes).toEqual([]);
    });

    it("[SB9] a script that was cancelled before it began does not run", async () => {
      const { end, events } = await play("print(1)", { signal: AbortSignal.abort() });
      expect(end.kind).toBe("cancelled");
      expect(events).toEqual([]);
    });

    it("[SB9] a script whose deadline has passed does not begin, and one that runs ends at it", async () => {
      const late = await play("print(1)", { deadline: Date.now() - 1 });
      expect(late).toMatchObject({ end: { kind: "late" }, events: [] });
      expect(await play("for (;;) {}", { deadline: Date.now() + 60 })).toMatchObject({ end: { limit: "wall_ms" } });
    });

    it("[SB10] every script finds the same fresh heap", async () => {
      const spoil =
        "globalThis.left = 1; Array.prototype.push = null; Object.prototype.x = 1; delete globalThis.JSON; print = 1";
      const look = "[typeof left, typeof [].push, ({}).x === undefined, typeof JSON, typeof print]";
      for (let i = 0; i < 4; i++) {
        await play(spoil);
        expect(await value(look)).toEqual(["undefined", "function", true, "object", "function"]);
      }
    });

    it("[SB10] new memory is zero, whatever was written before", async () => {
      for (let i = 0; i < 3; i++) {
        await play("for (let i = 0; i < 20; i++) new Uint8Array(20_000).fill(255)");
        expect(
          await value("Array.from({ length: 20 }, () => new Uint8Array(20_000)).every((b) => b.every((x) => x === 0))"),
        ).toBe(true);
      }
    });

    it("[SB10] Math.random differs from play to play", async () => {
      const drawn = await Promise.all(Array.from({ length: 20 }, () => value("[Math.random(), Math.random()]")));
      const numbers = drawn.flat() as number[];
      expect(new Set(numbers).size).toBe(40);
      for (const number of numbers) expect(number >= 0 && number < 1).toBe(true);
    });

    it("[SB11] scripts run at the same time do not meet", async () => {
      const plays = Array.from({ length: 50 }, (_, i) =>
        value("data.set('n', args); print(args); await null; data.get('n')", { args: i }),
      );
      expect(await Promise.all(plays)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    });

    sequenceContract(() => sandbox);
    filesContract(play);

    it("[SB12] plays into other circles and later plays are reserved", async () => {
      expect((await play("play()")).end).toMatchObject({ kind: "thrown", message: expect.stringMatching(/reserved/) });
      expect((await play("schedule()")).end).toMatchObject({
        kind: "thrown",
        message: expect.stringMatching(/reserved/),
      });
    });
  });
}
