import type { CanonicalJsonVectors } from "../read-vectors.ts";

/** Written by hand from RFC 8785, so that no serialiser is its own judge. */
export function canonicalJsonVectors(): CanonicalJsonVectors {
  return {
    values: VALUES.map(([comment, json, canonical]) => ({ comment, json, canonical })),
    numbers: NUMBERS.map(([ieee754, canonical]) => ({ ieee754, canonical })),
    refused: REFUSED.map(([comment, json]) => ({ comment, json })),
  };
}

const nested = (levels: number, open: string, inside: string, close: string) =>
  open.repeat(levels) + inside + close.repeat(levels);

const VALUES: readonly (readonly [comment: string, json: string, canonical: string])[] = [
  ["null", "null", "null"],
  ["true and false", " [true , false]\n", "[true,false]"],
  ["an empty object", "{ }", "{}"],
  ["an empty array", "[\t]", "[]"],
  ["an empty text", '""', '""'],
  ["an empty name", '{"": {"": ""}}', '{"":{"":""}}'],
  [
    "RFC 8785 §3.2.2",
    '{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], "string": "\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/", "literals": [null, true, false]}',
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  ],
  [
    "RFC 8785 §3.2.3: names sorted by UTF-16 units, so U+1F600 comes before U+FB33",
    '{"\\u20ac": "Euro Sign", "\\r": "Carriage Return", "\\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One", "\\ud83d\\ude00": "Emoji: Grinning Face", "\\u0080": "Control", "\\u00f6": "Latin Small Letter O With Diaeresis"}',
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
  ["names that are numbers are sorted as text", '{"10": 1, "9": 2, "1": 3, "-1": 4}', '{"-1":4,"1":3,"10":1,"9":2}'],
  ["a name before the names it begins", '{"aa": 1, "a": 2, "": 3, "ab": 4}', '{"":3,"a":2,"aa":1,"ab":4}'],
  ["capitals before small letters, no locale", '{"a": 1, "B": 2, "\\u00e4": 3, "z": 4}', '{"B":2,"a":1,"z":4,"ä":3}'],
  [
    "names at every level, arrays in their order",
    '[{"b": [{"d": 1, "c": 2}], "a": 3}]',
    '[{"a":3,"b":[{"c":2,"d":1}]}]',
  ],
  [
    "names that objects of some languages have already",
    '{"toString": 1, "__proto__": 2, "constructor": 3}',
    '{"__proto__":2,"constructor":3,"toString":1}',
  ],
  ["of two members with one name the last counts", '{"a": 1, "a": 2}', '{"a":2}'],
  ["composed and not composed names are two", '{"\\u00e9": 1, "e\\u0301": 2}', '{"e\u0301":2,"é":1}'],
  [
    "control characters, in the short form where there is one",
    '"\\u0000\\u0001\\u0007\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u001f\\u0020"',
    '"\\u0000\\u0001\\u0007\\b\\t\\n\\u000b\\f\\r\\u001f "',
  ],
  [
    "characters that are written as they are",
    '"\\u007f\\u0080\\u2028\\u2029\\ufeff\\uffff\\/<>&\'"',
    '"\u007f\u0080\u2028\u2029\ufeff\uffff/<>&\'"',
  ],
  ["surrogate pairs", '"\\ud834\\udd1e \\uD83D\\uDE00"', '"𝄞 😀"'],
  ["whole numbers", "[0, -0, 0.0, 1.0, -1, 1e0, 100E-2]", "[0,0,0,1,-1,1,1]"],
  [
    "large whole numbers lose what a double cannot hold",
    "[9007199254740993, 12345678901234567890, 1e21]",
    "[9007199254740992,12345678901234567000,1e+21]",
  ],
  ["small numbers", "[0.000001, 0.0000001, 1e-400, -1e-400]", "[0.000001,1e-7,0,0]"],
  ["128 arrays inside each other", nested(128, "[", "", "]"), nested(128, "[", "", "]")],
  ["128 objects inside each other", nested(128, '{"a": ', "1", "}"), nested(128, '{"a":', "1", "}")],
];

/** RFC 8785, appendix B, without the two values that are no numbers; then powers of two and neighbours of round numbers. */
const NUMBERS: readonly (readonly [ieee754: string, canonical: string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
  ["3ff0000000000000", "1"],
  ["3ff0000000000001", "1.0000000000000002"],
  ["3fefffffffffffff", "0.9999999999999999"],
  ["3fd3333333333334", "0.30000000000000004"],
  ["0010000000000000", "2.2250738585072014e-308"],
  ["000fffffffffffff", "2.225073858507201e-308"],
  ["433fffffffffffff", "9007199254740991"],
  ["3fb999999999999a", "0.1"],
];

const REFUSED: readonly (readonly [comment: string, json: string])[] = [
  ["a high surrogate alone", '"\\ud83d"'],
  ["a low surrogate alone", '"\\ude00"'],
  ["surrogates in the wrong order", '"\\ude00\\ud83d"'],
  ["a surrogate alone between letters", '"a\\ud800b"'],
  ["a surrogate alone in a name", '{"\\udfff": 1}'],
  ["a surrogate alone, deep inside", '{"a": [{"b": "\\ud800"}]}'],
  ["a number above every double", "1e400"],
  ["a number below every double", "[-1e400]"],
  ["129 arrays inside each other", nested(129, "[", "", "]")],
  ["129 objects inside each other", nested(129, '{"a": ', "1", "}")],
  ["arrays and objects inside each other, 130 in all", nested(65, '[{"a": ', "1", "}]")],
  ["10000 arrays inside each other", nested(10_000, "[", "", "]")],
];
