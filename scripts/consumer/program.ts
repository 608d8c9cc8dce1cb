// Compiled, never run: what a program sees of the packed declarations.
import { type Circle, connect, generateKeypair, type Signer } from "@circles/sdk";
import { verifySignature } from "@circles/sdk/keys";
import { type PublicKey, parsePublicKey } from "@circles/sdk/protocol";
import { connectWallet, type WalletProvider } from "@circles/sdk/wallet";

const signer: Signer = generateKeypair();
const owner: PublicKey = parsePublicKey(signer.publicKey);
const circle: Circle = await connect(`ws://localhost:8090/${owner}`, { signer });

const sum: number = await circle.play(({ args }) => args.a + args.b, { a: 1, b: 2 });
for await (const output of circle.play("print(1)")) if (output.kind === "print") console.log(output.data, sum);

// @ts-expect-error a play of numbers has no text for its result
const text: string = await circle.play(({ args }) => args.a, { a: 1 });
// @ts-expect-error whoever connects has to be somebody
await connect(`ws://localhost:8090/${owner}`, {});

declare const ethereum: WalletProvider;
const owned: Signer = await connectWallet(ethereum, { device: signer, circles: "*", lifetimeS: 3600 });
await connect(`ws://localhost:8090/${owned.publicKey}`, { signer: owned });

console.log(verifySignature, text);
