import { createHash } from "node:crypto";

const MASK = 2n ** 64n - 1n;
/** Bytes of the state that take in the message, for 256 bits of hash. */
const RATE = 136;

/** Keccak-256 as Ethereum uses it: FIPS 202 with the padding that Keccak had before it. Hex of the hash of the bytes. */
export function keccak256(bytes: Uint8Array): string {
  // SHA3-256 differs in one byte of padding, and Node has it: what is computed here is held against that.
  if (sponge(bytes, 0x06) !== createHash("sha3-256").update(bytes).digest("hex")) {
    throw new Error("keccak: expected to agree with SHA3-256 where the padding is the same");
  }
  return sponge(bytes, 0x01);
}

function sponge(bytes: Uint8Array, padding: number): string {
  const padded = new Uint8Array(Math.ceil((bytes.length + 1) / RATE) * RATE);
  padded.set(bytes);
  padded[bytes.length] = padding;
  padded[padded.length - 1] = (padded.at(-1) ?? 0) | 0x80;
  let state: bigint[] = Array.from({ length: 25 }, () => 0n);
  const view = new DataView(padded.buffer);
  for (let start = 0; start < padded.length; start += RATE) {
    state = permute(state.map((lane, i) => (i < RATE / 8 ? lane ^ view.getBigUint64(start + 8 * i, true) : lane)));
  }
  const hash = Buffer.alloc(32);
  for (const i of [0, 1, 2, 3]) hash.writeBigUInt64LE(state[i] ?? 0n, 8 * i);
  return hash.toString("hex");
}

/** Keccak-f[1600], FIPS 202 §3.3. The lane at column x and row y is number x + 5y. */
function permute(start: bigint[]): bigint[] {
  let lanes = start;
  let register = 1;
  for (let round = 0; round < 24; round++) {
    lanes = chi(rhoAndPi(theta(lanes)));
    // Iota: bits of a linear feedback shift register at the places 2^j - 1.
    let constant = 0n;
    for (let j = 0n; j < 7n; j++) {
      if (register & 1) constant |= 1n << ((1n << j) - 1n);
      register = register & 0x80 ? ((register << 1) ^ 0x171) & 0xff : register << 1;
    }
    lanes = lanes.map((lane, i) => (i === 0 ? lane ^ constant : lane));
  }
  return lanes;
}

function theta(lanes: bigint[]): bigint[] {
  const parity = [0, 1, 2, 3, 4].map((x) => [0, 1, 2, 3, 4].reduce((sum, y) => sum ^ at(lanes, x, y), 0n));
  return lanes.map((lane, i) => lane ^ (parity[(i + 4) % 5] ?? 0n) ^ rotate(parity[(i + 1) % 5] ?? 0n, 1));
}

function rhoAndPi(lanes: bigint[]): bigint[] {
  const moved = [...lanes];
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(at(lanes, x, y), (((t + 1) * (t + 2)) / 2) % 64);
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return moved;
}

function chi(lanes: bigint[]): bigint[] {
  return lanes.map((lane, i) => {
    const [x, y] = [i % 5, Math.floor(i / 5)];
    return lane ^ (~at(lanes, (x + 1) % 5, y) & MASK & at(lanes, (x + 2) % 5, y));
  });
}

function at(lanes: bigint[], x: number, y: number): bigint {
  return lanes[x + 5 * y] ?? 0n;
}

function rotate(lane: bigint, by: number): bigint {
  return ((lane << BigInt(by)) | (lane >> BigInt(64 - by))) & MASK;
}
