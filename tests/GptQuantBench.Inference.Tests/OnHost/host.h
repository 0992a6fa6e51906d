// In place of the kernels' device.cuh: what device code asks of a GPU, on a host. A thread is a fiber; threads of all blocks take turns, one step from
// one barrier, warp operation or load of others' memory to the next, so every run is the same. Nothing is told about speed or about races.
#pragma once
#define DEVICE_CUH

#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <ucontext.h>
#include <vector>

#define DEVICE inline
#define KERNEL(threads) inline void
#define __shared__ static

typedef unsigned char u8;
typedef unsigned short half_t;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

struct alignas(16) vec4 {
    u32 x, y, z, w;
};
struct alignas(8) vec2 {
    u32 x, y;
};

namespace host {

static const int BlockThreads = 256;

struct Fiber {
    ucontext_t start;
    jmp_buf place;
    std::vector<char> stack;
    int thread, block, blocks;
    bool hasStarted, isDone;
};

// Threads that meet: the last one to come lets all go on. A meeting's values stay until the one after the next.
struct Meeting {
    int arrived;
    unsigned number;
    u64 values[2][32];
};

inline Fiber* current;
inline jmp_buf scheduler;
inline std::vector<Meeting> blocks, warps;
inline long meetings; // that are over
inline std::function<void()> body;

inline void yield() {
    Fiber* fiber = current;
    if (!_setjmp(fiber->place)) {
        _longjmp(scheduler, 1);
    }
}

inline unsigned meet(Meeting& m, int members, int slot, u64 value, bool isSum) {
    unsigned number = m.number;
    u64& at = m.values[number & 1][slot];
    at = isSum ? at | value : value;
    if (++m.arrived == members) {
        m.arrived = 0;
        m.number++;
        if (isSum) {
            m.values[m.number & 1][slot] = 0;
        }
        meetings++;
    } else {
        while (m.number == number) {
            yield();
        }
    }
    return number & 1;
}

inline u64 meet_block(u64 value) {
    Meeting& m = blocks[current->block];
    return m.values[meet(m, BlockThreads, 0, value, true)][0];
}

inline const u64* meet_warp(u64 value) {
    Meeting& m = warps[current->block * (BlockThreads / 32) + current->thread / 32];
    return m.values[meet(m, 32, current->thread & 31, value, false)];
}

inline void enter() {
    body();
    current->isDone = true;
    _longjmp(scheduler, 1);
}

// Runs blocks first … first + count − 1 of a grid together.
inline void launch(int first, int count, int grid, std::function<void()> what) {
    static std::vector<Fiber*> fibers;
    body = what;
    while ((int)fibers.size() < count * BlockThreads) {
        fibers.push_back(new Fiber());
        fibers.back()->stack.resize(65536);
    }
    blocks.assign(first + count, {});
    warps.assign((first + count) * (BlockThreads / 32), {});
    for (int i = 0; i < count * BlockThreads; i++) {
        Fiber* f = fibers[i];
        f->thread = i % BlockThreads;
        f->block = first + i / BlockThreads;
        f->blocks = grid;
        f->hasStarted = f->isDone = false;
        getcontext(&f->start);
        f->start.uc_stack.ss_sp = f->stack.data();
        f->start.uc_stack.ss_size = f->stack.size();
        makecontext(&f->start, enter, 0);
    }
    volatile int left = count * BlockThreads;
    volatile long idle = 0, before = meetings;
    while (left > 0) {
        left = 0;
        for (volatile int i = 0; i < count * BlockThreads; i = i + 1) {
            current = fibers[i];
            if (current->isDone) {
                continue;
            }
            if (!_setjmp(scheduler)) {
                if (current->hasStarted) {
                    _longjmp(current->place, 1);
                }
                current->hasStarted = true;
                setcontext(&current->start);
            }
            left = left + (fibers[i]->isDone ? 0 : 1);
        }
        idle = meetings == before ? idle + 1 : 0;
        before = meetings;
        if (idle > 20000) {
            std::fprintf(stderr, "threads wait for each other for ever\n");
            std::exit(3);
        }
    }
}

} // namespace host

