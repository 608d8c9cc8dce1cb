import { generateKeypair } from "@circles/sdk";
import { describe, expect, it } from "vitest";
import { UsageError } from "./option-values.ts";
import { parseWorkerCommand, WORKER_HELP } from "./worker-options.ts";

const [key, other] = [generateKeypair().publicKey, generateKeypair().publicKey];
const URL = "redis://localhost:6379";
const parse = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  parseWorkerCommand(argv, env, { processors: 4 });

describe("what a worker is told", () => {
  it("[CL10] is nothing but where Redis is, if need be", () => {
    expect(parse(["--redis-url", URL])).toEqual({
      do: "run",
      options: {
        redisUrls: [URL],
        isCluster: false,
        circles: [],
        trustedGateways: [],
        trustRelay: false,
        dbPath: "./circles-data",
        durability: "strict",
        circleBytes: 256 * 2 ** 20,
        keepLogMs: undefined,
        threads: 4,
        logLevel: "info",
      },
    });
  });

  it("[CL2] may stand in variables, and the command line wins", () => {
    const env = {
      CIRCLES_REDIS_URL: `${URL} rediss://other:1`,
      CIRCLES_CIRCLE_PUBLIC_KEY: `${key},${other}`,
      CIRCLES_TRUST_GATEWAY: other,
      CIRCLES_TRUST_RELAY: "1",
      CIRCLES_REDIS_CLUSTER: "1",
      CIRCLES_THREADS: "3",
    };
    expect(parse([], env)).toMatchObject({
      options: {
        redisUrls: [URL, "rediss://other:1"],
        circles: [key, other],
        trustedGateways: [other],
        trustRelay: true,
        isCluster: true,
        threads: 3,
      },
    });
    expect(parse(["--circle-public-key", other, "--threads", "1"], env)).toMatchObject({
      options: { circles: [other], threads: 1 },
    });
  });

  it.each([
    [[], /--redis-url: expected one, got none/],
    [["--redis-url", "http://x"], /--redis-url: expected redis:/],
    [["--redis-url", URL, "--circle-public-key", "bob"], /--circle-public-key: public key: expected/],
    [["--redis-url", URL, "--trust-gateway", "x"], /--trust-gateway: public key: expected/],
    [["--redis-url", URL, "--threads", "0"], /--threads: expected a whole number/],
    [["--redis-url", URL, "--durability", "lax"], /--durability: expected strict or relaxed/],
    [["--redis-url", URL, "--log-level", "loud"], /--log-level: expected one of/],
    [["--redis-url", URL, "--port", "1"], /port/],
    [["--redis-url", URL, "stray"], /stray/],
  ] as const)("[CL2] %j makes no sense, and the sentence says why", (argv, sentence) => {
    expect(() => parse(argv)).toThrow(UsageError);
    expect(() => parse(argv)).toThrow(sentence);
  });

  it("[CL10] repeats no password", () => {
    expect(() => parse(["--redis-url", "http://user:geheim@x"])).toThrow(expect.not.stringContaining("geheim"));
  });

  it("[CL1] is all in its help", () => {
    for (const option of [
      "redis-url",
      "redis-cluster",
      "circle-public-key",
      "trust-gateway",
      "trust-relay",
      "db-path",
    ]) {
      expect(WORKER_HELP).toContain(`--${option}`);
    }
    expect(parse(["--help"])).toEqual({ do: "help" });
    expect(parse(["-v"])).toEqual({ do: "version" });
  });
});
