// What a trivial script is to us: one addition, in a thread apart from the worker's own.
export default async function process(job) {
  return job.data.n + 1;
}
