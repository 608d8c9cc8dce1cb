#!/usr/bin/env node
// Syncs of different circles run at the same time, each on one of libuv's threads. How many there are is read once, before
// an ES module could say so: 16 sync three times as many records per second as the usual 4 (npm run bench:disk).
process.env.UV_THREADPOOL_SIZE ??= "16";
void import("../dist/bin/circles-worker.js");
