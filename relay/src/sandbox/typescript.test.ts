import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ThreadPool } from "./pool-node.ts";
import type { Sandbox } from "./sandbox.ts";
import { siblingModule } from "./sibling-module-node.ts";
import { ThreadTypeStripper } from "./type-stripper-node.ts";

describe("TypeScript", () => {
  let sandbox: Sandbox<Record<string, string>>;
  beforeAll(async () => {
    const thread = siblingModule("sandbox-contract-thread", import.meta.url);
    sandbox = await ThreadPool.start({ thread, threads: 1, stripper: new ThreadTypeStripper() });
  });
  afterAll(() => sandbox.close());
  const play = async (script: string) => {
    const plays = [{ script, args: "null", caller: "alice", authority: "" }];
    const [result] = await Promise.all(sandbox.run({ circle: "bob", snapshot: {}, plays }));
    if (!result) throw new Error("expected a result");
    return result;
  };

  it.each([
    ["const n: number = 1; n + 1", "2"],
    ["type T = { a: string }; interface I { b: T }; ({ a: 'x' } satisfies T)", '{"a":"x"}'],
    ["function id<T>(x: T): T { return x } id<number>(3)", "3"],
    ["const f = async (x: number): Promise<number> => x; return (await f(4)) as number", "4"],
  ])("[SB13] the types of %j are taken out", async (script, output) => {
    for (let round = 0; round < 2; round++) expect((await play(script)).end).toMatchObject({ kind: "value", output });
  });

  it("[SB13] positions are those of the TypeScript that was sent", async () => {
    const { end } = await play("const n: number = 1;\nconst s: string = n as unknown as string; missing(s);");
    expect(end).toMatchObject({ name: "ReferenceError", line: 2, column: 43 });
  });

  it("[SB13] TypeScript that is more than types is refused by name", async () => {
    const { end } = await play("const a = 1;\n enum Colour { Red }");
    expect(end).toMatchObject({ kind: "thrown", name: "SyntaxError", line: 2, column: 2 });
    expect(end).toMatchObject({ message: expect.stringMatching(/^enum: /) });
  });

  it("[SB13] what is neither JavaScript nor TypeScript is a syntax error, and the next script plays", async () => {
    expect((await play("let x: = ;;; }{")).end).toMatchObject({ kind: "thrown", name: "SyntaxError" });
    expect((await play("(".repeat(200_000))).end).toMatchObject({ kind: "thrown" });
    expect((await play("const n: number = 5; n")).end).toMatchObject({ output: "5" });
  });

  it("[SB13] JavaScript that could be read as TypeScript stays JavaScript", async () => {
    expect((await play("const f = 1, a = 2, b = 3; [f < a, b > (4)]")).end).toMatchObject({ output: "[true,false]" });
  });
});
