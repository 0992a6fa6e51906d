// A stand-in for libcuda.so.1, for tests on machines without a GPU. Memory is the host's, copies and fills are done at once, kernels are
// read from PTX (names and parameters) and counted but compute nothing, except where the host waits for what they write. No time that it
// gives is a measurement; its device is called "Stand-in device (no GPU)". README.md lists the faults that can be planted.
#define _GNU_SOURCE
#include "cuda.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MAX_PARAMETERS 32

typedef struct Function {
    char name[64];
    bool traps; // has the instruction trap
    int parameters;
    size_t offset[MAX_PARAMETERS], size[MAX_PARAMETERS];
    struct Function* next;
} Function;

typedef struct { Function* functions; } Module;

typedef struct Node {
    enum { KERNEL, COPY, FILL8, FILL32 } kind;
    Function* function;
    unsigned char arguments[512];
    void *target, *source;
    size_t count;
    uint32_t value;
    struct Node* next;
} Node;

typedef struct { Node *first, **last; size_t count; } Graph;
typedef struct { Graph* capture; } Stream;
typedef struct Block { CUdeviceptr address; size_t bytes; bool host; struct Block* next; } Block;

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static bool initialized;
static int retained, lockFile = -1;
static char context;                  // its address is the primary context
static __thread void* current[16];    // the calling thread's contexts
static __thread int depth;
static size_t used;                   // bytes of device memory, the context's own included
static Block* blocks;
static long allowed = -1;             // allocations until one is refused
static CUresult pending, sticky;      // a fault that no call has met yet, and one that every call repeats
static Function* otherLaunches;       // see standInLaunch
static int cacheResets;               // see standInCacheResets

static const char* text(const char* name, const char* otherwise) { const char* v = getenv(name); return v && *v ? v : otherwise; }
static size_t number(const char* name, size_t otherwise) { return strtoull(text(name, "0"), NULL, 0) ? strtoull(getenv(name), NULL, 0) : otherwise; }
static size_t deviceBytes(void) { return number("STANDIN_MEMORY", (size_t)8 << 30); }
static size_t contextBytes(void) { return number("STANDIN_CONTEXT_BYTES", (size_t)16 << 20); }

static CUresult usable(void) { return !initialized ? NOT_INITIALIZED : sticky ? sticky : depth == 0 || !current[depth - 1] ? INVALID_CONTEXT : SUCCESS; }
#define REQUIRE_CONTEXT() do { CUresult e_ = usable(); if (e_) return e_; } while (0)
// Calls that wait meet the fault of an earlier launch.
#define MEET_FAULT() do { if (pending) { sticky = pending; } REQUIRE_CONTEXT(); } while (0)

// ---- driver

EXPORT CUresult cuInit(unsigned flags) {
    (void)flags;
    CUresult result = (CUresult)number("STANDIN_INIT", SUCCESS);
    initialized = result == SUCCESS;
    return result;
}
EXPORT CUresult cuDriverGetVersion(int* version) { *version = (int)number("STANDIN_CUDA_VERSION", 13000); return SUCCESS; }

// ---- device

EXPORT CUresult cuDeviceGetCount(int* count) { *count = 1; return SUCCESS; }
EXPORT CUresult cuDeviceGet(int* device, int ordinal) { *device = 0; return ordinal == 0 ? SUCCESS : INVALID_DEVICE; }
EXPORT CUresult cuDeviceGetName(char* out, int n, int device) { (void)device; snprintf(out, (size_t)n, "Stand-in device (no GPU)"); return SUCCESS; }
EXPORT CUresult cuDeviceGetPCIBusId(char* out, int n, int device) { (void)device; snprintf(out, (size_t)n, "0000:00:00.0"); return SUCCESS; }
EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, int device) { (void)device; *bytes = deviceBytes(); return SUCCESS; }
EXPORT CUresult cuDeviceGetAttribute(int* value, int attribute, int device) {
    (void)device;
    switch (attribute) {
        case 16: *value = 32; break;                                     // multiprocessors
        case 75: *value = (int)number("STANDIN_CAPABILITY", 9); break;   // compute capability
        case 95: *value = 1; break;                                      // cooperative launches
        case 97: *value = 227 * 1024; break;                             // shared memory of a block
        default: *value = 0; break;
    }
    return SUCCESS;
}

