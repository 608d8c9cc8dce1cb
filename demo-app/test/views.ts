import { connect, generateKeypair } from "@circles/sdk";
import type { Person } from "./person.ts";
import type { Stage } from "./stage.ts";

/** A view of the page as people have it after a while, with something in it. */
export type View = {
  readonly name: string;
  readonly prepare: (person: Person, stage: Stage) => Promise<void>;
};

const WEATHER = `data.set("notes/today", { weather: "sunny", degrees: 21 });
data.set("notes/tomorrow", { weather: "rain" });
print("two notes written");
({ notes: data.list("notes/"), by: CALLER_PUBLIC_KEY });`;

async function openMine(person: Person): Promise<void> {
  await person.see("Together");
  const notOpen = person.page.getByText("It is not open yet.");
  await notOpen.waitFor();
  await person.button("Open mine to anyone").click();
  await notOpen.waitFor({ state: "detached" });
}

export const VIEWS: readonly View[] = [
  {
    name: "play",
    async prepare(person) {
      await person.done(WEATHER);
      await person.done("({ visits: 7, last: data.get('notes/today') })");
    },
  },
  {
    name: "circle",
    async prepare(person) {
      await person.done(WEATHER);
      await person.see("My circle");
      await person.button("notes/today").click();
      await person.page.getByLabel("Content of notes/today, as JSON").waitFor();
      await person.page.locator(".storage meter").waitFor();
    },
  },
  {
    name: "access",
    async prepare(person) {
      await person.allow("call", "sign_guestbook");
      await person.allow("read", "notes/**");
      await person.allow("write", "suggestions/*", { asks: true });
      await person
        .button(/^Change: /)
        .last()
        .click();
      await person.page.getByRole("form", { name: "Change this grant" }).waitFor();
    },
  },
  {
    name: "inbox",
    async prepare(person) {
      await person.allow("write", "suggestions/*", { asks: true });
      const visit = await connect(await person.circle(), { signer: generateKeypair() });
      visit.play(`data.set("suggestions/cake", args);\n"thanks"`, "more of it").played.catch(() => {}); // nobody answers
      await person.see("Inbox");
      await person.button("Allow once").first().waitFor();
      visit.close();
    },
  },
  {
    name: "activity",
    async prepare(person) {
      await person.done(WEATHER);
      await person.run("missing.thing");
      await person.page.getByText(/^failed after/).waitFor();
      const visit = await connect(await person.circle(), { signer: generateKeypair() });
      await visit.play("1").played.catch(() => {}); // denied, as it is to be
      visit.close();
      await person.see("Activity");
      await person.page.getByText("one play").first().waitFor();
      await person.page.getByText(/^✓ Records/).waitFor();
    },
  },
  {
    name: "guestbook",
    async prepare(person) {
      await openMine(person);
      for (const text of ["What a nice circle!", "Second that."]) {
        await person.page.getByLabel("Write something").fill(text);
        await person.button("Sign").click();
        await person.page.getByText(text).last().waitFor();
      }
    },
  },
  {
    name: "whiteboard",
    async prepare(person) {
      await openMine(person);
      await person.button("Whiteboard").click();
      const own = await connect(await person.circle(), { signer: generateKeypair() });
      const circle = (x: number, y: number, r: number) =>
        Array.from({ length: 33 }, (_, i) => [
          Math.round(x + r * Math.cos((i * Math.PI) / 16)),
          Math.round(y + r * Math.sin((i * Math.PI) / 16)),
        ]);
      await own.call("draw", circle(420, 300, 170));
      own.close();
      const other = await connect(await person.circle(), { signer: generateKeypair() });
      await other.call("draw", circle(580, 300, 170));
      other.close();
      await person.page.getByRole("application", { name: /with ([2-9]|\d\d) lines/ }).waitFor();
    },
  },
  {
    name: "identities",
    async prepare(person) {
      await person.page.locator("button.identity").click();
      await person.page.getByRole("img", { name: "QR code of this link" }).locator("path[d*='M']").waitFor();
    },
  },
  {
    name: "side-by-side",
    async prepare(person) {
      await person.button("Side by side").click();
      const visitor = person.pane(1);
      await visitor.getByRole("button", { name: "Run", exact: true }).click();
      await visitor.getByText("The circle's owner does not allow that").waitFor();
      await person.see("Who may do what");
    },
  },
];
