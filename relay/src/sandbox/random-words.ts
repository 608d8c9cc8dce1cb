// Drawn ahead: one call to the system's generator for many plays.
const drawn = new Uint32Array(1024);
let taken = drawn.length;

/** Four words to seed a play's `Math.random`, used once. */
export function randomWords(): number[] {
  if (taken === drawn.length) {
    crypto.getRandomValues(drawn);
    taken = 0;
  }
  taken += 4;
  return Array.from(drawn.subarray(taken - 4, taken));
}
