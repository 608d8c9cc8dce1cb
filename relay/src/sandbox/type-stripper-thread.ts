import { parentPort } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import tsBlankSpace from "ts-blank-space";
import type { Stripped } from "./type-stripper.ts";

export type StripperThread = { strip(script: string): Stripped };

function strip(script: string): Stripped {
  let unsupported: { position: number; syntax: string } | undefined;
  const stripped = tsBlankSpace(script, ({ pos, end }) => {
    const [space = ""] = /^\s*/.exec(script.slice(pos, end)) ?? [];
    const [syntax = ""] = /^[^\s{(]*/.exec(script.slice(pos + space.length, end)) ?? [];
    unsupported ??= { position: pos + space.length, syntax };
  });
  if (!unsupported) return { kind: "stripped", script: stripped };
  const before = script.slice(0, unsupported.position).split("\n");
  return {
    kind: "unsupported",
    syntax: unsupported.syntax,
    line: before.length,
    column: (before.at(-1) ?? "").length + 1,
  };
}

if (parentPort) expose({ strip } satisfies StripperThread, nodeEndpoint(parentPort));
