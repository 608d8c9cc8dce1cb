import { createHash } from "node:crypto";
import { serveSandbox } from "../../src/sandbox/quickjs-thread.ts";
import { documentsSnapshot, echoingTools, openHeldAuthority } from "../../src/sandbox/sandbox-contract-parts.ts";

/** What mallory leaves about for others to find. */
const MARKER = "mallory was here";

/** Page 0 is put back at every reset; what lies above is the engine's stack, its end first. */
const FIRST_PAGE_BYTES = 4096;
const STACK_BYTES = 2 ** 20;

// The engine's memory is private to it; whoever makes instances may keep them.
const memories: WebAssembly.Memory[] = [];
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    memories.push(this.exports.memory as WebAssembly.Memory);
  }
};

// With no chance and no time in it, two fresh heaps are the same, byte for byte.
crypto.getRandomValues = (array) => array;
Date.now = () => 0;

const bytes = (memory: WebAssembly.Memory) => Buffer.from(memory.buffer);

/** The lowest byte of the stack that is not zero. */
function deepest(memory: WebAssembly.Memory): number {
  const words = new Uint32Array(memory.buffer, 0, STACK_BYTES / 4);
  let i = FIRST_PAGE_BYTES / 4;
  while (i < words.length && words[i] === 0) i++;
  return i * 4;
}

function occurrences(memory: WebAssembly.Memory, encoding: BufferEncoding): number {
  const pattern = Buffer.from(MARKER, encoding);
  const all = bytes(memory);
  let count = 0;
  for (let at = all.indexOf(pattern); at >= 0; at = all.indexOf(pattern, at + 1)) count++;
  return count;
}

let deepestBefore = STACK_BYTES;
let largestBefore = 0;

function look(documents: Record<string, string>, name: string): string | undefined {
  const memory = memories.at(-1);
  if (!memory) return undefined;
  switch (name) {
    case "look/memory":
      return JSON.stringify(createHash("sha256").update(bytes(memory)).digest("hex"));
    case "look/marker":
      return String(occurrences(memory, "latin1") + occurrences(memory, "utf16le"));
    case "look/deepest":
      return String(deepestBefore);
    case "look/largest":
      return String(largestBefore);
    default:
      return documents[name];
  }
}

/** A sandbox thread that shows a play the whole memory it runs in, as the documents `look/…`. */
serveSandbox({
  openSnapshot: (documents: Record<string, string>) => {
    // Nothing has been put back yet since the play before, whose engine may have been dropped meanwhile.
    deepestBefore = Math.min(...memories.map(deepest));
    largestBefore = Math.max(...memories.map(({ buffer }) => buffer.byteLength));
    memories.splice(0, memories.length - 1);
    return documentsSnapshot(
      (name) => look(documents, name),
      () => Object.keys(documents),
    );
  },
  openAuthority: openHeldAuthority,
  tools: () => echoingTools,
});
