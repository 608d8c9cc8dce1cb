import { readFileSync } from "node:fs";
import { ConnectionError, DeadlineError } from "../errors.ts";
import { EncryptedKeyRefused } from "../keys/encrypted-key-refused.ts";
import { NonceRefused } from "../keys/login.ts";
import { KeyFileRefused } from "../node/key-file.ts";
import { ErrorCode, WireError } from "../protocol/errors.ts";
import { type CommandLine, type CommandName, parseCommandLine } from "./command-line.ts";
import { getData, listData, removeData, setData } from "./data-commands.ts";
import { HELP } from "./help.ts";
import { KeyRing } from "./key-ring.ts";
import { exportKey, importKey, listKeys, newKey } from "./keys-commands.ts";
import { showLog } from "./log-command.ts";
import { decide, editPolicy, getLibrary, getPolicy, grant, pushLibrary, revoke, showInbox } from "./owner-commands.ts";
import { call, play, repl } from "./play-commands.ts";
import type { CommandParts } from "./session.ts";
import { subscribe } from "./subscribe-command.ts";
import { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

const FAILED = 1;
const USAGE = 2;
const UNREACHABLE = 3;
const INTERRUPTED = 130;

/** What each command does. One that answers `false` has failed and said why. */
const COMMANDS: { readonly [N in CommandName]: (parts: CommandParts) => Promise<unknown> } = {
  "keys new": newKey,
  "keys list": listKeys,
  "keys export": exportKey,
  "keys import": importKey,
  play,
  call,
  repl,
  subscribe,
  "policy get": getPolicy,
  "policy edit": editPolicy,
  "policy grant": grant,
  "policy revoke": revoke,
  "library get": getLibrary,
  "library push": pushLibrary,
  inbox: showInbox,
  "inbox allow": (parts) => decide(parts, "allow"),
  "inbox deny": (parts) => decide(parts, "deny"),
  log: showLog,
  "data ls": listData,
  "data get": getData,
  "data set": setData,
  "data rm": removeData,
};

const interrupted = new AbortController();
process.on("SIGINT", () => {
  if (interrupted.signal.aborted) process.exit(INTERRUPTED); // twice: at once
  interrupted.abort(new Error("interrupted"));
});
// Whoever reads has enough, as `head` does.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(FAILED));

process.exitCode = await run();

async function run(): Promise<number> {
  const { env, stdout: out, stderr: err } = process;
  let terminal = new Terminal({ out, err, env, json: process.argv.includes("--json") });
  try {
    const command = parseCommandLine(process.argv.slice(2), env);
    if (!isCommand(command)) {
      out.write(command.name === "help" ? HELP : `${versionOf()}\n`);
      return 0;
    }
    terminal = new Terminal({ out, err, env, json: command.flags.json ?? false });
    const parts = { command, env, terminal, keys: new KeyRing(env), interrupted: interrupted.signal };
    const done = await COMMANDS[command.name](parts);
    return done === false ? FAILED : 0;
  } catch (error) {
    return tell(error, terminal);
  }
}

function isCommand(line: CommandLine): line is Exclude<CommandLine, { name: "help" | "version" }> {
  return line.name !== "help" && line.name !== "version";
}

function tell(error: unknown, terminal: Terminal): number {
  if (interrupted.signal.aborted) {
    terminal.say("interrupted");
    return INTERRUPTED;
  }
  if (!(error instanceof Error)) throw error;
  terminal.fail(error, hintOf(error));
  if (error instanceof UsageError || error instanceof TypeError) return USAGE;
  if (error instanceof ConnectionError || error instanceof DeadlineError) return UNREACHABLE;
  if (error instanceof WireError) return error.code === ErrorCode.TimedOut ? UNREACHABLE : FAILED;
  if ([KeyFileRefused, EncryptedKeyRefused, NonceRefused].some((kind) => error instanceof kind)) return FAILED;
  if ("code" in error) return FAILED; // the file system said no
  // A fault, here or in the relay. Thrown to the console it would go there as it is, with whatever a relay had it say.
  terminal.say(error.stack ?? "");
  return FAILED;
}

/** Where in a script, or what to do. */
function hintOf(error: Error): string {
  if (error instanceof UsageError) return 'See "circles --help".';
  if (!(error instanceof WireError)) return "";
  const { line, column, stack } = (error.data ?? {}) as { line?: number; column?: number; stack?: string };
  if (line === undefined) return "";
  return stack?.trimEnd() || `    at line ${line}, column ${column}`;
}

function versionOf(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
