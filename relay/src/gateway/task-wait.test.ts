import type { TaskId } from "@circles/sdk/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Event, Outcome } from "../task.ts";
import { TaskWait } from "./task-wait.ts";

const id = "0123456789abcdef" as TaskId;
const HOUR_S = 3_600;
const waitingEvent = (): Event => {
  const expires_at = Math.floor(Date.now() / 1_000) + HOUR_S;
  return { seq: 1, kind: "waiting", data: { capability: "write:a", expires_at } };
};
const never = new Promise<Outcome>(() => {});

describe("TaskWait", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const start = (patient: boolean) => {
    const wait = new TaskWait({ id, timeoutMs: 1_000, patient });
    const failed = vi.fn();
    wait.until(never).catch(failed);
    return { wait, failed };
  };

  it("[GW13] ends at its deadline while the task runs", async () => {
    const { failed } = start(true);
    await vi.advanceTimersByTimeAsync(1_049);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed.mock.calls).toEqual([
      [expect.objectContaining({ code: -32005, data: expect.not.objectContaining({ waiting: true }) })],
    ]);
  });

  it("[GW13] stands still while the task waits for the owner, and then has its time again", async () => {
    const { wait, failed } = start(true);
    wait.observe(waitingEvent());
    expect(wait.waiting).toBe(true);
    await vi.advanceTimersByTimeAsync(HOUR_S * 1_000 + 1_000);
    expect(failed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(50);
    expect(failed.mock.calls).toEqual([[expect.objectContaining({ code: -32005 })]]);
  });

  it("[GW13] does not stand still for who cannot be told why", async () => {
    const { wait, failed } = start(false);
    wait.observe(waitingEvent());
    await vi.advanceTimersByTimeAsync(1_050);
    const data = { limit: "timeout_ms", allowed: 1_000, outcome: "unknown", waiting: true, task_id: id };
    expect(failed.mock.calls).toEqual([[expect.objectContaining({ code: -32005, data })]]);
  });

  it("[GW13] no longer says that the task waits once it goes on", async () => {
    const { wait, failed } = start(true);
    wait.observe(waitingEvent());
    wait.observe({ seq: 2, kind: "print", data: "on" });
    expect(wait.waiting).toBe(false);
    await vi.advanceTimersByTimeAsync(1_050);
    expect(failed.mock.calls[0]?.[0]).toMatchObject({
      code: -32005,
      data: expect.not.objectContaining({ waiting: true }),
    });
  });
});
