import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import pino from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { WebSocket } from "ws";
import { alice } from "../../test/people.ts";
import { Connection } from "./connection.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("[GW15] looks once for all subscriptions whether a peer reads again that did not", async () => {
  const socket = Object.assign(new EventEmitter(), { bufferedAmount: 2 ** 21 });
  const connection = new Connection({
    socket: socket as unknown as WebSocket,
    stream: new PassThrough(),
    circle: alice.publicKey,
    host: "localhost",
    address: "",
    log: pino({ enabled: false }),
    onSent: () => {},
  });
  const haveRoom = vi.fn();
  for (let i = 0; i < 100; i++) void connection.room().then(haveRoom);
  await vi.advanceTimersByTimeAsync(100);
  expect(vi.getTimerCount()).toBe(1);
  socket.bufferedAmount = 0;
  await vi.advanceTimersByTimeAsync(100);
  expect(haveRoom).toHaveBeenCalledTimes(100);
  socket.bufferedAmount = 2 ** 21;
  void connection.room().then(haveRoom);
  await vi.advanceTimersByTimeAsync(100);
  expect(haveRoom).toHaveBeenCalledTimes(100);
  socket.emit("close");
  await vi.advanceTimersByTimeAsync(100);
  expect(haveRoom).toHaveBeenCalledTimes(101);
});
