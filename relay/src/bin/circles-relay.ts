import { availableParallelism } from "node:os";
import { createInterface } from "node:readline/promises";
import pino from "pino";
import { isCircleCommand, parseCircleCommand } from "./circle-command-options.ts";
import { runCircleCommand } from "./circle-commands.ts";
import { UsageError } from "./option-values.ts";
import { closeOnSignals, reloadOnSighup } from "./process-signals.ts";
import { startRelay } from "./relay.ts";
import { HELP, parseRelayCommand, type RelayOptions } from "./relay-options.ts";
import { version } from "./version.ts";

try {
  const args = process.argv.slice(2);
  if (isCircleCommand(args[0])) {
    const isWell = await runCircleCommand(parseCircleCommand(args, process.env), { say, ask });
    process.exit(isWell ? 0 : 1);
  }
  const command = parseRelayCommand(args, process.env, { processors: availableParallelism() });
  if (command.do === "help") process.stdout.write(HELP);
  else if (command.do === "version") process.stdout.write(`${version}\n`);
  else await run(command.options);
} catch (error) {
  process.stderr.write(`circles-relay: ${explain(error)}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function run(options: RelayOptions): Promise<void> {
  const log = pino({ level: options.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
  if (options.open) {
    process.stderr.write(
      "circles-relay: WARNING: --open lets every peer do everything in every circle. For development only.\n",
    );
  }
  const relay = await startRelay(options, log);
  process.stdout.write(`circles-relay ${version} ready at ${relay.url}/{circle public key}\n`);
  if (options.demo) process.stdout.write(`the demo app is at ${relay.url.replace(/^ws/, "http")}/\n`);
  closeOnSignals(() => relay.close(), log);
  if (options.tls) reloadOnSighup(() => relay.reloadCertificate(), log);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

function explain(error: unknown): string {
  const { code, port, address, message } = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (code === "EADDRINUSE")
    return `port ${port} at ${address} is in use; choose another with --port, or 0 for a free one`;
  if (code === "EACCES" && port !== undefined) return `port ${port} needs rights that this process has not`;
  return message;
}
