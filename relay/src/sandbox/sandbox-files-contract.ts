import { expect, it } from "vitest";
import type { ContractPlay } from "./sandbox-contract.ts";

/**
 * What every sandbox promises of capabilities, files, the circle's library and its tools. Authorities of the contract are
 * JSON: a list of what is held. Its only tool is `policy`, which says who is asking.
 */
export function filesContract(play: ContractPlay): void {
  it("[SB15] a script may do what its authority says, and nothing else", async () => {
    const authority = JSON.stringify(["read:a", "write:b"]);
    const documents = { a: "1", c: "2" };
    const { end, writes } = await play("data.set('b', data.get('a')); data.list()", { authority, documents });
    expect(end).toMatchObject({ kind: "value", output: '["a"]' });
    expect(writes).toEqual([{ path: "data/b.json", content: { json: "1" } }]);
    const denied = await play("data.set('b', 1); data.get('c')", { authority, documents });
    expect(denied).toMatchObject({ end: { kind: "denied", capability: "read:c" }, writes: [] });
  });

  it("[SB15] the result says on what its authority relied", async () => {
    const { used } = await play("data.get('a')", { authority: JSON.stringify(["read:a", "read:b"]) });
    expect(used).toEqual(["read:a"]);
    expect((await play("data.get('a')")).used).toEqual([]);
  });

  it("[SB17] texts and bytes are files beside the documents", async () => {
    const { end, writes } = await play(
      "files.write('t', 'text'); files.write('b', new Uint8Array([0, 255])); [files.read('t'), files.read('b', 'bytes'), files.list(), data.list()]",
    );
    expect(end).toMatchObject({ output: '["text",{"0":0,"1":255},["b","t"],[]]' });
    expect(writes).toEqual([
      { path: "data/t", content: { text: "text" } },
      { path: "data/b", content: { base64: "AP8=" } },
    ]);
  });

  it("[SB18] a script calls functions of the circle's library, by JSON", async () => {
    const source = "export const add = (a, b) => { data.set('sum', a + b); return [a + b, CALLER_PUBLIC_KEY] }";
    const { end, writes } = await play(`library.set(${JSON.stringify(source)}); circle.add(1, 2)`);
    expect(end).toMatchObject({ output: '[3,"alice"]' });
    expect(writes).toEqual([
      { path: "config/library.js", content: { text: source } },
      { path: "data/sum.json", content: { json: "3" } },
    ]);
    expect((await play("circle.add(1, 2)")).end).toMatchObject({ kind: "thrown", name: "TypeError" });
  });

  it("[SB19] tools are called with their capability only", async () => {
    const { end } = await play("policy.get()", { authority: JSON.stringify(["policy"]) });
    expect(end).toMatchObject({ output: '["policy.get","alice","bob"]' });
    const denied = await play("policy.get()", { authority: "[]" });
    expect(denied.end).toEqual({ kind: "denied", capability: "policy" });
  });

  it("[SB20] a play of the control lane has tools and no data", async () => {
    expect((await play("policy.get()", { lane: "control" })).end.kind).toBe("value");
    expect((await play("data.get('a')", { lane: "control" })).end).toMatchObject({ kind: "thrown", name: "TypeError" });
  });
}
