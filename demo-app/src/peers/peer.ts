import { type Circle, connect, type Signer } from "@circles/sdk";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Asking } from "../inbox/asking.ts";
import { Desk } from "../play/desk.ts";
import { parseTarget } from "./target.ts";

/** How the connection to a peer's own circle stands, for the eye. */
export type Standing = "connecting" | "open" | "lost";

/** Circles of others that stay connected; of more, the one that was asked for longest ago is left. */
const MOST_VISITED = 8;

/** One identity at work in this page: its own circle, and those that it visits. */
export class Peer {
  readonly publicKey: string;
  readonly name: string;
  readonly signer: Signer;
  /** `ws://host:port`, without a circle. */
  readonly relay: string;
  /** By URL; the one that was asked for longest ago first. */
  readonly #circles = new Map<string, Promise<Circle>>();
  readonly #standing = signal<Standing>("connecting");
  readonly standing: ReadonlySignal<Standing> = computed(() => this.#standing.value);
  /** The circle to which the peer turns, as somebody named it; empty for its own. */
  readonly target = signal("");
  readonly desk = new Desk();
  readonly asking = new Asking(this);
  readonly #gone = new AbortController();
  /** Counts what may have changed the peer's own circle from here, so that views know when to look again. */
  readonly changes = signal(0);

  constructor({ signer, name, relay }: { signer: Signer; name: string; relay: string }) {
    this.publicKey = signer.publicKey;
    this.name = name;
    this.signer = signer;
    this.relay = relay;
  }

  get ownUrl(): string {
    return `${this.relay}/${this.publicKey}`;
  }

  /** Aborts when the peer leaves. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** The peer's own circle. Rejects as `connect`; the next call tries again. */
  own(): Promise<Circle> {
    return this.circle(this.ownUrl);
  }

  /** The circle to which it turns. Rejects as `connect`, and with `TypeError` if that is none. */
  async turnedTo(): Promise<Circle> {
    return this.circle(parseTarget(this.target.value, this));
  }

  /** A circle by its URL, dialled once and kept. Rejects as `connect`, the next call tries again; and of a peer that has left. */
  circle(url: string): Promise<Circle> {
    if (this.gone.aborted) return Promise.reject(new Error("peer: expected one that is here, got one that has left"));
    const circle = this.#circles.get(url) ?? this.#keep(url, this.#dial(url));
    this.#circles.delete(url);
    this.#circles.set(url, circle);
    this.#leaveOldest();
    return circle;
  }

  /** Something was played in the own circle. */
  changed(): void {
    this.changes.value += 1;
  }

  /** Leaves: nothing is dialled any more, and every circle is closed. */
  close(): void {
    this.#gone.abort();
    for (const circle of this.#circles.values()) closeWhenOpen(circle);
    this.#circles.clear();
  }

  async #dial(url: string): Promise<Circle> {
    const isOwn = url === this.ownUrl;
    try {
      const circle = await connect(url, { signer: this.signer });
      if (isOwn) this.#watch(circle);
      return circle;
    } catch (error) {
      if (isOwn) this.#standing.value = "lost";
      throw error;
    }
  }

  #watch(circle: Circle): void {
    this.#standing.value = "open";
    circle.on("connecting", () => {
      this.#standing.value = "connecting";
    });
    circle.on("open", () => {
      this.#standing.value = "open";
    });
    circle.on("closed", () => {
      this.#standing.value = "lost";
    });
  }

  #leaveOldest(): void {
    const visited = Array.from(this.#circles.keys()).filter((url) => url !== this.ownUrl);
    for (const url of visited.slice(0, -MOST_VISITED)) {
      const circle = this.#circles.get(url);
      this.#circles.delete(url);
      if (circle) closeWhenOpen(circle);
    }
  }

  /** Until it is closed, or cannot be dialled. */
  #keep(url: string, circle: Promise<Circle>): Promise<Circle> {
    const forget = () => {
      if (this.#circles.get(url) === circle) this.#circles.delete(url);
    };
    circle.then(async ({ closed }) => closed.then(forget), forget);
    return circle;
  }
}

function closeWhenOpen(circle: Promise<Circle>): void {
  circle.then(
    (one) => one.close(),
    () => {}, // whoever asked for it was told
  );
}
