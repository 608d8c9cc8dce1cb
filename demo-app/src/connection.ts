import { type Circle, connect, type Signer } from "@circles/sdk";

/** One connection, kept as long as the same circle is played in and dialled again when it was lost. */
export class Connection {
  readonly #signer: Signer;
  #address = "";
  #circle: Promise<Circle> | undefined;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** The circle at an address, `ws://host:port/{public key}`. Rejects as `connect` does. */
  to(address: string): Promise<Circle> {
    if (this.#circle && this.#address === address) return this.#circle;
    void this.#circle?.then((circle) => circle.close());
    const dialled = connect(address, { signer: this.#signer });
    this.#address = address;
    this.#circle = dialled;
    const forget = () => {
      if (this.#circle === dialled) this.#circle = undefined;
    };
    dialled.then(({ closed }) => closed.then(forget), forget);
    return dialled;
  }
}
