// A page whose key lies in a vault, under a Content Security Policy that allows nothing but its own files.
import { connect } from "@circles/sdk";
import { openVault } from "@circles/sdk/vault";

const vault = await openVault();
const alice = await vault.create("Alice");
const circle = await connect(`${location.hash.slice(1)}/${alice.publicKey}`, { signer: alice });
const answer = await circle.play(({ args }) => args.six * args.seven, { six: 6, seven: 7 });
document.body.textContent = `The answer is ${answer}.`;
