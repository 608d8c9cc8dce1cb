/** Asks one server once and says when the answer is there. `false` when there is nothing left to ask. */
export type Ask = (answered: () => void, failed: (reason: unknown) => void) => boolean;

export type Measured = {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly count: number;
};

/** Keeps `inFlight` requests under way until `seconds` have passed or nothing is left to ask, and waits for the last. */
export async function load(ask: Ask, { inFlight, seconds }: { inFlight: number; seconds: number }): Promise<Measured> {
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  let open = 0;
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const askedAt = performance.now();
      const answered = () => {
        latencies.push(performance.now() - askedAt);
        open -= 1;
        next();
      };
      if (askedAt < end && ask(answered, reject)) open += 1;
      else if (open === 0) resolve();
    };
    for (let i = 0; i < inFlight; i++) next();
  });
  const elapsed = (performance.now() - start) / 1000;
  const sorted = Float64Array.from(latencies).toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { perSecond: latencies.length / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), count: latencies.length };
}
