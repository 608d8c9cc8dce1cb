import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The Chromium that tests drive: `CIRCLES_CHROMIUM` if that is set, otherwise Debian's, otherwise the first on the PATH. */
export function findChromium(): string | undefined {
  const { CIRCLES_CHROMIUM: chosen, PATH = "" } = process.env;
  if (chosen) return isExecutable(chosen) ? chosen : undefined;
  const folders = ["/usr/bin", ...PATH.split(delimiter)];
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
