import { hash } from "node:crypto";

/** What one play of a schedule does to its circle. */
export type Change =
  | { readonly do: "set"; readonly name: string; readonly value: unknown }
  | { readonly do: "delete"; readonly name: string }
  | { readonly do: "write"; readonly name: string; readonly text: string };

/** A circle as it must be: documents and files by name, and how many plays happened. */
export type Model = {
  readonly plays: number;
  readonly documents: Record<string, unknown>;
  readonly files: Record<string, string>;
};

/** The same script for every play; what it changes are its arguments, what it answers depends on all before it. */
export const SCRIPT = `
  const n = (data.get("n") ?? 0) + 1;
  data.set("n", n);
  for (const change of args.changes) {
    if (change.do === "set") data.set(change.name, change.value);
    if (change.do === "delete") data.delete(change.name);
    if (change.do === "write") files.write(change.name, change.text);
  }
  if (args.fails) throw new Error("on purpose");
  n`;

/** Play number `i` of a circle, the same every time: half a dozen names, so that plays meet. */
export function playAt(seed: string, i: number): { changes: Change[]; fails: boolean } {
  const random = bytesOf(`${seed}/${i}`);
  const next = () => random.shift() ?? 0;
  const changes = Array.from({ length: next() % 4 }, (): Change => {
    const name = `d${next() % 3}/k${next() % 4}`;
    const kind = next() % 4;
    if (kind === 0) return { do: "delete", name };
    if (kind === 1) return { do: "write", name: `${name}.txt`, text: `${i} ${"é".repeat(next())}` };
    return { do: "set", name, value: { i, text: "x".repeat(next() * 8) } };
  });
  return { changes, fails: next() % 8 === 0 };
}

/** A circle after its first `count` plays. */
export function modelAfter(seed: string, count: number): Model {
  const documents: Record<string, unknown> = {};
  const files: Record<string, string> = {};
  let n = 0;
  for (let i = 0; i < count; i++) {
    const { changes, fails } = playAt(seed, i);
    if (fails) continue;
    n += 1;
    documents.n = n;
    for (const change of changes) {
      if (change.do === "set") documents[change.name] = change.value;
      if (change.do === "delete") delete documents[change.name];
      if (change.do === "write") files[change.name] = change.text;
    }
  }
  return { plays: n, documents, files };
}

function bytesOf(text: string): number[] {
  return Array.from(hash("sha512", text, "buffer"));
}
