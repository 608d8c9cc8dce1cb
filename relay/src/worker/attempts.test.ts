import { expect, it } from "vitest";
import { alice } from "../../test/people.ts";
import { WorkerUnderTest } from "../../test/worker-under-test.ts";
import { taskKey } from "../task.ts";
import { admit } from "./admission.ts";

it("[WK21] a task that workers died with ends without being run, unless it is known how it ended", async () => {
  const worker = await WorkerUnderTest.start();
  const task = worker.task("add");
  const admitWith = (attempts: number) =>
    worker.namespaces.with(alice.publicKey, (namespace) => {
      const cancelled = new AbortController().signal;
      return admit(worker.parts, namespace, { key: taskKey(task), task, cancelled, said: 0, attempts });
    });
  expect(await admitWith(2)).toMatchObject({ end: undefined });
  expect(await admitWith(3)).toMatchObject({
    end: { status: "error", failure: { code: -32603, message: "gave up: 3 workers ended while they had this play" } },
  });
  await worker.play(task);
  expect(await admitWith(3)).toMatchObject({ status: "completed", output: "1" });
  await worker.close();
});
