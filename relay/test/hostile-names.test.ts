import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Circle, connect } from "@circles/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { HOSTILE_NAMES, ODD_NAMES } from "./hostile-names.ts";
import { alice, bob } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

/** Whatever can be done with a name; answers what was done, and what failed otherwise than by a TypeError. */
const ATTEMPT = `function attempt(names) {
  const bytes = new Uint8Array([1]);
  const calls = {
    "data.get": (name) => data.get(name), "data.has": (name) => data.has(name),
    "data.set": (name) => data.set(name, 1), "data.delete": (name) => data.delete(name),
    "files.read": (name) => files.read(name), "files.read bytes": (name) => files.read(name, "bytes"),
    "files.write": (name) => files.write(name, "x"), "files.write bytes": (name) => files.write(name, bytes),
    "files.delete": (name) => files.delete(name),
  };
  const done = [];
  for (const name of names) for (const [call, act] of Object.entries(calls)) {
    try { act(name); done.push(call + " " + name.slice(0, 100)) }
    catch (error) { if (error.name !== "TypeError") done.push(call + " " + name.slice(0, 100) + ": " + error) }
  }
  return done;
}`;

/** Those that would not fit into a script are made in it. */
const NAMES = `[...${JSON.stringify(HOSTILE_NAMES.map(([, name]) => name).filter((name) => name.length < 1_000))},
  "a/".repeat(100_000), "x".repeat(1_000_000)]`;

