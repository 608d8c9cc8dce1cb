import type { Browser, BrowserContext, Page } from "playwright";

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
      if (message.type() === "error" && !/WebSocket connection to/.test(message.text()))
        this.complaints.push(message.text());
    });
    page.on("pageerror", ({ message }) => this.complaints.push(message));
  }

  static async arrive(browser: Browser, url: string): Promise<Person> {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    const person = new Person(context, await context.newPage());
    person.page.setDefaultTimeout(6_000);
    await person.page.goto(url);
    await person.button("Run").waitFor();
    return person;
  }

  button(name: string) {
    return this.page.getByRole("button", { name, exact: true });
  }

  async see(view: string): Promise<void> {
    await this.page.getByRole("navigation").first().getByRole("button", { name: view }).click();
  }

  /** Writes a script, runs it where `target` says, and waits for nothing. */
  async run(script: string, { target = "", args = "" } = {}): Promise<void> {
    await this.see("Play");
    await this.page.getByLabel("Circle", { exact: true }).fill(target);
    await this.page.locator(".editor-host:not([hidden])").waitFor();
    const editor = this.page.getByRole("textbox", { name: "Script" });
    await editor.click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.press("Delete");
    await this.page.keyboard.insertText(script);
    await this.page.getByLabel("Arguments, as JSON").fill(args);
    await this.button("Run").click();
  }

  /** The link to this person's circle. */
  async circle(): Promise<string> {
    await this.page.locator("button.identity").click();
    const link = await this.page.getByRole("dialog").locator("code.wrap").textContent();
    await this.page.getByRole("dialog").getByRole("button", { name: "Close" }).click();
    return link ?? "";
  }

  leave(): Promise<void> {
    return this.#context.close();
  }
}
