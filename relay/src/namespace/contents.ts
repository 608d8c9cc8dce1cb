import { NameRefused } from "./names.ts";
import type { Content } from "./record.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a file. A document's end with a line feed, for those who read it. */
export function bytesOf(content: Content): Buffer {
  if ("json" in content) return Buffer.from(`${content.json}\n`);
  return "text" in content ? Buffer.from(content.text) : Buffer.from(content.base64, "base64");
}

/** How many bytes that is. */
export function sizeOf(content: Content): number {
  if ("json" in content) return Buffer.byteLength(content.json) + 1;
  return "text" in content ? Buffer.byteLength(content.text) : Buffer.byteLength(content.base64, "base64");
}

/** What the bytes of a file are. */
export function contentOf(path: string, bytes: Buffer): Content {
  const text = decode(bytes);
  if (text === undefined) return { base64: bytes.toString("base64") };
  return path.endsWith(".json") ? { json: text.replace(/\n$/, "") } : { text };
}

/** @throws {NameRefused} if it is no UTF-8. */
export function textOf(content: Content): string {
  if ("json" in content) return content.json;
  return "text" in content ? content.text : decodeUtf8(Buffer.from(content.base64, "base64"));
}

/** @throws {NameRefused} if it is none. */
export function decodeUtf8(bytes: Buffer): string {
  const text = decode(bytes);
  if (text !== undefined) return text;
  throw new NameRefused("file: expected UTF-8, got other bytes");
}

export function base64Of(content: Content): string {
  if ("base64" in content) return content.base64;
  return Buffer.from("json" in content ? content.json : content.text).toString("base64");
}

function decode(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined; // bytes that are no text
  }
}
