// A page's whole program: it is bundled, measured, and played in Chromium at the relay that its address names.
import { connect, generateKeypair } from "@circles/sdk";

const alice = generateKeypair();
const circle = await connect(`${location.hash.slice(1)}/${alice.publicKey}`, { signer: alice });
const answer = await circle.play(
  ({ args, data }) => {
    data.set("answer", args.six * args.seven);
    return data.get("answer");
  },
  { six: 6, seven: 7 },
);
document.body.textContent = `The answer is ${answer}.`;
