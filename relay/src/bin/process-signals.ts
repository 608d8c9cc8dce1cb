import type { Logger } from "pino";

/** Closes when the process is asked to end, and ends it: 0 in good order, 1 otherwise, or at once when asked twice. */
export function closeOnSignals(close: () => Promise<void>, log: Logger): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    log.info({ signal }, "closing: running plays may end");
    close().then(
      () => process.exit(0),
      (err: unknown) => {
        log.fatal({ err }, "could not close in good order");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

/** Reads something again each time that SIGHUP asks for it; what cannot be read leaves things as they are. */
export function reloadOnSighup(reload: () => Promise<void>, log: Logger): void {
  process.on("SIGHUP", () => {
    reload().then(
      () => log.info("reloaded: what is new is used from now on"),
      (err: unknown) => log.error({ err }, "could not reload; what was before stays in use"),
    );
  });
}
