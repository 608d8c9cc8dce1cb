import { type Image, PAGE_BYTES, spansOf } from "./engine-image.ts";

/** The few of quickjs-wasi's exports that are used. A handle is the address of a JSValue in the engine's memory. */
type Exports = {
  readonly memory: WebAssembly.Memory;
  readonly __stack_pointer: WebAssembly.Global;
  _initialize(): void;
  qjs_init2(intrinsics: number): number;
  qjs_set_interrupt_handler(on: number): void;
  qjs_set_memory_limit(bytes: number): void;
  qjs_set_max_stack_size(bytes: number): void;
  qjs_get_runtime_ptr(): number;
  qjs_get_context_ptr(): number;
  qjs_set_runtime_and_context(runtime: number, context: number): void;
  qjs_eval(code: number, bytes: number, filename: number, flags: number): number;
  qjs_call(fn: number, self: number, argc: number, argv: number): number;
  qjs_new_host_function(name: number, bytes: number, arity: number): number;
  qjs_new_string(text: number, bytes: number): number;
  qjs_get_string_len(handle: number, length: number): number;
  qjs_free_cstring(text: number): void;
  qjs_get_undefined(): number;
  qjs_is_exception(handle: number): number;
  qjs_get_exception(): number;
  qjs_is_string(handle: number): number;
  qjs_dup_value(handle: number): number;
  qjs_free_value(handle: number): void;
  qjs_promise_state(handle: number): number;
  qjs_promise_result(handle: number): number;
  qjs_is_job_pending(): number;
  qjs_execute_pending_job(): number;
  wasm_malloc(bytes: number): number;
  wasm_free(pointer: number): void;
};

export type Handle = number & { readonly __brand: "Handle" };

/** What the guest can reach of the host. Neither may throw: a host error must not travel through the engine. */
export type Host = {
  /** Both arguments and the answer are texts. */
  call(operation: string, payload: string): string;
  /** Asked every few thousand steps of the guest; `true` ends the running code uncatchably. */
  interrupted(): boolean;
};

/** The engine could not go on: out of memory where it must not be, or a trap. The instance is to be dropped. */
export class EngineFailure extends Error {
  override name = "EngineFailure";
}

// quickjs-ng's context features, all but performance (bit 10), whose clock would be frozen in the image.
const INTRINSICS = 0x7fff_ffff & ~(1 << 10);
/** Flags of `qjs_eval` by what a source is evaluated as. */
const EVAL_AS = { script: 0, module: 1 << 0, "awaiting-script": 1 << 7 } as const;
const FULFILLED = 1;
const REJECTED = 2;

/** The guest's own stack. The binary has 1 MiB; what it touches beyond this limit stays below `STACK_RESET_BYTES`. */
const MAX_STACK_BYTES = 256 * 1024;
export const STACK_RESET_BYTES = 384 * 1024;
/** Heap that exists before the first play. A play that fits keeps its instance; a larger one costs a new instance. */
const SPARE_HEAP_BYTES = 512 * 1024;
/** UTF-16 units. */
const MOST_UNMEASURED = 16 * 1024;

/**
 * One instance of QuickJS in WebAssembly, whose memory can be put back to how it was: `save` once, `restore` before
 * every use. After a restore no byte of what ran before is left, neither in the heap nor on the stack.
 */
export class QuickjsEngine {
  readonly #exports: Exports;
  readonly #host: Host;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // "ignore" means: leave it in the text
  #image: Image | undefined;
  #bytes: Uint8Array<ArrayBuffer>;

