/** What of a `.cpuprofile`, as `node --cpu-prof` writes it, is read here. */
export type CpuProfile = {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: Frame;
    readonly children?: readonly number[];
  }[];
  /** Microseconds of the machine's monotonic clock, which `process.hrtime` reads too. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
};

export type Frame = {
  readonly functionName: string;
  /** `""` for what is not JavaScript. */
  readonly url: string;
  /** From 0; -1 for what is not JavaScript. */
  readonly lineNumber: number;
};

/** Frames, the innermost first, and how many microseconds were spent just so. */
export type Sampled = { readonly stack: readonly Frame[]; readonly us: number };

/** What V8 names a thread that waits. */
const IDLE = "(idle)";

/** Where a thread was between two moments of the monotonic clock, in microseconds, as far as it did not wait. */
export function busyIn(
  { nodes, startTime, samples, timeDeltas }: CpuProfile,
  { from, to }: { from: number; to: number },
): Sampled[] {
  const stacks = stacksOf(nodes);
  const spent = new Map<number, number>();
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    const us = timeDeltas[i] ?? 0;
    at += us;
    if (at >= from && at < to) spent.set(id, (spent.get(id) ?? 0) + us);
  }
  return Array.from(spent, ([id, us]) => ({ stack: stacks.get(id) ?? [], us })).filter(
    ({ stack: [innermost] }) => innermost?.functionName !== IDLE,
  );
}

/** V8 writes a node before its children. */
function stacksOf(nodes: CpuProfile["nodes"]): Map<number, readonly Frame[]> {
  const stacks = new Map<number, readonly Frame[]>();
  const above = new Map<number, readonly Frame[]>();
  for (const { id, callFrame, children = [] } of nodes) {
    const stack = [callFrame, ...(above.get(id) ?? [])];
    stacks.set(id, stack);
    for (const child of children) above.set(child, stack);
  }
  return stacks;
}
