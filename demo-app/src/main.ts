import { generateKeypair, type Play } from "@circles/sdk";
import { Connection } from "./connection.ts";
import { EXAMPLE } from "./example.ts";
import { Output } from "./output.ts";

const form = element("play", HTMLFormElement);
const address = element("address", HTMLInputElement);
const script = element("script", HTMLTextAreaElement);
const run = element("run", HTMLButtonElement);
const cancel = element("cancel", HTMLButtonElement);
const status = element("status", HTMLElement);
const output = new Output({ log: element("output", HTMLElement), progress: element("progress", HTMLProgressElement) });

const peer = generateKeypair();
const connection = new Connection(peer);
let playing: Play<unknown> | undefined;

element("public-key", HTMLElement).textContent = peer.publicKey;
element("origin", HTMLElement).textContent = location.origin;
address.value = `ws://localhost:8090/${peer.publicKey}`;
script.value = EXAMPLE;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void play();
});
script.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(run);
});
cancel.addEventListener("click", () => {
  playing?.cancel().catch(() => {}); // the play's own failure says what there is to say
});

async function play(): Promise<void> {
  run.disabled = true;
  output.clear();
  try {
    status.textContent = "connecting…";
    const circle = await connection.to(address.value);
    playing = circle.play(script.value);
    cancel.disabled = false;
    status.textContent = "running…";
    for await (const said of playing) output.show(said);
    output.result(await playing);
    status.textContent = "done";
  } catch (error) {
    output.failure(error);
    status.textContent = "failed";
  } finally {
    playing = undefined;
    cancel.disabled = true;
    run.disabled = false;
  }
}

/** The page's element of this id. @throws {TypeError} if index.html has none of that kind. */
function element<E extends HTMLElement>(id: string, kind: abstract new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`#${id}: expected a ${kind.name} in the page, got none`);
}
