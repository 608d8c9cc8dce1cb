import { execFileSync } from "node:child_process";

/** The versions of Node on which the packages have to work. */
export const NODE_MAJORS = [20, 22, 24] as const;

/** The path of the newest Node of a major version, which npm's registry has as a package. @throws if there is none to be had. */
export function fetchNode(major: number): string {
  const args = ["--yes", "--package", `node@${major}`, "node", "-p", "process.execPath"];
  return execFileSync("npx", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}