// ---- primary context

EXPORT CUresult cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) { (void)device; *flags = 0; *active = retained > 0; return SUCCESS; }
static void destroyContext(void) {
    for (Block* b; (b = blocks);) { blocks = b->next; free((void*)b->address); free(b); }
    used = 0;
    retained = 0;
    if (lockFile >= 0) { close(lockFile); lockFile = -1; }
}
EXPORT CUresult cuDevicePrimaryCtxRetain(void** out, int device) {
    (void)device;
    if (!initialized) return NOT_INITIALIZED;
    if (sticky) return sticky;
    if (getenv("STANDIN_UNAVAILABLE")) return DEVICE_UNAVAILABLE;
    pthread_mutex_lock(&gate);
    CUresult result = SUCCESS;
    if (retained == 0 && getenv("STANDIN_EXCLUSIVE")) {
        lockFile = open(getenv("STANDIN_EXCLUSIVE"), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (flock(lockFile, LOCK_EX | LOCK_NB)) { close(lockFile); lockFile = -1; result = DEVICE_UNAVAILABLE; }
    }
    if (!result && retained == 0) {
        if (contextBytes() > deviceBytes()) result = OUT_OF_MEMORY; else used = contextBytes();
    }
    if (!result) { retained++; *out = &context; }
    pthread_mutex_unlock(&gate);
    return result;
}
EXPORT CUresult cuDevicePrimaryCtxRelease_v2(int device) {
    (void)device;
    pthread_mutex_lock(&gate);
    CUresult result = retained > 0 ? SUCCESS : INVALID_CONTEXT;
    if (retained > 0 && --retained == 0) destroyContext();
    pthread_mutex_unlock(&gate);
    return result;
}
EXPORT CUresult cuDevicePrimaryCtxReset_v2(int device) { (void)device; pthread_mutex_lock(&gate); destroyContext(); pthread_mutex_unlock(&gate); return SUCCESS; }
EXPORT CUresult cuCtxSetCurrent(void* value) { if (depth == 0) depth = 1; current[depth - 1] = value; return sticky; }
EXPORT CUresult cuCtxPushCurrent_v2(void* value) { if (depth == 16 || retained == 0) return INVALID_CONTEXT; current[depth++] = value; return SUCCESS; }
EXPORT CUresult cuCtxPopCurrent_v2(void** out) { if (depth == 0) return INVALID_CONTEXT; *out = current[--depth]; return SUCCESS; }
EXPORT CUresult cuCtxSynchronize(void) { MEET_FAULT(); return SUCCESS; }
EXPORT CUresult cuCtxResetPersistingL2Cache(void) { REQUIRE_CONTEXT(); __atomic_fetch_add(&cacheResets, 1, __ATOMIC_RELAXED); return SUCCESS; }
// For tests in one process: how often the call above has succeeded.
EXPORT int standInCacheResets(void) { return __atomic_load_n(&cacheResets, __ATOMIC_RELAXED); }
EXPORT CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) { *least = 0; *greatest = -5; return SUCCESS; }

// ---- memory

