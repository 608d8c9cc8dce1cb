import { DurableObject } from "cloudflare:workers";

/** One per peer, as a circle is. Its storage holds an answer back until what was written before is on the disk. */
export class Peer extends DurableObject {
  fetch() {
    const [theirs, ours] = Object.values(new WebSocketPair());
    ours.accept();
    ours.addEventListener("message", ({ data }) => ours.send(this.#answer(data)));
    return new Response(null, { status: 101, webSocket: theirs });
  }

  #answer(text) {
    const { id, method } = JSON.parse(text);
    let n = this.ctx.storage.kv.get("n") ?? 0;
    if (method === "write") {
      n += 1;
      this.ctx.storage.kv.put("n", n);
    }
    return JSON.stringify({ jsonrpc: "2.0", id, result: n });
  }
}

export default {
  fetch(request, { PEERS }) {
    return PEERS.get(PEERS.idFromName(new URL(request.url).pathname)).fetch(request);
  },
};
