let n = 0;

// What a trivial script is to us, in a thread apart from the worker's own.
export default async function process() {
  n += 1;
  return n;
}
