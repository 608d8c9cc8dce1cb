import { connect, generateKeypair } from "@circles/sdk";

const [alice, bob] = [generateKeypair(), generateKeypair()];
const url = `ws://localhost:8090/${bob.publicKey}`;

// Bob publishes one function, and what strangers may do: call it, and, if he allows it each time, leave a note.
const bobs = await connect(url, { signer: bob });
await bobs.library.set(`
  export function sign_guestbook(name) {
    const guests = data.get("guests") ?? [];
    data.set("guests", [...guests, { name, key: CALLER_PUBLIC_KEY }]);
    return "You are guest number " + (guests.length + 1);
  }
`);
await bobs.policy.set({
  grants: [
    { to: "*", allow: ["call:sign_guestbook"], limits: { plays_per_minute: 30 } },
    { to: "*", allow: ["write:notes/*"], approval: "ask" },
  ],
});

// Alice, a stranger, signs; reading is not for her; and her note waits for Bob.
const alices = await connect(url, { signer: alice });
console.log(await alices.call("sign_guestbook", "Alice"));
await alices.play(({ data }) => data.get("guests")).played.catch(({ message }) => console.log(message));
const note = alices.play(({ data, args }) => data.set("notes/alice", args.text), { text: "Hello Bob!" });
for await (const { kind, data } of note) {
  if (kind !== "waiting") continue;
  const [asked] = await bobs.inbox.list();
  console.log(`Bob allows ${data.capability} to this script, once: ${asked.script}`);
  await bobs.inbox.allow(asked.id);
}
console.log(await bobs.play(({ data }) => data.get("notes/alice")));
for (const circle of [alices, bobs]) circle.close();
