import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const CHROMIUMS = ["chromium", "chromium-browser", "google-chrome"];

/** The Chromium that tests drive: `CIRCLES_CHROMIUM` if that is set, otherwise Debian's, otherwise the first on the PATH. */
export function findChromium(): string | undefined {
  const { CIRCLES_CHROMIUM: chosen } = process.env;
  if (chosen) return isExecutable(chosen) ? chosen : undefined;
  return findProgram(...CHROMIUMS);
}

/** Debian's Firefox, otherwise the first on the PATH. */
export function findFirefox(): string | undefined {
  return findProgram("firefox-esr", "firefox");
}

/** The path of the first of these that is installed. */
export function findProgram(...names: string[]): string | undefined {
  const folders = ["/usr/bin", ...(process.env.PATH ?? "").split(delimiter)];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
