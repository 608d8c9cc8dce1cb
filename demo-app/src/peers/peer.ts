import { type Circle, connect, type Signer } from "@circles/sdk";
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Asking } from "../inbox/asking.ts";
import { Desk } from "../play/desk.ts";

/** How the connection to a peer's own circle stands, for the eye. */
export type Standing = "connecting" | "open" | "lost";

/** One identity at work in this page: its own circle, and those that it visits. */
export class Peer {
  readonly publicKey: string;
  readonly name: string;
  readonly signer: Signer;
  /** `ws://host:port`, without a circle. */
  readonly relay: string;
  readonly #circles = new Map<string, Promise<Circle>>();
  readonly #standing = signal<Standing>("connecting");
  readonly standing: ReadonlySignal<Standing> = computed(() => this.#standing.value);
  /** The circle to which the peer turns, as somebody named it; empty for its own. */
  readonly target = signal("");
  readonly desk = new Desk();
  readonly asking = new Asking(this);
  readonly #ends = new Set<() => void>();
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

  /** The peer's own circle. Rejects as `connect`; the next call tries again. */
  own(): Promise<Circle> {
    return this.circle(this.ownUrl);
  }

  /** A circle by its URL, dialled once and kept. Rejects as `connect`; the next call tries again. */
  circle(url: string): Promise<Circle> {
    const known = this.#circles.get(url);
    if (known) return known;
    const dialled = this.#dial(url);
    this.#circles.set(url, dialled);
    dialled.catch(() => this.#circles.delete(url));
    return dialled;
  }

  /** Something was played in the own circle. */
  changed(): void {
    this.changes.value += 1;
  }

  /** For what follows the peer as long as it is here. */
  onClose(end: () => void): void {
    this.#ends.add(end);
  }

  close(): void {
    for (const end of this.#ends) end();
    for (const circle of this.#circles.values()) {
      circle.then(
        (one) => one.close(),
        () => {},
      );
    }
    this.#circles.clear();
  }

  async #dial(url: string): Promise<Circle> {
    const isOwn = url === this.ownUrl;
    try {
      const circle = await connect(url, { signer: this.signer });
      if (isOwn) this.#watch(circle);
      circle.on("closed", () => this.#circles.delete(url));
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
}
