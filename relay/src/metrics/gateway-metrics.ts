import { WireError } from "@circles/sdk/protocol";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { GatewayObserver } from "../gateway/gateway-observer.ts";
import { limitLabel, resultLabel } from "./labels.ts";

/** From a play that reads a document to one that takes all the time a caller may ask for. */
const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];

/** What a gateway counts. Methods, results and limits are names of ours; nothing that a peer sends becomes a label. */
export function makeGatewayMetrics(registry: Registry): GatewayObserver {
  const registers = [registry];
  const connections = new Gauge({ name: "circles_connections", help: "WebSocket connections now", registers });
  const opened = new Counter({
    name: "circles_connections_opened_total",
    help: "WebSocket connections that were made",
    registers,
  });
  const refused = new Counter({
    name: "circles_connections_refused_total",
    help: "Requests that were turned away before they became connections",
    labelNames: ["reason"],
    registers,
  });
  const logins = new Counter({
    name: "circles_logins_total",
    help: "Calls of authenticate, by how they were answered",
    labelNames: ["result"],
    registers,
  });
  const calls = new Counter({
    name: "circles_calls_total",
    help: "Calls that were answered, by method and by how",
    labelNames: ["method", "result"],
    registers,
  });
  const inFlight = new Gauge({
    name: "circles_plays_in_flight",
    help: "Calls of play that wait for their answer: in line, running, or for a circle's owner",
    registers,
  });
  const playSeconds = new Histogram({
    name: "circles_play_seconds",
    help: "Time from a call of play to its answer, at the gateway",
    buckets: CALL_SECONDS,
    registers,
  });
  const limits = new Counter({
    name: "circles_limits_reached_total",
    help: "Answers that named a limit",
    labelNames: ["limit"],
    registers,
  });
  const received = new Counter({
    name: "circles_received_bytes_total",
    help: "Bytes of frames that came from peers",
    registers,
  });
  const sent = new Counter({ name: "circles_sent_bytes_total", help: "Bytes of frames that went to peers", registers });
  return {
    refused: (reason) => refused.inc({ reason }),
    opened: () => {
      opened.inc();
      connections.inc();
    },
    closed: () => connections.dec(),
    received: (bytes) => received.inc(bytes),
    sent: (bytes) => sent.inc(bytes),
    called: (method) => {
      if (method === "play") inFlight.inc();
    },
    answered: ({ method, error, ms }) => {
      const result = resultLabel(error);
      calls.inc({ method, result });
      if (method === "authenticate") logins.inc({ result });
      if (method === "play") {
        inFlight.dec();
        playSeconds.observe(ms / 1000);
      }
      const limit = error instanceof WireError ? limitLabel(error.data) : undefined;
      if (limit !== undefined) limits.inc({ limit });
    },
  };
}
