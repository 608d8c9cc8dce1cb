import type { SignatureCase } from "../read-vectors.ts";
import { secretOf, sha256, signWith } from "./ecdsa.ts";
import { G, times } from "./secp256k1.ts";
import { numbersCase } from "./signature-case.ts";

/** Of 6.5 thousand million messages "special hash N", those whose SHA-256 has four bytes of 00 or ff in a row. */
const FOUND: readonly number[] = [
  5_977_273, 154_484_630, 273_231_150, 279_688_654, 296_264_023, 413_317_102, 459_333_495, 489_341_688, 524_952_888,
  545_159_463, 674_112_689, 915_036_104, 924_281_923, 968_065_029, 984_003_791, 1_120_261_887, 1_198_918_423,
  1_264_981_112, 1_311_117_632, 1_311_308_115, 1_332_813_594, 1_450_305_997, 1_478_861_018, 1_597_160_538,
  1_783_397_212, 1_809_205_816, 1_947_155_139, 2_217_544_150, 2_265_416_280, 2_318_313_304, 2_431_730_433,
  2_442_734_907, 2_516_141_131, 2_800_129_790, 2_930_752_399, 3_031_457_300, 3_042_539_506, 3_133_792_407,
  3_134_087_509, 3_212_807_103, 3_228_877_428, 3_520_353_335, 3_581_399_971, 3_627_243_188, 3_754_262_388,
  3_897_203_226, 3_918_171_616, 3_930_379_838, 4_044_929_850, 4_106_879_063, 4_344_920_570, 4_391_892_411,
  4_582_537_033, 4_675_714_727, 4_761_834_852, 4_814_282_981, 4_943_186_564, 4_986_139_420, 4_994_601_810,
  5_043_948_320, 5_212_568_539, 5_662_140_112, 5_777_550_883, 5_899_781_946, 6_008_461_824, 6_032_055_508,
  6_170_498_109, 6_265_473_554,
];

/** Hashes that begin with zeros, nearly reach n, or carry long runs through the limbs of a number. */
export function specialHashCases(): SignatureCase[] {
  return FOUND.map((number) => {
    const message = `special hash ${number}`;
    const hash = sha256(message);
    const at = runStart(hash);
    const secret = secretOf(message);
    return numbersCase({
      comment: `the hash has four bytes of ${hash.slice(2 * at, 2 * at + 2)} from byte ${at} on`,
      flags: ["SpecialCaseHash"],
      key: times(secret, G),
      message,
      numbers: signWith(secret, secretOf(`k for ${message}`), message),
      valid: true,
    });
  });
}

function runStart(hash: string): number {
  for (let at = 0; at <= 28; at++) if (/^(?:0{8}|f{8})/.test(hash.slice(2 * at))) return at;
  throw new Error(`hash ${hash}: expected four equal bytes of 00 or ff in a row`);
}