EXPORT CUresult cuMemGetInfo_v2(size_t* freeBytes, size_t* total) { MEET_FAULT(); *total = deviceBytes(); *freeBytes = *total - used; return SUCCESS; }
// For tests in one process: after so many allocations one is refused; -1 refuses none. Returns how many are held.
EXPORT int standInAllow(long allocations) {
    pthread_mutex_lock(&gate);
    allowed = allocations;
    int held = 0;
    for (Block* b = blocks; b; b = b->next) held++;
    pthread_mutex_unlock(&gate);
    return held;
}
static CUresult allocate(CUdeviceptr* out, size_t bytes, bool host) {
    pthread_mutex_lock(&gate);
    CUresult result = bytes == 0 ? INVALID_VALUE : allowed >= 0 && allowed-- == 0 ? OUT_OF_MEMORY : !host && used + bytes > deviceBytes() ? OUT_OF_MEMORY : SUCCESS;
    Block* block = result ? NULL : malloc(sizeof *block);
    void* memory = NULL;
    if (!result && (!block || posix_memalign(&memory, 512, bytes))) result = OUT_OF_MEMORY;
    if (!result) {
        memset(memory, 0xCD, bytes); // undefined content must not look like zeros
        *block = (Block){(CUdeviceptr)memory, bytes, host, blocks};
        blocks = block;
        used += host ? 0 : bytes;
        *out = block->address;
    }
    pthread_mutex_unlock(&gate);
    return result;
}
static CUresult release(CUdeviceptr address) {
    pthread_mutex_lock(&gate);
    Block** at = &blocks;
    while (*at && (*at)->address != address) at = &(*at)->next;
    Block* block = *at;
    if (block) {
        *at = block->next;
        used -= block->host ? 0 : block->bytes;
        free((void*)block->address);
        free(block);
    }
    pthread_mutex_unlock(&gate);
    return block ? SUCCESS : INVALID_VALUE;
}
// Whether a range lies in one allocation.
static bool holds(CUdeviceptr address, size_t bytes) {
    pthread_mutex_lock(&gate);
    Block* b = blocks;
    while (b && !(address >= b->address && address + bytes <= b->address + b->bytes)) b = b->next;
    pthread_mutex_unlock(&gate);
    return b != NULL;
}
EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* out, size_t bytes) { REQUIRE_CONTEXT(); return allocate(out, bytes, false); }
EXPORT CUresult cuMemFree_v2(CUdeviceptr address) { REQUIRE_CONTEXT(); return release(address); }
EXPORT CUresult cuMemHostAlloc(void** out, size_t bytes, unsigned flags) {
    (void)flags;
    REQUIRE_CONTEXT();
    return bytes > number("STANDIN_HOST_LIMIT", SIZE_MAX) ? OUT_OF_MEMORY : allocate((CUdeviceptr*)out, bytes, true);
}
EXPORT CUresult cuMemFreeHost(void* pointer) { REQUIRE_CONTEXT(); return release((CUdeviceptr)pointer); }
EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* out, void* pointer, unsigned flags) { (void)flags; *out = (CUdeviceptr)pointer; return SUCCESS; }
EXPORT CUresult cuMemHostRegister_v2(void* pointer, size_t bytes, unsigned flags) { (void)pointer; (void)bytes; (void)flags; return NOT_SUPPORTED; }
EXPORT CUresult cuMemHostUnregister(void* pointer) { (void)pointer; return NOT_SUPPORTED; }

// ---- kernels: what the host waits for

typedef struct { uint64_t best; int32_t position, step, token; } DecodeState; // state.cuh

