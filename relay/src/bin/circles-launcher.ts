import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import pino from "pino";
import { CirclesFileRefused } from "../launcher/circles-file.ts";
import { Launcher } from "../launcher/launcher.ts";
import { LAUNCHER_HELP, parseLauncherCommand } from "./launcher-options.ts";
import { UsageError } from "./option-values.ts";
import { closeOnSignals } from "./process-signals.ts";

try {
  const command = parseLauncherCommand(process.argv.slice(2), process.env, { processors: availableParallelism() });
  if (command.do === "help") process.stdout.write(LAUNCHER_HELP);
  else if (command.do === "version") process.stdout.write(`${await readVersion()}\n`);
  else {
    const { options } = command;
    const log = pino({ level: options.logLevel, base: null }, pino.destination({ dest: 2, sync: true }));
    await mkdir(options.keysFolder, { recursive: true, mode: 0o700 });
    const launcher = await Launcher.start(options, log);
    const tell = () => process.stdout.write(`${launcher.table.join("\n")}\n`);
    tell();
    process.on("SIGHUP", () => {
      launcher.reload().then(tell, (err: unknown) => log.error({ err }, "could not reload; all goes on as it was"));
    });
    closeOnSignals(() => launcher.close(), log);
  }
} catch (error) {
  process.stderr.write(`circles-launcher: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof UsageError || error instanceof CirclesFileRefused ? 2 : 1);
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