DEVICE int thread_index() { return host::current->thread; }
DEVICE int block_x() { return host::current->block; }
DEVICE int block_y() { return 0; }
DEVICE int grid_x() { return host::current->blocks; }
DEVICE void barrier_of_256() { host::meet_block(0); }
DEVICE bool barrier_or(u32 value) { return host::meet_block(value) != 0; }
DEVICE void block_barrier() { host::meet_block(0); }
DEVICE void wait_for_previous_kernel() {}
DEVICE void let_next_kernel_start() {}
DEVICE void fence() {}

DEVICE u32 float_bits(float value) {
    u32 bits;
    std::memcpy(&bits, &value, sizeof(bits));
    return bits;
}
DEVICE float bits_float(u32 bits) {
    float value;
    std::memcpy(&value, &bits, sizeof(value));
    return value;
}
DEVICE float mul_rn(float a, float b) { return a * b; }
DEVICE float add_rn(float a, float b) { return a + b; }
DEVICE float fma_rn(float a, float b, float c) { return std::fma(a, b, c); }
DEVICE int minimum(int a, int b) { return a < b ? a : b; }
DEVICE u64 multiply_high(u64 a, u64 b) { return (u64)(((unsigned __int128)a * b) >> 64); }
DEVICE int count_leading_zeros(u32 a) { return a ? __builtin_clz(a) : 32; }
DEVICE u32 ordered_bits(float value) { return float_bits(value) & 0x80000000u ? ~float_bits(value) : float_bits(value) | 0x80000000u; }
DEVICE float ordered_float(u32 ordered) { return bits_float(ordered & 0x80000000u ? ordered & 0x7fffffffu : ~ordered); }
static const u32 NotANumberKey = 0xffffffffu;

// Declared for code that is not called.
u64 compare_and_swap(u64* address, u64 expected, u64 value);
u32 permute_bytes(u32 a, u32 b, u32 selector);
float half_to_float(half_t a);
u32 half2_sub(u32 a, u32 b);
u32 half2_mul(u32 a, u32 b);
u32 half2_fma(u32 a, u32 b, u32 c);
vec4 load_constant(const void* address);
vec2 load_constant8(const void* address);
vec4 load_shared_vector(u32 address);
void prefetch_line(const void* address);

DEVICE void warp_barrier() { host::meet_warp(0); }
DEVICE u32 shuffle_xor(u32 value, int mask) { return (u32)host::meet_warp(value)[(thread_index() & 31) ^ mask]; }
DEVICE u64 shuffle_xor(u64 value, int mask) { return host::meet_warp(value)[(thread_index() & 31) ^ mask]; }
DEVICE u32 shuffle_from(u32 value, int lane) { return (u32)host::meet_warp(value)[lane & 31]; }
DEVICE u32 shuffle_up(u32 value, int offset) {
    int lane = thread_index() & 31;
    return (u32)host::meet_warp(value)[lane >= offset ? lane - offset : lane];
}
DEVICE u32 warp_ballot(bool value) {
    const u64* values = host::meet_warp(value);
    u32 lanes = 0;
    for (int lane = 0; lane < 32; lane++) {
        lanes |= (u32)values[lane] << lane;
    }
    return lanes;
}
DEVICE bool warp_all(bool value) { return warp_ballot(value) == 0xffffffffu; }
DEVICE u64 warp_max(u64 value) {
    const u64* values = host::meet_warp(value);
    u64 most = 0;
    for (int lane = 0; lane < 32; lane++) {
        most = values[lane] > most ? values[lane] : most;
    }
    return most;
}

DEVICE u64 load_relaxed(const u64* address) {
    host::yield();
    return *address;
}
DEVICE float load_relaxed(const float* address) { return *address; }
DEVICE void load_pair(const u64* address, u64& a, u64& b) {
    host::yield();
    a = address[0];
    b = address[1];
}
DEVICE void load_missing_pair(u32 missing, const u64* address, u64& a, u64& b) {
    if (missing) {
        load_pair(address, a, b);
    }
}
DEVICE void store_relaxed(u64* address, u64 value) { *address = value; }
DEVICE void store_pair(u64* address, u64 a, u64 b) {
    address[0] = a;
    address[1] = b;
}
DEVICE void add_shared(u64* address, u64 value) { *address += value; }
DEVICE void add_shared(u32* address, u32 value) { *address += value; }
DEVICE void add_global(u64* address, u64 value) { *address += value; }
DEVICE u32 fetch_add(u32* address, u32 value) { return (*address += value) - value; }
DEVICE u32 fetch_add_shared(u32* address, u32 value) { return (*address += value) - value; }