static void compute(const Function* f, void* const* p, unsigned blocks) {
    bool isPrompt = !strcmp(f->name, "prompt_first");
    if (!strcmp(f->name, "set_state")) {
        *(*(DecodeState**)p[0]) = (DecodeState){0, *(int32_t*)p[1], *(int32_t*)p[2], (*(DecodeState**)p[0])->token};
    } else if (!strcmp(f->name, "advance_step")) { // one fixed id of the vocabulary, always
        DecodeState* state = *(DecodeState**)p[3];
        int32_t rows = *(const int32_t*)((const char*)p[0] + 24), id = 318 % rows;
        state->token = id;
        state->position += *(int32_t*)p[5];
        (*(int32_t**)p[4])[state->step++] = id;
    } else if (isPrompt || !strcmp(f->name, "persistent_decode")) { // the same for every step of a launch
        const char* a = p[0]; // PersistentArguments of persistent_arguments.cuh, or PromptArguments, which begin with them
        DecodeState* state = *(DecodeState* const*)(a + 112);
        int32_t *ids = *(int32_t* const*)(a + 120), steps = *(const int32_t*)(a + 188), rows = *(const int32_t*)(a + 24);
        // Epochs of both go on without a gap from the launch before, or from zeroed words and scratch, whose first number keeps the last one.
        uint64_t* last = *(uint64_t* const*)(a + 160);
        uint32_t epoch = *(const uint32_t*)(a + 208), layers = *(const uint32_t*)(a + 168);
        if (epoch != last[0] + 1) { pending = LAUNCH_FAILED; return; }
        last[0] += (uint64_t)layers * (uint32_t)steps;
        if (isPrompt) *state = (DecodeState){0, *(const int32_t*)(a + 248) - 1, 0, 0}; // its tokens
        else if (*(const int32_t*)(a + 192) >= 0) *state = (DecodeState){0, *(const int32_t*)(a + 196), 0, *(const int32_t*)(a + 192)};
        for (int32_t i = 0; i < steps; i++) ids[state->step + i] = 318 % rows;
        *state = (DecodeState){0, state->position + steps, state->step + steps, 318 % rows};
    } else if (!strcmp(f->name, "advance_batch_rows")) { // the same for every row
        DecodeState* states = *(DecodeState**)p[4];
        int32_t rows = *(const int32_t*)((const char*)p[0] + 24), id = 318 % rows;
        for (unsigned row = 0; row < blocks; row++) {
            (*(int32_t**)p[5])[row * *(int32_t*)p[6] + states[row].step++] = id;
        }
    } else if (!strcmp(f->name, "read_memory")) { // the sum of a buffer that is filled with ones
        **(uint64_t**)p[2] += *(uint64_t*)p[1] * 4 * 0xFFFFFFFFu;
    }
}

// STANDIN_FAULT=kernel:n:status[:after]: the n-th run of a kernel (once another has run) leaves a fault, which later calls meet.
static void execute(const Function* f, void* const* p, unsigned blocks) {
    static int runs;
    static bool armed;
    char spec[256], *rest = spec;
    snprintf(spec, sizeof spec, "%s", text("STANDIN_FAULT", ""));
    const char *kernel = strsep(&rest, ":"), *count = rest ? strsep(&rest, ":") : "1", *status = rest ? strsep(&rest, ":") : "700";
    if (pending) return; // nothing runs after a fault
    armed = armed || !rest || !strcmp(rest, f->name);
    if (f->traps) { pending = LAUNCH_FAILED; return; }
    const char* once = getenv("STANDIN_FAULT_ONCE");
    if (armed && !strcmp(kernel, f->name) && ++runs == atoi(count) && !(once && access(once, F_OK) == 0)) {
        if (once) close(open(once, O_CREAT | O_WRONLY, 0600));
        pending = atoi(status);
        return;
    }
    compute(f, p, blocks);
}

// ---- modules

static size_t typeBytes(const char* type) { return (size_t)atoi(type + 2) / 8; } // .u64, .b8, .f32

