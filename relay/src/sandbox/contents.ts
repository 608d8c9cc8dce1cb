import { decodeBase64, encodeBase64 } from "./base64.ts";
import { type Content, type NameKind, RefusedName } from "./sandbox.ts";

const utf8 = new TextEncoder();

/** The name of what has this path, if it is of this kind. */
export function nameAt(path: string, kind: NameKind): string | undefined {
  const folder = kind === "inbox" ? "inbox/" : "data/";
  if (!path.startsWith(folder)) return undefined;
  const isJson = path.endsWith(".json");
  if (isJson !== (kind !== "file")) return undefined;
  return path.slice(folder.length, isJson ? -".json".length : undefined);
}

/** @throws {RefusedName} if it is no UTF-8. */
export function textOf(content: Content): string {
  if ("json" in content) return content.json;
  if ("text" in content) return content.text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(decodeBase64(content.base64));
  } catch {
    throw new RefusedName("file: expected UTF-8, got other bytes");
  }
}

export function base64Of(content: Content): string {
  return "base64" in content ? content.base64 : encodeBase64(utf8.encode(textOf(content)));
}
