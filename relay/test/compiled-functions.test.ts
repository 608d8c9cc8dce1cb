import { execFile, execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Circle, connect, type PlayContext } from "@circles/sdk";
import { transform } from "esbuild";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningRelay } from "../src/bin/relay.ts";
import { forms } from "./functions/forms.ts";
import { alice } from "./people.ts";
import { startRelayInProcess } from "./relay-in-process.ts";
import { makeTemporaryFolder } from "./temporary-folder.ts";

type Forms = typeof forms;
const SOURCE = fileURLToPath(new URL("functions/forms.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

/** What makes JavaScript of a front-end developer's file: answers the path of a module. */
const COMPILERS: Readonly<Record<string, (folder: string) => Promise<string>>> = {
  tsc: async (folder) => {
    const flags = [
      "--module",
      "esnext",
      "--moduleResolution",
      "bundler",
      "--target",
      "es2022",
      "--skipLibCheck",
      "--noCheck",
    ];
    execFileSync(process.execPath, [
      join(root, "node_modules/typescript/bin/tsc"),
      SOURCE,
      ...flags,
      "--ignoreConfig",
      "--outDir",
      folder,
    ]);
    return join(folder, "forms.js");
  },
  esbuild: (folder) => byEsbuild(folder, {}),
  "esbuild with keepNames": (folder) => byEsbuild(folder, { keepNames: true }),
  "esbuild, minified": (folder) => byEsbuild(folder, { minify: true }),
  "esbuild, minified with keepNames": (folder) => byEsbuild(folder, { minify: true, keepNames: true }),
  "Vite, minified": async (folder) => {
    await build({
      root: folder,
      configFile: false,
      logLevel: "warn",
      build: {
        outDir: folder,
        emptyOutDir: false,
        minify: true,
        lib: { entry: SOURCE, formats: ["es"], fileName: () => "vite.js" },
      },
    });
    return join(folder, "vite.js");
  },
};

async function byEsbuild(folder: string, options: object): Promise<string> {
  const { code } = await transform(await readFile(SOURCE, "utf8"), { loader: "ts", format: "esm", ...options });
  const path = join(folder, `${Object.entries(options).flat().join("-") || "plain"}.js`);
  await writeFile(path, code);
  return path;
}

/** What a program says. */
function runNode(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: { ...process.env, NO_COLOR: "1" } }, (error, stdout) => {
      if (error) reject(new Error(`${error.message}\n${stdout}`));
      else resolve(stdout);
    });
  });
}

describe("functions", () => {
  let relay: RunningRelay;
  let circle: Circle;
  let folder: Awaited<ReturnType<typeof makeTemporaryFolder>>;
  beforeAll(async () => {
    relay = await startRelayInProcess();
    circle = await connect(`${relay.url}/${alice.publicKey}`, { signer: alice });
    folder = await makeTemporaryFolder();
    await writeFile(join(folder.path, "package.json"), '{"type":"module"}');
    await symlink(join(root, "node_modules"), join(folder.path, "node_modules"));
  });
  afterAll(async () => {
    circle.close();
    await relay.close();
    await folder.remove();
  });

  const playAll = async (compiled: Forms) => {
    const answers = Object.entries(compiled).map(async ([name, form]) => {
      const play = form as (context: PlayContext<{ a: number }>) => unknown;
      return [name, await circle.play(play, { a: 21 })] as const;
    });
    return Object.fromEntries(await Promise.all(answers));
  };
  const all42 = Object.fromEntries(Object.keys(forms).map((name) => [name, 42]));

  it("[S2] of a test are played, in every form", async () => {
    expect(await playAll(forms)).toEqual(all42);
  });

  it.each(Object.entries(COMPILERS))("[S2] compiled by %s are played, in every form", async (name, compile) => {
    const target = join(folder.path, name.replaceAll(/\W+/g, "-"));
    await mkdir(target);
    const compiled = (await import(/* @vite-ignore */ pathToFileURL(await compile(target)).href)) as { forms: Forms };
    expect(await playAll(compiled.forms)).toEqual(all42);
  });

  it("[S2] in a program run by tsx, with keepNames and source maps, are played", async () => {
    const program = join(folder.path, "program.ts");
    await writeFile(
      program,
      `import { connect, keypairFrom } from "@circles/sdk";
       import { forms } from ${JSON.stringify(SOURCE)};
       const signer = keypairFrom("a1".repeat(32));
       const circle = await connect(process.argv[2] + "/" + signer.publicKey, { signer });
       for (const form of Object.values(forms)) console.log(await circle.play(form as never, { a: 21 } as never));
       circle.close();`,
    );
    const flags = ["--conditions=@circles/source", "--import", import.meta.resolve("tsx"), program, relay.url];
    const said = await runNode(flags);
    expect(said.trim().split("\n")).toEqual(Object.keys(forms).map(() => "42"));
  });

  // With coverage, a test's functions are others than those that its author wrote, or are not.
  it.each([
    ["v8", false],
    ["istanbul", true],
  ])("[S2] in tests that vitest runs with coverage by %s are played", async (provider, isInstrumented) => {
    const target = join(folder.path, `coverage-${provider}`);
    await mkdir(target);
    await copyFile(SOURCE, join(target, "forms.ts"));
    await writeFile(
      join(target, "forms.test.ts"),
      `import { connect, keypairFrom } from "@circles/sdk";
       import { expect, it } from "vitest";
       import { forms } from "./forms.ts";
       const signer = keypairFrom("a1".repeat(32));
       const circle = await connect(process.env.RELAY + "/" + signer.publicKey, { signer });
       it.each(Object.entries(forms))("%s", async (_, form) => {
         expect(/cov_\\w+\\(\\)/.test(String(form))).toBe(${isInstrumented});
         expect(await circle.play(form as never, { a: 21 } as never)).toBe(42);
       });
       it("what is missing is explained", async () => {
         const rate = 2;
         await expect(circle.play(({ args }) => args * rate, 1).played).rejects.toThrow(/rate is not defined.*do not travel/);
       });`,
    );
    const conditions = 'conditions: ["@circles/source", "node", "import", "default"]';
    const config = `export default { ssr: { resolve: { ${conditions} } }, test: { env: { RELAY: "${relay.url}" } } }`;
    await writeFile(join(target, "vitest.config.js"), config);
    const flags = ["--coverage.enabled", `--coverage.provider=${provider}`, "--coverage.reporter=json"];
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const said = await runNode([vitest, "run", "--root", target, ...flags]);
    expect(said).toMatch(new RegExp(`Tests +${Object.keys(forms).length + 1} passed`));
    const measured = JSON.parse(await readFile(join(target, "coverage/coverage-final.json"), "utf8")) as object;
    expect(Object.keys(measured).map((path) => basename(path))).toEqual(["forms.ts"]);
  });

  it("[S9] say what they lack of their surroundings, by its name", async () => {
    const rate = 2;
    const play = circle.play(({ args }) => args.a * rate, { a: 21 });
    await expect(play.played).rejects.toThrow(/rate is not defined.*: variables around a function do not travel/);
    await expect(play.played).rejects.toMatchObject({ name: "PlayError", thrown: "ReferenceError", line: 1 });
  });
});