// Names and parameters of the entries of a PTX text.
static void readEntries(Module* module, const char* ptx) {
    for (const char* at = ptx; (at = strstr(at, ".entry "));) {
        Function* f = calloc(1, sizeof *f);
        at += 7;
        sscanf(at, "%63[^( \t\n]", f->name);
        const char* end = strchr(at, ')');
        size_t offset = 0;
        for (const char* p = at; (p = strstr(p, ".param ")) && p < end; f->parameters++) {
            size_t align = 0, count = 1;
            p += 7;
            if (!strncmp(p, ".align ", 7)) { align = strtoul(p + 7, (char**)&p, 10); p = strchr(p, '.'); }
            size_t bytes = typeBytes(p);
            const char *bracket = strchr(p, '['), *comma = strchr(p, ',');
            if (bracket && bracket < end && (!comma || bracket < comma)) count = strtoul(bracket + 1, NULL, 10);
            align = align ? align : bytes;
            offset = (offset + align - 1) / align * align;
            f->offset[f->parameters] = offset;
            f->size[f->parameters] = bytes * count;
            offset += bytes * count;
        }
        const char *trap = strstr(end, "\ttrap;"), *entry = strstr(end, ".entry ");
        f->traps = trap && (!entry || trap < entry);
        f->next = module->functions;
        module->functions = f;
    }
}
EXPORT CUresult cuModuleLoadDataEx(Module** out, const char* image, unsigned count, int* keys, void** values) {
    REQUIRE_CONTEXT();
    const char* version = strstr(image, ".version ");
    CUresult result = !version ? INVALID_PTX : atof(version + 9) > atof(text("STANDIN_MAX_PTX", "99")) ? UNSUPPORTED_PTX_VERSION : SUCCESS;
    for (unsigned i = 0; i < count; i++) {
        if (keys[i] == 2) *(float*)&values[i] = 0; // wall time
        if (keys[i] == 5 && result == INVALID_PTX) strcpy(values[i], "ptxas fatal   : Missing .version directive at start of file");
    }
    if (result) return result;
    *out = calloc(1, sizeof **out);
    readEntries(*out, version);
    return SUCCESS;
}
EXPORT CUresult cuModuleUnload(Module* module) {
    for (Function* f; (f = module->functions);) { module->functions = f->next; free(f); }
    free(module);
    return sticky;
}
EXPORT CUresult cuModuleGetFunction(Function** out, Module* module, const char* name) {
    REQUIRE_CONTEXT();
    for (*out = module->functions; *out && strcmp((*out)->name, name);) *out = (*out)->next;
    return *out ? SUCCESS : NOT_FOUND;
}
EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr* out, size_t* bytes, Module* module, const char* name) { (void)out; (void)bytes; (void)module; (void)name; return NOT_FOUND; }
EXPORT CUresult cuFuncGetAttribute(int* value, int attribute, Function* f) { (void)f; *value = attribute == 0 ? 1024 : 0; return SUCCESS; }
EXPORT CUresult cuFuncSetAttribute(Function* f, int attribute, int value) { (void)f; (void)attribute; (void)value; return SUCCESS; }
// As strict as the driver about what the copy engine can read.
EXPORT CUresult cuTensorMapEncodeTiled(
    void* map, int type, unsigned rank, CUdeviceptr address, const uint64_t* dimensions, const uint64_t* strides, const unsigned* box, const unsigned* steps, int interleave,
    int swizzle, int promotion, int fill) {
    unsigned bytes = type == 0 ? 1 : 2;
    if ((uintptr_t)map % 64 || type > 1 || rank != 2 || address % 16 || strides[0] % 16 || strides[0] < dimensions[0] * bytes || !dimensions[1] || !box[0] || box[0] > 256 ||
        !box[1] || box[1] > 256 || box[0] * bytes % 16 || steps[0] != 1 || steps[1] != 1 || interleave || swizzle || promotion > 3 || fill) {
        return INVALID_VALUE;
    }
    memset(map, 0, 128);
    return SUCCESS;
}
EXPORT CUresult cuFuncGetParamInfo(Function* f, size_t i, size_t* offset, size_t* size) {
    if ((int)i >= f->parameters) return INVALID_VALUE;
    *offset = f->offset[i];
    *size = f->size[i];
    return SUCCESS;
}
EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocksOut, Function* f, int size, size_t shared) { (void)f; (void)size; (void)shared; *blocksOut = 1; return SUCCESS; }
EXPORT CUresult cuOccupancyMaxActiveClusters(int* clusters, Function* f, void* config) { (void)f; (void)config; *clusters = 1; return SUCCESS; }

// ---- streams, events, graphs: a node runs at once, or is recorded and runs with its graph

