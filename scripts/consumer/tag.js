// A page without a bundler: the SDK came by a script tag.
const { connect, generateKeypair } = globalThis.circles;

const alice = generateKeypair();
const circle = await connect(`${location.hash.slice(1)}/${alice.publicKey}`, { signer: alice });
const answer = await circle.play(({ args }) => args.six * args.seven, { six: 6, seven: 7 });
document.body.textContent = `The answer is ${answer}.`;
