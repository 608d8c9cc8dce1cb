import { type Circle, connect } from "../circle.ts";
import type { Play } from "../play.ts";
import type { Command, Environment } from "./command-line.ts";
import { parseWhole } from "./command-line.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

/** What commands work with. */
export type CommandParts = {
  readonly command: Command;
  readonly env: Environment;
  readonly terminal: Terminal;
  readonly keys: KeyRing;
  /** Aborts when whoever typed presses Ctrl-C. */
  readonly interrupted: AbortSignal;
};

const OWN = "me";

/** Connects to the circle that a command names first, and closes it when `use` is done. */
export async function withCircle<T>(parts: CommandParts, use: (circle: Circle) => Promise<T>): Promise<T> {
  const { command, keys, terminal } = parts;
  const { key = "default", relay = "ws://localhost:8090" } = command.flags;
  const signer = await keys.read(key);
  const circle = await connect(await urlOf(command.words[0] ?? "", { keys, relay, own: signer.publicKey }), { signer });
  circle.on("connecting", ({ reason }) => terminal.say(`connecting again: ${reason}`));
  try {
    return await use(circle);
  } finally {
    circle.close();
  }
}

/** How long a play is waited for, in ms; `undefined` for the SDK's own time. */
export function timeoutOf({ flags }: Command): { timeoutMs?: number } {
  return flags.timeout === undefined ? {} : { timeoutMs: parseWhole("--timeout", flags.timeout, 1, 600_000) };
}

/** Shows what a play says until it has ended, and answers its value. */
export async function follow<T>(play: Play<T>, terminal: Terminal): Promise<T> {
  try {
    for await (const output of play) terminal.output(output);
    return await play;
  } finally {
    terminal.rest();
  }
}

type Places = { readonly keys: KeyRing; readonly relay: string; readonly own: string };

async function urlOf(circle: string, { keys, relay, own }: Places): Promise<string> {
  if (/^wss?:/.test(circle)) return circle;
  const at = `${relay.replace(/\/+$/, "")}/`;
  if (circle === OWN) return at + own;
  if (/^(?:0x)?0[234][0-9a-fA-F]{64,128}$/.test(circle)) return at + circle;
  const named = await keys.find(circle);
  if (named) return at + named.publicKey;
  throw new UsageError(`circle: expected ws://host:port/KEY, a public key, the name of a key or "me", got ${circle}`);
}
