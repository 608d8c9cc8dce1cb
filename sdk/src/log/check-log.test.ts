import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WRONG_VALUES } from "../../test/wrong-values.ts";
import { sha256Hex } from "../keys/hash.ts";
import type { PublicKey, Sha256 } from "../protocol/ids.ts";
import { genesisText, type LogLine } from "../protocol/log-line.ts";
import { type CheckedRecord, checkLog } from "./check-log.ts";

const circle = `02${"ab".repeat(32)}` as PublicKey;

/** Lines as a relay writes them: each holds the hash of the one before. */
function makeLines(outputs: readonly string[]): string[] {
  const lines: string[] = [];
  for (const [i, output] of outputs.entries()) {
    const prev = sha256Hex(lines.at(-1) ?? genesisText(circle));
    const play = { task: `task-${i}`, caller: circle, script: "aa", args: "bb", until: 1 };
    const end = { status: "completed", output, format: "text" };
    lines.push(
      JSON.stringify({ seq: i + 1, prev, at: "2026-01-01T00:00:00Z", ...play, end, writes: [{ path: "data/a" }] }),
    );
  }
  return lines;
}
const logLines = (lines: readonly string[]): LogLine[] => lines.map((line) => ({ line }));
const check = async (lines: readonly LogLine[], of: string = circle) => {
  const checked: CheckedRecord[] = [];
  for await (const one of checkLog(lines, { circle: of })) checked.push(one);
  return checked;
};
const faults = async (lines: readonly LogLine[]) => (await check(lines)).flatMap(({ fault = [] }) => fault);

describe("checking a log", () => {
  it("[S16] gives each record as it is shown, with the hash of its line", async () => {
    const lines = makeLines(["a", "x".repeat(2_000)]);
    expect(await check(logLines(lines))).toMatchObject([
      {
        record: { seq: 1, kind: "play", output: "a", writes: ["data/a"] },
        hash: sha256Hex(lines[0] ?? ""),
        isHashed: true,
      },
      { record: { seq: 2, script: "sha256:aa", output: `${"x".repeat(1_024)}…` } },
    ]);
    expect(await faults(logLines(lines))).toEqual([]);
    const forged = (lines[0] ?? "").replace('"status":', '"seq":9,"kind":"checkpoint","caller":"x","status":');
    expect(await check([{ line: forged }])).toMatchObject([{ record: { seq: 1, kind: "play", caller: circle } }]);
    const others = logLines([
      `{"seq":1,"prev":"","at":"","denials":[{"caller":"c","capability":"a","plays":2}],"since":""}`,
      `{"seq":2,"prev":"","at":"","segment":{"number":2,"previous":{}}}`,
      `{"seq":3,"prev":"","at":"","checkpoint":{"part":1,"last":true},"writes":[],"tasks":[]}`,
    ]);
    expect((await check(others)).map(({ record }) => record.kind)).toEqual(["denials", "segment", "checkpoint"]);
  });

  it("[S16] finds any alteration, removal, doubling or exchange of lines, whatever it is, but at the end", async () => {
    const change = fc.constantFrom("alter", "remove", "double", "exchange", "replace");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string(), { minLength: 4, maxLength: 12 }),
        fc.nat(),
        change,
        async (texts, at, how) => {
          const lines = makeLines(texts);
          const i = at % (lines.length - 2); // what comes last, only a head that was kept can tell of
          const line = lines[i] ?? "";
          if (how === "alter") lines[i] = line.replace('"bb"', '"bc"');
          else if (how === "remove") lines.splice(i, 1);
          else if (how === "double") lines.splice(i, 0, line);
          else if (how === "exchange") lines.splice(i, 2, lines[i + 1] ?? "", line);
          else lines[i] = makeLines(texts.map((text) => `${text}!`))[i] ?? "";
          const isFirstRemoved = how === "remove" && i === 0; // nothing is said of what is before the first
          expect((await faults(logLines(lines))).length > 0).toBe(!isFirstRemoved);
        },
      ),
    );
  });

  it("[S16] holds the first record to the circle, and a long line that does not come to its hash", async () => {
    const lines = makeLines(["a", "b", "c"]);
    const [first, second, third] = logLines(lines);
    if (!first || !second || !third) throw new Error("test: expected three lines");
    const [, checked] = await check([first, second]);
    if (!checked) throw new Error("test: expected a record");
    const { record, hash } = checked;
    expect(await check([first, { hash, record }, third])).toMatchObject([{}, { isHashed: false }, {}]);
    expect(await faults([first, { hash, record }, third])).toEqual([]);
    const other = sha256Hex("other");
    expect(await faults([first, { hash: other, record }, third])).toEqual([
      "record 3 does not follow record 2: one of them was altered",
    ]);
    expect(await check([first], `03${"cd".repeat(32)}`)).toMatchObject([
      { fault: "record 1 is another circle's first" },
    ]);
    const joined = async (hash: Sha256) => {
      for await (const { fault } of checkLog([second], { circle, after: { seq: 1, hash } })) return fault;
      throw new Error("test: expected a record");
    };
    expect(await joined(sha256Hex(lines[0] ?? ""))).toBeUndefined();
    expect(await joined(other)).toContain("record 2 does not follow record 1");
    await expect(check([first], "alice")).rejects.toThrow(TypeError);
  });

  it("[S16] refuses what is no line of a record, whatever it is", async () => {
    const [line = ""] = makeLines(["a"]);
    const record = (await check([{ line }]))[0]?.record;
    const good = { hash: sha256Hex(line), record };
    expect(await faults([good as LogLine])).toEqual([]);
    const texts = ["prev", "at", "task", "caller", "script", "args", "status", "output"];
    for (const wrong of WRONG_VALUES.filter((value) => typeof value !== "string")) {
      const wrongs = [wrong, { line: wrong }, { ...good, hash: wrong }, { ...good, record: wrong }];
      const members = texts.map((key) => ({ ...good, record: { ...record, [key]: wrong } }));
      for (const given of [...wrongs, ...members]) {
        await expect(check([given as never])).rejects.toThrow("expected the line of a record");
      }
    }
    for (const wrong of [
      null,
      1,
      "line",
      {},
      { line: "" },
      { line: "{}" },
      { line: '{"seq":1}' },
      { hash: "x", record },
    ]) {
      await expect(check([wrong as never])).rejects.toThrow("expected the line of a record");
    }
  });
});
