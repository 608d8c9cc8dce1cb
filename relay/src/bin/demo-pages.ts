import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Answer } from "./status-endpoints.ts";

/** Where the demo app's build leaves it, of this package. */
export const DEMO_FOLDER = fileURLToPath(new URL("../../dist/demo", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml; charset=utf-8",
};

/** No script, style or image but the app's own; it may dial other relays. Nobody frames it: a click there rules a circle. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "connect-src 'self' ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS = {
  "content-security-policy": POLICY,
  "cross-origin-opener-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Named by their content: another content has another name. */
const NAMED_BY_CONTENT = "/assets/";
const FOR_A_YEAR = "public, max-age=31536000, immutable";

/**
 * Answers with the files of a folder as they are now, all held in memory: a path is a name, and reaches nothing else. `/` is
 * `index.html`. `undefined` for whatever is not there. @throws if there is no such page.
 */
export async function readDemoPages(folder: string): Promise<(request: IncomingMessage) => Answer | undefined> {
  const pages = new Map<string, Answer>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    const cached = path.startsWith(NAMED_BY_CONTENT) ? FOR_A_YEAR : "no-cache";
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const headers = { ...HEADERS, "content-type": type, "cache-control": cached };
    pages.set(path, { status: 200, text: await readFile(file, "utf8"), headers });
  }
  const index = pages.get("/index.html");
  if (!index)
    throw new Error(`--demo: expected the demo app in ${folder}, found none; in a clone, npm run build makes it`);
  pages.set("/", index);
  return ({ method, url = "" }) => {
    if (method !== "GET" && method !== "HEAD") return undefined;
    return pages.get(url.split("?")[0] ?? "");
  };
}