static void run(Node* n) {
    void* p[MAX_PARAMETERS];
    switch (n->kind) {
        case KERNEL:
            for (int i = 0; i < n->function->parameters; i++) p[i] = n->arguments + n->function->offset[i];
            execute(n->function, p, n->value);
            break;
        case COPY: memcpy(n->target, n->source, n->count); break;
        case FILL8: memset(n->target, (int)n->value, n->count); break;
        case FILL32: for (size_t i = 0; i < n->count; i++) ((uint32_t*)n->target)[i] = n->value; break;
    }
}
static void append(Graph* g, const Node* node) {
    Node* copy = malloc(sizeof *copy);
    *copy = *node;
    copy->next = NULL;
    *g->last = copy;
    g->last = &copy->next;
    g->count++;
}
static CUresult queue(Stream* s, Node* node) { if (s && s->capture) append(s->capture, node); else if (!pending) run(node); return SUCCESS; }
static CUresult launch(Function* f, Stream* s, void** p, unsigned blocks) {
    REQUIRE_CONTEXT();
    Node node = {.kind = KERNEL, .function = f, .value = blocks};
    for (int i = 0; i < f->parameters; i++) {
        if (f->offset[i] + f->size[i] > sizeof node.arguments) return INVALID_VALUE;
        memcpy(node.arguments + f->offset[i], p[i], f->size[i]);
    }
    return queue(s, &node);
}
CUresult standInLaunch(const char* name, void* stream) {
    Function* f = otherLaunches;
    while (f && strcmp(f->name, name)) f = f->next;
    if (!f) {
        f = calloc(1, sizeof *f);
        snprintf(f->name, sizeof f->name, "%s", name);
        f->next = otherLaunches;
        otherLaunches = f;
    }
    return launch(f, stream, NULL, 1);
}
EXPORT CUresult cuLaunchKernel(Function* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* s, void** p, void** extra) {
    (void)shared; (void)extra;
    return gx && gy && gz && bx && by && bz && bx * by * bz <= 1024 ? launch(f, s, p, gx) : INVALID_VALUE;
}
EXPORT CUresult cuLaunchCooperativeKernel(Function* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared, Stream* s, void** p) {
    return cuLaunchKernel(f, gx, gy, gz, bx, by, bz, shared, s, p, NULL);
}
typedef struct { unsigned gx, gy, gz, bx, by, bz, shared; Stream* stream; void* attributes; unsigned count; } LaunchConfig;
EXPORT CUresult cuLaunchKernelEx(LaunchConfig* c, Function* f, void** p, void** extra) {
    return cuLaunchKernel(f, c->gx, c->gy, c->gz, c->bx, c->by, c->bz, c->shared, c->stream, p, extra);
}

EXPORT CUresult cuStreamCreateWithPriority(Stream** out, unsigned flags, int priority) { (void)flags; (void)priority; REQUIRE_CONTEXT(); *out = calloc(1, sizeof **out); return SUCCESS; }
EXPORT CUresult cuStreamDestroy_v2(Stream* s) { free(s); used += number("STANDIN_LEAK", 0); return sticky; }
EXPORT CUresult cuStreamQuery(Stream* s) { (void)s; MEET_FAULT(); return SUCCESS; }
EXPORT CUresult cuStreamSynchronize(Stream* s) { (void)s; MEET_FAULT(); return SUCCESS; }
EXPORT CUresult cuStreamWaitEvent(Stream* s, void* event, unsigned flags) { (void)s; (void)event; (void)flags; REQUIRE_CONTEXT(); return SUCCESS; }
EXPORT CUresult cuStreamGetPriority(Stream* s, int* priority) { (void)s; *priority = 0; return SUCCESS; }
EXPORT CUresult cuStreamIsCapturing(Stream* s, int* status) { *status = s->capture != NULL; return SUCCESS; }
EXPORT CUresult cuStreamBeginCapture_v2(Stream* s, int mode) {
    (void)mode;
    REQUIRE_CONTEXT();
    s->capture = calloc(1, sizeof *s->capture);
    s->capture->last = &s->capture->first;
    return SUCCESS;
}
EXPORT CUresult cuStreamEndCapture(Stream* s, Graph** out) { REQUIRE_CONTEXT(); *out = s->capture; s->capture = NULL; return *out ? SUCCESS : INVALID_VALUE; }

