import { describe, expect, it } from "vitest";
import { poolUnderAttack } from "./pool-under-attack.ts";

describe("timing", () => {
  const { attack } = poolUnderAttack();
  const output = async (script: string) => {
    const { end } = await attack(script);
    return end.kind === "value" ? JSON.parse(end.output) : end;
  };

  it("fine-clock: no clock shows less than a millisecond", async () => {
    const steps = await output(`
      const clocks = [Date.now, () => new Date().getTime(), () => +new Date(), () => new Date().getMilliseconds()];
      clocks.map((now) => {
        const steps = new Set();
        for (let last = now(), i = 0; i < 2e4; i++) { const next = now(); steps.add(next - last); last = next; }
        return [...steps].every(Number.isInteger);
      })`);
    expect(steps).toEqual([true, true, true, true]);
  });

  it.each([
    "performance",
    "Atomics",
    "setTimeout",
    "setInterval",
    "setImmediate",
    "requestAnimationFrame",
    "Worker",
    "Intl",
  ])("other-clock: there is no %s to count time with", async (name) => {
    expect(await output(`[typeof ${name}, '${name}' in globalThis]`)).toEqual(["undefined", false]);
  });

  it("shared-counter: shared memory is shared with nobody", async () => {
    const script = `
      const counter = new Int32Array(new SharedArrayBuffer(4));
      const before = counter[0];
      for (const end = Date.now() + 20; Date.now() < end; );
      await null;
      counter[0] - before`;
    expect(await output(script)).toBe(0);
  });

  it("time-zone: is UTC, whatever the host's", async () => {
    expect(
      await output("[new Date(0).getTimezoneOffset(), new Date(0).getHours(), new Date(2e11).getTimezoneOffset()]"),
    ).toEqual([0, 0, 0]);
  });

  it("locale: is nobody's", async () => {
    expect(await output("[(1234.5).toLocaleString(), ['b', 'a'].toSorted((x, y) => x.localeCompare(y))]")).toEqual([
      "1234.5",
      ["a", "b"],
    ]);
  });

  it("stopped-clock: time goes on while a play runs, and between plays", async () => {
    const first = await output("const start = Date.now(); while (Date.now() === start); Date.now()");
    expect(await output("Date.now()")).toBeGreaterThanOrEqual(first);
    expect(Math.abs(Date.now() - first)).toBeLessThan(10_000);
  });
});
