import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright";

/** Somebody at the app, in a browser of their own. */
export class Person {
  readonly page: Page;
  /** What the page complained of: there is to be nothing, its Content-Security-Policy included. */
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("console", (message) => {
      // Chrome says so of each connection that is lost, whoever heals it.
      if (message.type() === "error" && !/WebSocket connection to/.test(message.text()))
        this.complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => this.complaints.push(message));
  }

  static async arrive(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
    const person = new Person(context, await context.newPage());
    person.page.setDefaultTimeout(10_000);
    await person.page.goto(url);
    await person.button("Run").waitFor();
    return person;
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole("button", { name, exact: true });
  }

  /** A pane of the page: the first is whose page it is. */
  pane(place: number): Locator {
    return this.page.locator("section.pane").nth(place);
  }

  async see(view: string, pane = this.pane(0)): Promise<void> {
    await pane.getByRole("navigation").getByRole("button", { name: view }).click();
  }

  /** Writes a script, runs it where `target` says, and waits for nothing. */
  async run(script: string, { target = "", args = "" } = {}): Promise<void> {
    await this.see("Play");
    await this.page.getByLabel("Circle", { exact: true }).fill(target);
    await this.write("Script", script);
    await this.page.getByLabel("Arguments, as JSON").fill(args);
    await this.button("Run").click();
  }

  /** Puts a text into one of the editors, as typing over what is there. */
  async write(editor: string, text: string): Promise<void> {
    await this.page.locator(".editor-host:not([hidden])").first().waitFor();
    await this.page.getByRole("textbox", { name: editor }).click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(text);
  }

  /** Runs a script and resolves when it is done. */
  async done(script: string, options: { target?: string; args?: string } = {}): Promise<void> {
    await this.run(script, options);
    await this.page.getByText(/^done after/).waitFor();
  }

  /** Fills in the form of the view "Who may do what". */
  async allow(kind: string, what: string, { asks = false } = {}): Promise<void> {
    await this.see("Who may do what");
    const form = this.page.getByRole("form", { name: "Allow something" });
    await form.getByLabel("May", { exact: true }).selectOption(kind);
    await form.getByLabel("Which").fill(what);
    if (asks) await form.getByLabel("Ask me each time").check();
    await form.getByRole("button", { name: "Allow", exact: true }).click();
    await form.getByText("Say which, and it stands here in words.").waitFor(); // it is empty again
  }

  /** What the dialog of identities says in answer to `read`. */
  async identities<T>(read: (dialog: Locator) => Promise<T>): Promise<T> {
    await this.page.locator("button.identity").click();
    const dialog = this.page.getByRole("dialog");
    const answer = await read(dialog);
    await dialog.getByRole("button", { name: "Close" }).click();
    return answer;
  }

  /** `ws://host:port/key` of this person's circle. */
  circle(): Promise<string> {
    return this.identities(async (dialog) => {
      const said = await dialog.getByText("For programs:").textContent();
      return /wss?:\S+/.exec(said ?? "")?.[0] ?? "";
    });
  }

  async publicKey(): Promise<string> {
    const url = await this.circle();
    return url.slice(url.lastIndexOf("/") + 1);
  }

  leave(): Promise<void> {
    return this.#context.close();
  }
}
