import { createClient } from "redis";

// The other side of a bare request and reply over two lists: pops as many as there are, answers each.
const client = createClient({ url: process.argv[2] ?? "", RESP: 2, commandOptions: { timeout: undefined } });
await client.connect();
process.stdout.write("ready at ws://nowhere/\n");
for (;;) {
  const popped = await client.sendCommand(["BLMPOP", "1", "1", "bench:requests", "RIGHT", "COUNT", "512"]);
  for (const text of popped?.[1] ?? []) {
    const { id } = JSON.parse(text);
    void client.sendCommand(["LPUSH", "bench:replies", JSON.stringify({ id, result: 2 })]);
  }
}