  constructor(module: WebAssembly.Module, host: Host) {
    this.#host = host;
    const instance = new WebAssembly.Instance(module, { env: this.#env(), wasi_snapshot_preview1: this.#wasi() });
    this.#exports = instance.exports as unknown as Exports;
    this.#bytes = new Uint8Array(this.#exports.memory.buffer);
  }

  /** Starts QuickJS. An engine that is to `restore` another's image is not started. */
  start(): void {
    const exports = this.#exports;
    exports._initialize();
    if (exports.qjs_init2(INTRINSICS) !== 0) throw new EngineFailure("quickjs: could not be started");
    exports.qjs_set_max_stack_size(MAX_STACK_BYTES);
    exports.qjs_set_interrupt_handler(1);
  }

  /** Linear memory in use by this instance. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Takes the image that `restore` puts back. */
  save(): Image {
    const exports = this.#exports;
    exports.wasm_free(this.#allocate(SPARE_HEAP_BYTES));
    const stackPointer = exports.__stack_pointer.value as number;
    const memory = this.#memory();
    memory.fill(0, 0, stackPointer); // what starting left on the stack is nobody's business
    this.#image = {
      bytes: memory.length,
      stackPointer,
      runtime: exports.qjs_get_runtime_ptr(),
      context: exports.qjs_get_context_ptr(),
      // The first page is where a null pointer points.
      spans: [{ from: 0, to: PAGE_BYTES }, ...spansOf(memory, stackPointer - STACK_RESET_BYTES)],
    };
    return this.#image;
  }

  /**
   * Puts memory and stack pointer back, from this engine's own image or from another's of the same module.
   * Answers `false`, having done nothing, where memory has grown beyond the image: such an instance is to be dropped.
   * `keepStale` leaves bytes that no script can reach without a bug of the engine, and saves most of the time.
   */
  restore(image: Image | undefined = this.#image, { keepStale = false } = {}): boolean {
    if (!image) throw new EngineFailure("quickjs: nothing was saved to be restored");
    const exports = this.#exports;
    const lacking = image.bytes - this.memoryBytes;
    if (lacking < 0) return false;
    if (lacking > 0) exports.memory.grow(lacking / 65_536);
    this.#image = image;
    const memory = this.#memory();
    for (const { from, to, data } of image.spans) {
      if (data) memory.set(data, from);
      else if (!keepStale) memory.fill(0, from, to);
    }
    exports.__stack_pointer.value = image.stackPointer;
    exports.qjs_set_runtime_and_context(image.runtime, image.context);
    return true;
  }

  /** Bytes that the guest may allocate from now on, what the image holds included. */
  limitMemory(bytes: number): void {
    // To the engine 0 means no limit, and 2³² is 0.
    this.#exports.qjs_set_memory_limit(Math.min(Math.max(1, bytes), 2 ** 32 - 1));
  }

  /** Makes a guest function that calls `host.call`; its first argument is the operation, its second the payload. */
  hostFunction(): Handle {
    const [name, bytes] = this.#write("host");
    const handle = this.#exports.qjs_new_host_function(name, bytes, 2);
    this.#exports.wasm_free(name);
    return handle as Handle;
  }

  /**
   * Evaluates a source. As an `awaiting-script` its value is a promise of `{ value }`, the value of its last expression;
   * as a `module`, which can import nothing, a promise of its exports. Answers a handle to what was thrown instead, if
   * it was.
   */
  evaluate(code: string, filename: string, as: keyof typeof EVAL_AS = "script"): Evaluated {
    const [text, bytes] = this.#write(code);
    const [name] = this.#write(filename);
    const result = this.#exports.qjs_eval(text, bytes, name, EVAL_AS[as]);
    this.#exports.wasm_free(name);
    this.#exports.wasm_free(text);
    return this.#evaluated(result);
  }

  call(fn: Handle, ...args: Handle[]): Evaluated {
    const exports = this.#exports;
    const argv = this.#allocate(4 * Math.max(1, args.length));
    const view = new DataView(exports.memory.buffer);
    for (const [i, arg] of args.entries()) view.setUint32(argv + 4 * i, arg, true);
    const result = exports.qjs_call(fn, exports.qjs_get_undefined(), args.length, argv);
    exports.wasm_free(argv);
    return this.#evaluated(result);
  }

  string(text: string): Handle {
    const [pointer, bytes] = this.#write(text);
    const handle = this.#exports.qjs_new_string(pointer, bytes);
    this.#exports.wasm_free(pointer);
    if (this.#exports.qjs_is_exception(handle)) throw new EngineFailure("quickjs: out of memory");
    return handle as Handle;
  }

  /** The text of a guest string; `undefined` for any other value: converting would run the guest's code. */
  text(handle: Handle): string | undefined {
    const exports = this.#exports;
    if (!exports.qjs_is_string(handle)) return undefined;
    const length = this.#allocate(4);
    const pointer = exports.qjs_get_string_len(handle, length);
    if (pointer === 0) throw new EngineFailure("quickjs: out of memory");
    const bytes = new DataView(exports.memory.buffer).getUint32(length, true);
    const text = this.#decoder.decode(this.#memory().subarray(pointer, pointer + bytes));
    exports.qjs_free_cstring(pointer);
    exports.wasm_free(length);
    return text;
  }

  free(handle: Handle): void {
    this.#exports.qjs_free_value(handle);
  }

  /** How a promise stands; `undefined` while it is pending. */
  settled(promise: Handle): Evaluated | undefined {
    const state = this.#exports.qjs_promise_state(promise);
    if (state !== FULFILLED && state !== REJECTED) return undefined;
    const result = this.#exports.qjs_promise_result(promise) as Handle;
    return state === FULFILLED ? { ok: true, value: result } : { ok: false, thrown: result };
  }

  /** Runs the next job of the guest's queue. Answers `false` when there was none. */
  runJob(): boolean {
    if (!this.#exports.qjs_is_job_pending()) return false;
    // A job that throws rejects nobody's promise; what the guest could know of it, it knows already.
    if (this.#exports.qjs_execute_pending_job() < 0) this.free(this.#exports.qjs_get_exception() as Handle);
    return true;
  }

  #evaluated(result: number): Evaluated {
    if (!this.#exports.qjs_is_exception(result)) return { ok: true, value: result as Handle };
    return { ok: false, thrown: this.#exports.qjs_get_exception() as Handle };
  }

  #memory(): Uint8Array<ArrayBuffer> {
    const buffer = this.#exports.memory.buffer;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  #allocate(bytes: number): number {
    const pointer = this.#exports.wasm_malloc(bytes);
    if (pointer === 0) throw new EngineFailure("quickjs: out of memory");
    return pointer;
  }

  /** Copies a text in, with a NUL behind it. */
  #write(text: string): [pointer: number, bytes: number] {
    if (text.length > MOST_UNMEASURED) return this.#writeMeasured(text);
    const room = text.length * 3 + 1;
    const pointer = this.#allocate(room);
    const { written } = this.#encoder.encodeInto(text, this.#memory().subarray(pointer, pointer + room));
    this.#memory()[pointer + written] = 0;
    return [pointer, written];
  }

  /** Takes no more room than it needs: memory cannot shrink again. */
  #writeMeasured(text: string): [pointer: number, bytes: number] {
    const bytes = this.#encoder.encode(text);
    const pointer = this.#allocate(bytes.length + 1);
    this.#memory().set(bytes, pointer);
    this.#memory()[pointer + bytes.length] = 0;
    return [pointer, bytes.length];
  }

  #env(): WebAssembly.ModuleImports {
    return {
      host_call: (_name: number, _bytes: number, _self: number, argc: number, argv: number) => {
        if (argc < 2) return this.string("");
        const view = new DataView(this.#exports.memory.buffer);
        const operation = this.text(view.getUint32(argv, true) as Handle);
        const payload = this.text(view.getUint32(argv + 4, true) as Handle);
        return this.string(operation === undefined || payload === undefined ? "" : this.#host.call(operation, payload));
      },
      host_interrupt: () => (this.#host.interrupted() ? 1 : 0),
      host_promise_rejection: (promise: number, reason: number) => {
        this.free(promise as Handle);
        this.free(reason as Handle);
      },
      host_module_normalize: () => 0,
      host_module_load: () => 0,
      host_get_timezone_offset: () => 0,
    };
  }

  #wasi(): WebAssembly.ModuleImports {
    const EBADF = 8;
    return {
      // Whole milliseconds, whichever clock is asked: finer ones are for side channels.
      clock_time_get: (_clock: number, _precision: bigint, result: number) => {
        new DataView(this.#exports.memory.buffer).setBigUint64(result, BigInt(Date.now()) * 1_000_000n, true);
        return 0;
      },
      random_get: (pointer: number, bytes: number) => {
        crypto.getRandomValues(this.#memory().subarray(pointer, pointer + bytes));
        return 0;
      },
      fd_close: () => EBADF,
      fd_fdstat_get: () => EBADF,
      fd_seek: () => EBADF,
      fd_write: () => EBADF,
    };
  }
}

export type Evaluated = { readonly ok: true; readonly value: Handle } | { readonly ok: false; readonly thrown: Handle };
