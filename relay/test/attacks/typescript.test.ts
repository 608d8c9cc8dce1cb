import { describe, expect, it } from "vitest";
import { ThreadTypeStripper } from "../../src/sandbox/type-stripper-node.ts";
import { poolUnderAttack } from "./pool-under-attack.ts";

/** The longest script that a play can send. */
const MOST_CHARACTERS = 256 * 1024;
const fill = (text: string, start = "", end = "") =>
  start + text.repeat(Math.floor((MOST_CHARACTERS - start.length - end.length) / text.length)) + end;

describe("scripts against the compiler that takes types out", () => {
  const { attack } = poolUnderAttack({ stripper: new ThreadTypeStripper() });

  const expectTypesTakenOut = async () => {
    const { end } = await attack("const n: number = 1 as const satisfies number; n + 1");
    expect(end).toMatchObject({ kind: "value", output: "2" });
  };

  it.each(
    Object.entries({
      "nested-parentheses": fill("("),
      "nested-type-arguments": fill("A<", "let x: "),
      "nested-casts": fill("<T>"),
      "nested-arrow-functions": fill("(a: number) => "),
      "nested-function-types": fill("(a: ", "type A = "),
      "nested-object-types": fill("{a:", "type A = "),
      "nested-conditions": fill("B extends C ? D : ", "type A = "),
      "nested-inference": fill("B extends infer C extends D ? ", "type A = "),
      "nested-templates": fill("`${", "let a: number;"),
      "nested-classes": fill("class A { a: "),
      "nested-namespaces": fill("namespace A { "),
      "ambiguous-arrows": fill("a ? (b) => (c) : d => "),
      "ambiguous-calls": fill("f<a,b>(c)("),
      "long-union": fill("B | ", "type A = "),
      "many-declarations": fill("let a: number = 1;\n"),
      "many-enums": fill("enum A {} "),
      "many-negations": fill("-", "let a: number;"),
      "unended-comment": fill("*", "let a: number; /"),
      "half-characters": fill("\ud800", "let a: number; "),
    }),
  )("typed-%s: are dealt with in time", async (_, script) => {
    const { end, killed } = await attack(script);
    expect(["value", "thrown"]).toContain(end.kind);
    expect(killed).toBe(false);
    await expectTypesTakenOut();
  });

  it("chain-of-casts: takes too long, counts as killed, and keeps nobody for long", async () => {
    const started = performance.now();
    const { end, killed } = await attack(fill(" as a", "1"));
    expect(end).toMatchObject({ kind: "thrown", compiling: true });
    expect(killed).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
    await expectTypesTakenOut();
  });

  it("types-that-become-code: what is left after the types is played as JavaScript is, no more", async () => {
    const { end } = await attack("type A = `${string}`; const hidden: A = 'x'; eval('1 as any')");
    expect(end).toMatchObject({ kind: "thrown", name: "SyntaxError" });
    await expectTypesTakenOut();
  });
});