EXPORT CUresult cuGraphGetNodes(Graph* g, void** nodes, size_t* count) { (void)nodes; *count = g->count; return SUCCESS; }
EXPORT CUresult cuGraphDestroy(Graph* g) { for (Node* n; (n = g->first);) { g->first = n->next; free(n); } free(g); return sticky; }
EXPORT CUresult cuGraphInstantiateWithFlags(Graph** out, Graph* g, uint64_t flags) {
    (void)flags;
    REQUIRE_CONTEXT();
    *out = calloc(1, sizeof **out);
    (*out)->last = &(*out)->first;
    for (Node* n = g->first; n; n = n->next) append(*out, n);
    return SUCCESS;
}
EXPORT CUresult cuGraphUpload(Graph* g, Stream* s) { (void)g; (void)s; REQUIRE_CONTEXT(); return SUCCESS; }
EXPORT CUresult cuGraphLaunch(Graph* g, Stream* s) { REQUIRE_CONTEXT(); for (Node* n = g->first; n; n = n->next) queue(s, n); return SUCCESS; }
EXPORT CUresult cuGraphExecUpdate_v2(Graph* e, Graph* g, void* info) { (void)e; (void)g; (void)info; return NOT_SUPPORTED; }
EXPORT CUresult cuGraphExecDestroy(Graph* g) { return cuGraphDestroy(g); }

EXPORT CUresult cuEventCreate(void** out, unsigned flags) { (void)flags; REQUIRE_CONTEXT(); *out = malloc(1); return SUCCESS; }
EXPORT CUresult cuEventDestroy_v2(void* event) { free(event); return sticky; }
EXPORT CUresult cuEventRecord(void* event, Stream* s) { (void)event; (void)s; REQUIRE_CONTEXT(); return SUCCESS; }
EXPORT CUresult cuEventSynchronize(void* event) { (void)event; MEET_FAULT(); return SUCCESS; }
EXPORT CUresult cuEventQuery(void* event) { (void)event; MEET_FAULT(); return SUCCESS; }
EXPORT CUresult cuEventElapsedTime(float* ms, void* start, void* end) { (void)start; (void)end; MEET_FAULT(); *ms = 1; return SUCCESS; }

// ---- copies and fills

static CUresult copy(Stream* s, void* target, const void* source, size_t bytes) { return queue(s, &(Node){.kind = COPY, .target = target, .source = (void*)source, .count = bytes}); }
#define ON_DEVICE(address, bytes) do { if (!holds(address, bytes)) return INVALID_VALUE; } while (0)
EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t n, Stream* s) { REQUIRE_CONTEXT(); ON_DEVICE(to, n); return copy(s, (void*)to, from, n); }
EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t n, Stream* s) { REQUIRE_CONTEXT(); ON_DEVICE(from, n); return copy(s, to, (void*)from, n); }
EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t n, Stream* s) { REQUIRE_CONTEXT(); ON_DEVICE(to, n); ON_DEVICE(from, n); return copy(s, (void*)to, (void*)from, n); }
EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t n) { MEET_FAULT(); return cuMemcpyHtoDAsync_v2(to, from, n, NULL); }
EXPORT CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t n) { MEET_FAULT(); return cuMemcpyDtoHAsync_v2(to, from, n, NULL); }
EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t n) { MEET_FAULT(); return cuMemcpyDtoDAsync_v2(to, from, n, NULL); }
EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char v, size_t n, Stream* s) { REQUIRE_CONTEXT(); ON_DEVICE(to, n); return queue(s, &(Node){.kind = FILL8, .target = (void*)to, .value = v, .count = n}); }
EXPORT CUresult cuMemsetD32Async(CUdeviceptr to, unsigned v, size_t n, Stream* s) { REQUIRE_CONTEXT(); ON_DEVICE(to, n * 4); return queue(s, &(Node){.kind = FILL32, .target = (void*)to, .value = v, .count = n}); }
EXPORT CUresult cuMemsetD8_v2(CUdeviceptr to, unsigned char v, size_t n) { return cuMemsetD8Async(to, v, n, NULL); }
EXPORT CUresult cuMemsetD32_v2(CUdeviceptr to, unsigned v, size_t n) { return cuMemsetD32Async(to, v, n, NULL); }
