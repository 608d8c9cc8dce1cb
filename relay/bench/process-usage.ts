import { readFileSync } from "node:fs";

export type Usage = { readonly cpuSeconds: number; readonly rssBytes: number };

/** Clock ticks per second in /proc/…/stat: fixed at 100 for user space on Linux. */
const TICKS_PER_SECOND = 100;

/** User and system time so far, all threads, and resident memory of these processes and all that descend from them. */
export function usageOf(pids: readonly number[]): Usage {
  const usages = pids.map((pid) => {
    const [own, descendants] = [usageOfOne(pid), usageOf(childrenOf(pid))];
    return {
      cpuSeconds: own.cpuSeconds + descendants.cpuSeconds,
      rssBytes: own.rssBytes + descendants.rssBytes,
    };
  });
  return {
    cpuSeconds: usages.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    rssBytes: usages.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
  };
}

/** The time of children that have ended is in their parent's `cutime` and `cstime`. */
function usageOfOne(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const [utime, stime, cutime, cstime] = fields.slice(11, 15).map(Number) as [number, number, number, number];
  const [, rssKiB = 0] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { cpuSeconds: (utime + stime + cutime + cstime) / TICKS_PER_SECOND, rssBytes: Number(rssKiB) * 1024 };
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}
