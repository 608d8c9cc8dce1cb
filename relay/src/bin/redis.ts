import type { Logger } from "pino";
import type { Broker } from "../broker/broker.ts";
import { RedisBroker } from "../broker/redis/redis-broker.ts";
import { connectTo } from "../broker/redis/redis-link.ts";
import type { RedisSettings } from "./worker-settings.ts";

/** A broker over the servers that were named. Its connections come and go; what happens to them is logged. */
export function makeRedisBroker({ redisUrls, isCluster }: RedisSettings, log: Logger): Broker {
  const onError = (error: unknown) =>
    log.warn({ reason: error instanceof Error ? error.message : String(error) }, "redis: connecting again");
  return new RedisBroker({ connect: connectTo({ urls: redisUrls, isCluster }), onError });
}
