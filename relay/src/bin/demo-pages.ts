import { readdir, readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
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

/** What gets no smaller is sent as it is. */
const COMPRESSED: readonly string[] = Object.keys(TYPES);
const compress = promisify(gzip);

/** Named by their content: another content has another name. */
const NAMED_BY_CONTENT = "/assets/";
const FOR_A_YEAR = "public, max-age=31536000, immutable";

/**
 * Answers with the files of a folder as they are now, all held in memory, compressed for who takes gzip: a path is a name, and
 * reaches nothing else. `/` is `index.html`. `undefined` for whatever is not there. @throws if there is no such page.
 */
export async function readDemoPages(folder: string): Promise<(request: IncomingMessage) => Answer | undefined> {
  const pages = new Map<string, Page>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(folder, file).split(sep).join("/")}`;
    const cached = path.startsWith(NAMED_BY_CONTENT) ? FOR_A_YEAR : "no-cache";
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    const headers = { ...HEADERS, "content-type": type, "cache-control": cached, vary: "accept-encoding" };
    const bytes = await readFile(file);
    const plain = { status: 200, body: bytes, headers: { ...headers, "content-length": String(bytes.length) } };
    pages.set(path, { plain, small: COMPRESSED.includes(extname(file)) ? await smaller(bytes, headers) : plain });
  }
  const index = pages.get("/index.html");
  if (!index)
    throw new Error(`--demo: expected the demo app in ${folder}, found none; in a clone, npm run build makes it`);
  pages.set("/", index);
  return ({ method, url = "", headers }) => {
    if (method !== "GET" && method !== "HEAD") return undefined;
    const page = pages.get(url.split("?")[0] ?? "");
    return takesGzip(headers["accept-encoding"]) ? page?.small : page?.plain;
  };
}

/** `small`: compressed, if it was worth that. */
type Page = { readonly plain: Answer; readonly small: Answer };

async function smaller(bytes: Buffer, headers: NonNullable<Answer["headers"]>): Promise<Answer> {
  const body = await compress(bytes, { level: 9 });
  const encoded = { "content-encoding": "gzip", "content-length": String(body.length) };
  return { status: 200, body, headers: { ...headers, ...encoded } };
}

/** RFC 9110 §12.5.3, as far as browsers go. */
function takesGzip(accepted: string | string[] = ""): boolean {
  const codings = String(accepted).split(",");
  return codings.some((coding) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(coding));
}
