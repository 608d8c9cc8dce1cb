import type { Logger } from "pino";
import type { Broker } from "../broker/broker.ts";
import { RedisBroker } from "../broker/redis/redis-broker.ts";
import { connectTo } from "../broker/redis/redis-link.ts";
import { ShardedBroker } from "../broker/sharded-broker.ts";
import type { ProcessMetrics } from "../metrics/process-metrics.ts";
import type { RedisSettings } from "./worker-settings.ts";

/** In how many buckets the circles of a cluster are, so that its nodes share them: never another number for one cluster. */
const BUCKETS = 16;

/** A broker over the servers that were named. Its connections come and go; what happens to them is logged. */
export function makeRedisBroker(
  { redisUrls, isCluster }: RedisSettings,
  log: Logger,
  metrics?: Pick<ProcessMetrics, "failed">,
): Broker {
  const onError = (error: unknown) => {
    metrics?.failed("redis");
    log.warn({ reason: error instanceof Error ? error.message : String(error) }, "redis: connecting again");
  };
  if (isCluster) {
    const connect = connectTo({ urls: redisUrls, isCluster });
    return new ShardedBroker(
      Array.from({ length: BUCKETS }, (_, bucket) => new RedisBroker({ connect, bucket, onError })),
    );
  }
  const servers = redisUrls.map((url) => new RedisBroker({ connect: connectTo({ urls: [url], isCluster }), onError }));
  const [only, ...others] = servers;
  return only && others.length === 0 ? only : new ShardedBroker(servers);
}
