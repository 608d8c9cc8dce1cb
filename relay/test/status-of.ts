import { expect } from "vitest";

/** What a relay tells over plain HTTP at this machine's `port`. */
export function statusOf({ port }: { readonly port: number }) {
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
    return { status: response.status, text: await response.text() };
  };
  const metrics = async () => parseMetrics((await ask("/metrics")).text);
  return {
    ask,
    metrics,
    /** Waits until these samples have these values: what is counted may be told a moment after a peer heard of it. */
    counts: (expected: Readonly<Record<string, number>>) =>
      expect.poll(metrics, { timeout: 10_000 }).toMatchObject(expected),
  };
}

/** Samples by name and labels as they stand: `circles_logins_total{result="ok"}`. */
function parseMetrics(text: string): Record<string, number> {
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    samples.map((line) => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}
