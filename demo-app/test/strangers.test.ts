import { type Circle, connect, generateKeypair } from "@circles/sdk";
import { beforeEach, describe, expect, it } from "vitest";
import type { Person } from "./person.ts";
import { setStage } from "./stage.ts";

/** Whatever runs of this gives the page another title, or complains because the page's policy refused it. */
const ATTACKS = [
  `<img src=x onerror="document.title='stolen'">`,
  `"><svg onload=document.title='stolen'>`,
  `<script>document.title='stolen'</script>`,
  `</pre></textarea><iframe srcdoc="<script>parent.document.title='stolen'</script>"></iframe>`,
  `<a href="javascript:document.title='stolen'" autofocus onfocus=document.title='stolen'>x</a>`,
];
const ALL = ATTACKS.join(" ");
const QUOTED = JSON.stringify(ALL);

describe("what strangers send is text", () => {
  const stage = setStage();
  let alice: Person;
  beforeEach(async () => {
    alice = await stage.arrive();
  });

  /** The page is as it was made: nothing of an attack has become an element of it, or has run. */
  const expectUnharmed = async () => {
    expect(await alice.page.title()).toBe("Circles");
    const made = "img, iframe, a, main script, [onerror], [onload], [onfocus], [srcdoc]";
    expect(await alice.page.locator(made).count()).toBe(0);
  };
  const expectShown = async (text = ATTACKS[2] ?? "") => {
    await alice.page.getByText(text).first().waitFor();
    await expectUnharmed();
  };

  it("[PG5] what a script prints and how it says it is on its way", async () => {
    await alice.run("print(args); progress(0.5, args); 1", { args: QUOTED });
    await alice.page.getByText(/^done after/).waitFor();
    expect(await alice.page.getByRole("log").textContent()).toBe(ALL);
    expect(await alice.page.locator(".progress").textContent()).toBe(ALL);
    await expectUnharmed();
  });

  it("[PG5] what a script answers: names and values, as a tree and as JSON", async () => {
    await alice.done("({ [args]: args, list: [args] })", { args: QUOTED });
    await expectShown();
    await alice.button("JSON").click();
    await expectShown();
  });

  it("[PG5] what a script throws, and the name under which it throws it", async () => {
    await alice.run("const error = new Error(args); error.name = args; throw error", { args: QUOTED });
    await expect.poll(() => alice.page.getByRole("alert").textContent()).toContain(ALL);
    await expectUnharmed();
  });

  it("[PG5] who asks in the inbox for what, with which script and arguments", async () => {
    await alice.allow("write", "**", { asks: true });
    await alice.see("Inbox");
    const name = `<b onmouseover=document.title='stolen'>x`;
    const bob = generateKeypair();
    const visit = await connect(await alice.circle(), { signer: bob });
    visit.play(`data.set(args[0].replaceAll(/["<>:=]/g, "_"), 1); // ${ALL}`, [name, ALL]).played.catch(() => {});
    await alice.page.getByRole("region", { name: "The script" }).getByText("onerror").waitFor();
    await expectShown();
    visit.close();
  });

  it("[PG5] names and contents of documents, and what the activity says of them", async () => {
    const name = "x onload=alert(1)";
    await alice.done(`data.set(${JSON.stringify(name)}, args); args`, { args: QUOTED });
    await alice.see("My circle");
    await alice.button(name).click();
    await expect.poll(() => alice.page.getByLabel(`Content of ${name}, as JSON`).inputValue()).toBe(QUOTED);
    await expectUnharmed();
    await alice.see("Activity");
    await expectShown();
  });

  it("[PG5] whatever a host makes of a guestbook and a whiteboard", async () => {
    const mallory = generateKeypair();
    const url = (await alice.circle()).replace(/[^/]+$/, mallory.publicKey);
    const own = await connect(url, { signer: mallory });
    await own.library.set(`
      const all = ${QUOTED};
      const entry = { name: all, text: all, key: all, points: all };
      export const entries = () => [entry, { name: null, text: { toString: 1 }, key: 7 }, entry];
      export const strokes = () => [entry, { key: all, points: [["\\" onload=alert(1)", all]] }, { points: 1e9 }, {}];
    `);
    await own.policy.set({ grants: [{ to: "*", allow: ["call:*", "subscribe:**"] }] });
    await alice.see("Together");
    await alice.page.getByLabel("Circle", { exact: true }).fill(url);
    await expectShown();
    await alice.button("Whiteboard").click();
    await alice.page.getByRole("application", { name: "Whiteboard with 4 lines" }).waitFor();
    await expectUnharmed();
    own.close();
  });

  it.each([
    ["entries that are none", "null", "null"],
    ["entries that are a text", `"text"`, "7"],
    ["entries that are nothing", "[null, 1, 'x']", "[null, 1, 'x']"],
  ])("[PG5] a host that tells %s does not break the page", async (_, entries, strokes) => {
    const mallory = generateKeypair();
    const url = (await alice.circle()).replace(/[^/]+$/, mallory.publicKey);
    const own = await connect(url, { signer: mallory });
    await own.library.set(`export const entries = () => (${entries}); export const strokes = () => (${strokes});`);
    await own.policy.set({ grants: [{ to: "*", allow: ["call:*", "subscribe:**"] }] });
    await alice.see("Together");
    await alice.page.getByLabel("Circle", { exact: true }).fill(url);
    await alice.button("Whiteboard").click();
    await alice.page.getByRole("application").waitFor();
    await alice.see("Inbox");
    await alice.page.getByText("Nobody asks for anything").waitFor();
    own.close();
  });

  it("[PG5] a relay that tells anything in a play's words and end does not break the page", async () => {
    await alice.page.routeWebSocket(/.*/, (toPage) => {
      const toRelay = toPage.connectToServer();
      toRelay.onMessage((message) => {
        const told = String(message)
          .replaceAll('"data":"strange"', '"data":{"a":[1]}')
          .replaceAll('"note":"strange"', '"note":{"b":null}')
          .replaceAll('"fraction":0.25', '"fraction":"x"');
        toPage.send(told);
      });
    });
    await alice.page.reload();
    await alice.done("print('strange'); progress(0.5, 'strange'); progress(0.25); 1");
    await alice.page.getByText('{"a":[1]}').waitFor();
    await alice.page.getByText('{"b":null}').waitFor();
    await alice.done("'and on'");
  });

  it("[PG2] of a play of which the relay does not know whether it happened, the page says so", async () => {
    await alice.page.routeWebSocket(/.*/, (toPage) => {
      const toRelay = toPage.connectToServer();
      toRelay.onMessage((message) => {
        const { id, result } = JSON.parse(String(message)) as { id?: number; result?: { output?: string } };
        const error = { code: -32603, message: "internal error", data: { outcome: "unknown" } };
        toPage.send(result?.output === "41" ? JSON.stringify({ jsonrpc: "2.0", id, error }) : message);
      });
    });
    await alice.page.reload();
    await alice.run("40 + 1");
    await alice.page.getByText(/^failed after .*; whether it happened, nobody here knows$/).waitFor();
    await alice.run("throw new Error()");
    await alice.page.getByText(/^failed after .*; nothing was written$/).waitFor();
  });

  it("[PG8] one who asks much does not hide what others ask", async () => {
    await alice.allow("write", "wishes/*", { asks: true });
    const [mallory, bob] = [generateKeypair(), generateKeypair()];
    const url = await alice.circle();
    const guests = await Promise.all([mallory, bob].map((signer) => connect(url, { signer })));
    const [first, second] = guests;
    const ask = async (circle: Circle | undefined, args: string) => {
      const play = circle?.play("data.set('wishes/a', args)", args);
      for await (const { kind } of play ?? []) if (kind === "waiting") return;
    };
    for (let i = 0; i < 5; i++) await ask(first, `${i}${"x".repeat(40_000)}`); // more than one answer of the relay holds
    await ask(second, "a small wish");
    await alice.see("Inbox");
    await alice.page.getByText('with "a small wish"').waitFor();
    await expect.poll(() => alice.page.getByRole("article").count()).toBe(4);
    await alice.button("2 more of this peer").click();
    await expect.poll(() => alice.page.getByRole("article").count()).toBe(6);
    for (const guest of guests) guest.close();
  });

  it("[PG10] what a host answers late is not drawn as another's", async () => {
    const makeHost = async (entry: string, ms: number) => {
      const signer = generateKeypair();
      const url = (await alice.circle()).replace(/[^/]+$/, signer.publicKey);
      const own = await connect(url, { signer });
      await own.library.set(`
        export const entries = () => {
          for (const end = Date.now() + ${ms}; Date.now() < end; );
          return [{ name: "${entry}", text: "", key: "" }];
        };`);
      await own.policy.set({ grants: [{ to: "*", allow: ["call:*", "subscribe:**"] }] });
      return { url, own };
    };
    const [slow, quick] = [await makeHost("the late one", 600), await makeHost("the quick one", 0)];
    await alice.see("Together");
    const target = alice.page.getByLabel("Circle", { exact: true });
    await target.fill(slow.url);
    await target.fill(quick.url);
    await alice.page.getByText("the quick one").waitFor();
    const key = await alice.publicKey();
    const calls = async () => (await slow.own.log.read({ caller: key })).records.length;
    await expect.poll(calls).toBe(1); // it has answered
    await alice.see("Inbox");
    await alice.see("Together");
    await alice.page.getByText("the quick one").waitFor();
    expect(await alice.page.getByText("the late one").count()).toBe(0);
    for (const { own } of [slow, quick]) own.close();
  });

  it("[PG14] the page comes with a policy that lets nothing in but its own files, and nobody frames it", async () => {
    const response = await fetch(stage.relay.page);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/script-src 'self'(;|$)/);
    expect(policy).toMatch(/style-src 'self'(;|$)/);
    expect(policy).not.toMatch(/unsafe|\*|https:|blob:/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  });
});