describe("hostile names, through a whole relay", () => {
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  let relay: RunningRelay;
  let alices: Circle;
  let bobs: Circle;
  let closing: Promise<void> | undefined;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
    await mkdir(inFolder("outside"));
    await writeFile(inFolder("outside/secret.json"), '"outside"\n');
    await writeFile(inFolder("outside/secret.txt"), "outside");
    closing = undefined;
    relay = await startRelayInProcess({ dbPath: inFolder("db") });
    alices = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    bobs = await connect(`${relay.url}/${bob.publicKey}`, { signer: bob });
    await bobs.play("data.set('secret', 'of bob'); files.write('secret.txt', 'of bob')");
    await alices.play("data.set('notes/a', 1); files.write('notes/t.txt', 'text')");
    await alices.policy.set({ grants: [] });
    await alices.library.set(`export ${ATTEMPT}`);
  });
  afterEach(async () => {
    await close();
    await folder.remove();
  });

  /** Then everything that was committed is in the files. */
  const close = async () => {
    for (const circle of [alices, bobs]) circle.close();
    closing ??= relay.close();
    await closing;
  };
  const inFolder = (path: string) => join(folder.path, path);
  const ofAlice = (path = "") => join("db", alice.publicKey, path);
  const ofBob = (path = "") => join("db", bob.publicKey, path);
  /** Contents by path of all files below, links by where they lead; logs without contents. */
  const tree = async (below: string) => {
    const found: Record<string, string> = {};
    for (const entry of await readdir(inFolder(below), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name).slice(folder.path.length + 1);
      if (entry.isSymbolicLink()) found[path] = `-> ${await readlink(inFolder(path))}`;
      else if (entry.isFile()) found[path] = path.endsWith(".jsonl") ? "log" : await readFile(inFolder(path), "utf8");
    }
    return found;
  };
  /** Everything, once the files show what was committed. */
  const settled = async () => {
    await expect.poll(() => tree(ofAlice("config"))).toHaveProperty([ofAlice("config/library.js")]);
    await expect.poll(() => tree(ofBob("data"))).toHaveProperty([ofBob("data/secret.txt")]);
    return tree("");
  };

  it("[NS2] nothing can be done with one, by a script, the library or the owner's tools", async () => {
    const before = await settled();
    expect(HOSTILE_NAMES.length).toBeGreaterThan(60);
    expect(await alices.play(`${ATTEMPT} attempt(${NAMES})`)).toEqual([]);
    expect(await alices.play(`circle.attempt(${NAMES})`)).toEqual([]);
    expect(
      await alices.play(`const names = [...${NAMES}, ...${JSON.stringify(ODD_NAMES)}];
        names.flatMap((name) => [() => inbox.allow(name), () => inbox.allow(name, { always: true }), () => inbox.deny(name)]
          .flatMap((act) => { try { act(); return [name.slice(0, 100)] } catch (error) {
            return error.name === "TypeError" ? [] : [String(error)] } }))`),
    ).toEqual([]);
    await close();
    expect(await tree("")).toEqual(before);
  });

  it("[NS3] a prefix or a start that is none leads to no other names", async () => {
    const given = HOSTILE_NAMES.map(([, name]) => name).filter((name) => name.length < 1_000 && name.isWellFormed());
    const listed = await alices.play(`const seen = new Set();
      for (const name of ${JSON.stringify(given)}) for (const list of [data.list, files.list])
        for (const found of [...list(name), ...list("", { start: name })]) seen.add(found);
      [...seen].toSorted()`);
    expect(listed).toEqual(["notes/a", "notes/t.txt"]);
  });

  it("[NS3] one that only looks hostile is a document and a file, each where it should be, and nothing else", async () => {
    const names = ODD_NAMES.filter((name) => !name.includes(".json") && !name.includes("y/y") && name !== "notes/a");
    const written = await alices.play(`const names = ${JSON.stringify(names)};
      for (const name of names) { data.set(name, name); files.write(name, name) }
      names.filter((name) => data.get(name) === name && files.read(name) === name)`);
    expect(written).toEqual(names);
    await close();
    const ofNames = names.flatMap((name) => [
      [ofAlice(`data/${name}.json`), `${JSON.stringify(name)}\n`],
      [ofAlice(`data/${name}`), name],
    ]);
    expect(await tree(ofAlice("data"))).toEqual({
      ...Object.fromEntries(ofNames),
      [ofAlice("data/notes/a.json")]: "1\n",
      [ofAlice("data/notes/t.txt")]: "text",
    });
  });

  it.each<[string, string, string]>([
    ["a document and a file's folder", "data.set('a', 1)", "files.write('a.json/x', '')"],
    ["a document and a file's folder in another case", "data.set('a', 1)", "files.write('A.JSON/x', '')"],
    ["a file and a document's folder", "files.write('pic.png', '')", "data.set('pic.png/a', 1)"],
    ["a file and a file's folder", "files.write('x', '')", "files.write('x/y', '')"],
    ["two files", "files.write('pic.png', '')", "files.write('PIC.png', '')"],
    ["two files of one play", "", "files.write('a', ''); files.write('A', '')"],
    ["a file and a document's folder in another case", "files.write('Notes2', '')", "data.set('notes2/a', 1)"],
    ["a sharp s", "files.write('straße', '')", "files.write('STRASSE', '')"],
    ["the folders of a document and of a file", "data.set('Folder/a', 1)", "files.write('folder/b', '')"],
  ])("[NS4] %s: the play that would make the second is refused, and writes nothing", async (_, first, second) => {
    const names = "[data.list(), files.list()]";
    const before = await alices.play(`${first}; ${names}`);
    await expect(alices.play(`data.set('other', 1); ${second}`).played).rejects.toMatchObject({ code: -32000 });
    expect(await alices.play(names)).toEqual(before);
  });

  it("[NS5] planted links are not read, not listed and not followed, by documents and by files", async () => {
    await settled();
    const links: Record<string, string> = {
      "link.json": `../../${bob.publicKey}/data/secret.json`,
      "link.txt": `../../${bob.publicKey}/data/secret.txt`,
      "absolute.json": inFolder("outside/secret.json"),
      "absolute.txt": inFolder("outside/secret.txt"),
      "dangling.json": inFolder("outside/new.json"),
      "dangling.txt": inFolder("outside/new.txt"),
      bob: `../../${bob.publicKey}/data`,
      outside: inFolder("outside"),
      up: "..",
      self: "notes",
      logs: "../logs",
      "policy.json": "../config/policy.json",
      "library.txt": "../config/library.js",
      root: "/",
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, inFolder(ofAlice(`data/${name}`)));
    const before = await tree("");
    const documents = ["link", "absolute", "bob/secret", "outside/secret", "up/config/policy", "self/a", "policy"];
    const files = ["link.txt", "absolute.txt", "bob/secret.txt", "outside/secret.txt", "up/config/library.js"];
    const more = ["self/t.txt", "logs/plays-000001.jsonl", "library.txt", "root/etc/passwd"];
    const told = await alices.play(
      `const told = [];
      const attempt = (act) => { try { told.push(["got", act()]) } catch (error) { told.push([error.name]) } };
      for (const name of args.documents) { attempt(() => data.get(name)); attempt(() => data.has(name)); attempt(() => data.delete(name)) }
      for (const name of args.files) { attempt(() => files.read(name)); attempt(() => files.read(name, "bytes")) }
      ({ told: [...new Set(told.map(JSON.stringify))], listed: [...data.list(), ...files.list()] })`,
      { documents: [...documents, "dangling"], files: [...files, ...more, "dangling.txt"] },
    );
    expect(told).toEqual({ told: ['["TypeError"]'], listed: ["notes/a", "notes/t.txt"] });
    expect(await alices.play("args.map((name) => files.delete(name))", [...files, ...more])).not.toContain(true);
    await close();
    expect(await tree("")).toEqual(before);
  });

  it("[NS5] writing and deleting through planted links changes the circle, and nothing where they lead", async () => {
    await settled();
    const others = async () => ({ ...(await tree("outside")), ...(await tree(ofBob())) });
    const before = await others();
    const expected: Record<string, string> = {};
    const targets = [
      (ending: string) => `../../${bob.publicKey}/data/secret${ending}`,
      (ending: string) => inFolder(`outside/secret${ending}`),
      (ending: string) => inFolder(`outside/new${ending}`),
    ];
    for (const [i, target] of targets.entries()) {
      for (const ending of [".json", ".txt"]) await symlink(target(ending), inFolder(ofAlice(`data/l${i}${ending}`)));
      await alices.play(`data.set("l${i}", ${i}); files.write("l${i}.txt", "${i}")`);
      Object.assign(expected, { [`l${i}.json`]: `${i}\n`, [`l${i}.txt`]: `${i}` });
    }
    for (const [i, target] of [`../../${bob.publicKey}/data`, inFolder("outside"), "../config", "../logs"].entries()) {
      await symlink(target, inFolder(ofAlice(`data/f${i}`)));
      await alices.play(`data.set("f${i}/secret", ${i}); files.write("f${i}/secret.txt", "${i}")`);
      Object.assign(expected, { [`f${i}/secret.json`]: `${i}\n`, [`f${i}/secret.txt`]: `${i}` });
    }
    expect(
      await alices.play("data.set('gone', 1); files.write('gone.txt', '1'); [data.get('l0'), data.get('f2/secret')]"),
    ).toEqual([0, 2]);
    await expect
      .poll(async () => {
        await alices.play("1"); // if the links made the circle close, this opens it
        return tree(ofAlice("data"));
      })
      .toHaveProperty([ofAlice("data/gone.txt")]);
    await rm(inFolder(ofAlice("data/gone.txt")));
    await symlink(inFolder("outside/secret.txt"), inFolder(ofAlice("data/gone.txt")));
    expect(await alices.play("[data.delete('gone'), files.delete('gone.txt')]")).toEqual([true, true]);
    await close();
    expect(await others()).toEqual(before);
    const inData = Object.entries(expected).map(([path, content]) => [ofAlice(`data/${path}`), content]);
    expect(await tree(ofAlice("data"))).toEqual({
      ...Object.fromEntries(inData),
      [ofAlice("data/notes/a.json")]: "1\n",
      [ofAlice("data/notes/t.txt")]: "text",
    });
  });
});
