import { describe, expect, it } from "vitest";
import { type DirectPlay, FilesSnapshot, makeInstance, playIn, resultOf } from "../instance-under-test.ts";

// An engine's memory is private to it; whoever makes instances may keep them.
const memories: WebAssembly.Memory[] = [];
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    memories.push(this.exports.memory as WebAssembly.Memory);
  }
};

const MARKER = "mallory was here";

function occurrences(memory: WebAssembly.Memory, text: string): number {
  const all = Buffer.from(memory.buffer);
  let count = 0;
  for (const encoding of ["latin1", "utf16le"] as const) {
    const pattern = Buffer.from(text, encoding);
    for (let at = all.indexOf(pattern); at >= 0; at = all.indexOf(pattern, at + 1)) count++;
  }
  return count;
}

/** Its document `look/<token>` says how many engines hold the token, which are those in use, and how often the marker. */
class WatchedFiles extends FilesSnapshot {
  override readText(path: string): string | undefined {
    const [, token] = /^data\/look\/(.+)\.json$/.exec(path) ?? [];
    if (token === undefined) return super.readText(path);
    const used = memories.filter((memory) => occurrences(memory, token) > 0);
    return JSON.stringify([used.length, used.reduce((sum, memory) => sum + occurrences(memory, MARKER), 0)]);
  }
}

const LIBRARY = `
export const look = (token) => data.get("look/" + token);
const all = (n, make) => { globalThis.kept = Array.from({ length: n }, (_, i) => make(i)) };
export const keep = (text) => all(1e4, (i) => text + i);
export const keepBytes = (text) => all(200, () => Uint8Array.from(text.repeat(20), (c) => c.charCodeAt(0)));
export const keepNames = (text) => { const o = globalThis.kept = {}; for (let i = 0; i < 1e4; i++) o[text + i] = 1 };
export const drop = (text) => { for (let i = 0; i < 1e4; i++) text.repeat(20) + i };
export const grow = (text) => all(1e5, (i) => text + i);
export const hoard = (text) => all(Infinity, (i) => text.repeat(1e3) + i);
export const hoardByHand = (text) => { const all = []; for (;;) all.push(text.repeat(1e3) + all.length) };
export const spin = (text) => { globalThis.kept = text.repeat(1e3) + 1; for (;;); };
export const fail = (text) => { throw new Error(text.repeat(100)) };
export const sink = (text) => { const f = (a) => f(a + text); f(text) };
export const pend = (text) => { for (let i = 0; i < 1e3; i++) new Promise(() => {}).then(() => text + i); return new Promise(() => {}) };
export const write = (text) => { data.set("kept", text.repeat(1e3)); files.write("t", text); print(text.repeat(10)); return data.get("kept") };
`;

describe("leaks through the circle's library", () => {
  const instance = makeInstance();
  const files = { "config/library.js": { text: LIBRARY } };
  const play = (script: string, given: DirectPlay = {}) =>
    playIn(instance, script, { snapshot: new WatchedFiles(files), ...given });
  let looks = 0;
  const look = (who: DirectPlay) => {
    looks += 1;
    return resultOf(play("circle.look(args)", { args: `token ${looks} ${Math.random()}`, ...who }));
  };

  it.each("keep keepBytes keepNames drop grow hoard hoardByHand spin fail sink pend write".split(" "))(
    "stale-%s: not a byte of what one caller brought is left for the next, nor in another circle's",
    (name) => {
      const marker = "const marker = ['mallory', 'was', 'here'].join(' ');";
      const limits = { cpuMs: 2_000, memoryBytes: 16 * 2 ** 20 };
      if (name === "spin") limits.cpuMs = 100;
      play(`${marker} circle.${name}(marker)`, { limits });
      expect(memories.some((memory) => occurrences(memory, MARKER) > 0)).toBe(true);
      // The script's engine and the library's.
      expect(look({ caller: "bobbobb" })).toEqual([2, 0]);
      expect(look({ caller: "mallory", circle: "bob" })).toEqual([2, 0]);
      expect(look({ caller: "mallory" })).toEqual([2, expect.any(Number)]);
    },
  );
});
