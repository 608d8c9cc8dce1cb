import { parentPort } from "node:worker_threads";
import { makeInstance, playIn } from "./instance-under-test.ts";

/** In a thread with the stack of a sandbox's: from as deep as a script gets, a library that goes as deep as it gets. */
const LIBRARY = `
const nested = "[".repeat(1e5);
export const sink = () => { const f = (n) => f(n + 1) + 1; return f(0) };
export const sinkInSorting = () => { const f = () => [2, 1].sort(f); f() };
export const sinkInReplacing = () => { const f = () => "x".replace(/x/, f); f() };
export const sinkInJson = () => { const f = () => JSON.stringify({ toJSON: f }); f() };
export const sinkInParsing = () => JSON.parse(nested);
export const sinkInCompiling = () => eval(nested);
export const count = () => 1;
`;
const SCRIPT = `
const names = ["sink", "sinkInSorting", "sinkInReplacing", "sinkInJson", "sinkInParsing", "sinkInCompiling"];
const downs = [
  (f) => f(), (f) => [2, 1].sort(f), (f) => "x".replace(/x/, f), (f) => JSON.stringify({ toJSON: f }),
  (f) => Reflect.apply(f, null, []), (f) => new Proxy({}, { get: f }).x,
];
let returned = 0, last;
for (const down of downs) {
  for (const name of names) {
    let left = 30; // where there is no room for a call yet, a few levels up there is
    const f = () => {
      try { down(f) } catch (e) {
        if (left-- > 0) try { circle[name](); returned++ } catch (e) { last = e }
        throw e;
      }
    };
    try { f() } catch {}
  }
}
[returned, String(last), circle.count()]`;

const instance = makeInstance();
const files = { "config/library.js": { text: LIBRARY } };
const limits = { cpuMs: 60_000, wallMs: 60_000 };
const ends = [SCRIPT, "circle.count()"].map((script) => playIn(instance, script, { files, limits }).end);
const port = parentPort;
if (!port) throw new Error("deep thread: expected to run in a worker thread");
port.postMessage(ends);
