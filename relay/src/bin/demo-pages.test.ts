import { mkdir, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeTemporaryFolder } from "../../test/temporary-folder.ts";
import { readDemoPages } from "./demo-pages.ts";

const PAGE = "<p>page</p>".repeat(100);
const PICTURE = Buffer.from([0xff, 0xd8, 0x00, 0x80]);

let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  await mkdir(join(folder.path, "assets"));
  await writeFile(join(folder.path, "index.html"), PAGE);
  await writeFile(join(folder.path, "assets", "picture.jpg"), PICTURE);
});
afterEach(() => folder.remove());

const ask = async (url: string, accepted?: string, method = "GET") =>
  (await readDemoPages(folder.path))({
    method,
    url,
    headers: accepted === undefined ? {} : { "accept-encoding": accepted },
  } as unknown as IncomingMessage);

it.each(["gzip", "br, gzip, deflate", "gzip;q=0.5", "GZIP ; q=1.0"])(
  "[OP14] pages are compressed for %j",
  async (accepted) => {
    const { body, headers = {} } = (await ask("/", accepted)) ?? { body: "" };
    expect(headers).toMatchObject({ "content-encoding": "gzip", vary: "accept-encoding", "content-type": /html/ });
    expect(headers["content-length"]).toBe(String(body.length));
    expect(gunzipSync(body).toString()).toBe(PAGE);
  },
);

it.each([undefined, "", "br", "identity", "gzip;q=0", "gzip; q=0.000", "x-gzip"])(
  "[OP14] pages are sent as they are for %j",
  async (accepted) => {
    const { body, headers = {} } = (await ask("/index.html?a=b", accepted)) ?? { body: "" };
    expect(String(body)).toBe(PAGE);
    expect(headers).not.toHaveProperty("content-encoding");
  },
);

it("[OP14] what gets no smaller is sent byte for byte, and what is not there is not", async () => {
  expect((await ask("/assets/picture.jpg", "gzip"))?.body).toEqual(PICTURE);
  for (const url of ["/assets", "/assets/", "/../index.html", "/%2e%2e/index.html", "//index.html", "/index.htm"]) {
    expect(await ask(url)).toBeUndefined();
  }
  expect(await ask("/", "gzip", "POST")).toBeUndefined();
  await expect(readDemoPages(join(folder.path, "assets"))).rejects.toThrow("expected the demo app");
});
