// The few things that device code needs from a CUDA toolkit, so that clang compiles it without one and nvcc with its own.
//
// Halves are carried as bits (half_t, or two of them in a u32): neither compiler then has a say in how they are converted.
// Functions whose name ends in _rn round once and are never fused into something else by a compiler: where the result must equal
// the CPU's bit for bit, only they are used.
#ifndef DEVICE_CUH // and no pragma: a test puts a header for the host in place of this one
#define DEVICE_CUH

#if defined(__clang__)
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#endif
#define DEVICE __device__ __forceinline__
#define KERNEL(threads) extern "C" __global__ void __launch_bounds__(threads)

typedef unsigned char u8;
typedef unsigned short half_t; // the bits of an IEEE binary16
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;

struct alignas(16) vec4 {
    u32 x, y, z, w;
};
struct alignas(8) vec2 {
    u32 x, y;
};
struct alignas(16) float4_t {
    float x, y, z, w;
};
struct alignas(8) float2_t {
    float x, y;
};

#if defined(__clang__)
DEVICE int thread_index() { return __nvvm_read_ptx_sreg_tid_x(); }
DEVICE int block_size() { return __nvvm_read_ptx_sreg_ntid_x(); }
DEVICE int block_x() { return __nvvm_read_ptx_sreg_ctaid_x(); }
DEVICE int block_y() { return __nvvm_read_ptx_sreg_ctaid_y(); }
DEVICE int block_z() { return __nvvm_read_ptx_sreg_ctaid_z(); }
DEVICE int grid_x() { return __nvvm_read_ptx_sreg_nctaid_x(); }
#else
DEVICE int thread_index() { return threadIdx.x; }
DEVICE int block_size() { return blockDim.x; }
DEVICE int block_x() { return blockIdx.x; }
DEVICE int block_y() { return blockIdx.y; }
DEVICE int block_z() { return blockIdx.z; }
DEVICE int grid_x() { return gridDim.x; }
#endif
DEVICE void block_barrier() { __syncthreads(); }

// Of the first 256 threads of a block, which may have more.
DEVICE void barrier_of_256() { asm volatile("bar.sync 1, 256;" ::: "memory"); }

// The same, and tells everyone whether anyone came with a non-zero value.
DEVICE bool barrier_or(u32 value) {
    u32 r;
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; bar.red.or.pred p, 1, 256, q; selp.u32 %0, 1, 0, p; }"
                 : "=r"(r)
                 : "r"(value)
                 : "memory");
    return r != 0;
}

DEVICE u32 float_bits(float value) {
    u32 bits;
    asm("mov.b32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}

DEVICE float bits_float(u32 bits) {
    float value;
    asm("mov.b32 %0, %1;" : "=f"(value) : "r"(bits));
    return value;
}

DEVICE float minus_infinity() { return bits_float(0xff800000u); }

// -- exchange inside a warp; all 32 lanes take part ---------------------------------------------------------------------------

DEVICE u32 shuffle_xor(u32 value, int mask) {
    u32 result;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;" : "=r"(result) : "r"(value), "r"(mask));
    return result;
}

DEVICE float shuffle_xor(float value, int mask) { return bits_float(shuffle_xor(float_bits(value), mask)); }

DEVICE u64 shuffle_xor(u64 value, int mask) {
    u32 low = shuffle_xor((u32)value, mask);
    u32 high = shuffle_xor((u32)(value >> 32), mask);
    return ((u64)high << 32) | low;
}

// Of lane `lane`, the same for all.
DEVICE u32 shuffle_from(u32 value, int lane) {
    u32 r;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(r) : "r"(value), "r"(lane));
    return r;
}

DEVICE float shuffle_from(float value, int lane) { return bits_float(shuffle_from(float_bits(value), lane)); }

DEVICE bool warp_all(bool value) {
    u32 r;
    asm volatile("{ .reg .pred p, q; setp.ne.u32 q, %1, 0; vote.sync.all.pred p, q, 0xffffffff; selp.u32 %0, 1, 0, p; }" : "=r"(r) : "r"((u32)value) : "memory");
    return r != 0;
}

DEVICE void warp_barrier() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }

DEVICE u32 redux_max(u32 value) {
    u32 r;
    asm volatile("redux.sync.max.u32 %0, %1, 0xffffffff;" : "=r"(r) : "r"(value));
    return r;
}

DEVICE u64 redux_max(u64 value) {
    u32 high = redux_max((u32)(value >> 32));
    return ((u64)high << 32) | redux_max((u32)(value >> 32) == high ? (u32)value : 0);
}

DEVICE u32 shuffle_up(u32 value, int offset) {
    u32 r;
    asm volatile("shfl.sync.up.b32 %0, %1, %2, 0, 0xffffffff;" : "=r"(r) : "r"(value), "r"(offset));
    return r;
}

// The lanes in which it is true.
DEVICE u32 warp_ballot(bool value) {
    u32 r;
    asm volatile("{ .reg .pred p; setp.ne.u32 p, %1, 0; vote.sync.ballot.b32 %0, p, 0xffffffff; }" : "=r"(r) : "r"((u32)value));
    return r;
}

DEVICE float warp_sum(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        value += shuffle_xor(value, offset);
    }
    return value;
}

DEVICE u64 warp_max(u64 value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        u64 other = shuffle_xor(value, offset);
        value = other > value ? other : value;
    }
    return value;
}

// -- arithmetic ---------------------------------------------------------------------------------------------------------------

DEVICE float add_rn(float a, float b) {
    float r;
    asm("add.rn.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
    return r;
}

DEVICE float mul_rn(float a, float b) {
    float r;
    asm("mul.rn.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
    return r;
}

DEVICE float div_rn(float a, float b) {
    float r;
    asm("div.rn.f32 %0, %1, %2;" : "=f"(r) : "f"(a), "f"(b));
    return r;
}

DEVICE float fma_rn(float a, float b, float c) {
    float r;
    asm("fma.rn.f32 %0, %1, %2, %3;" : "=f"(r) : "f"(a), "f"(b), "f"(c));
    return r;
}

// Nearest integer, ties to even.
DEVICE float round_even(float a) {
    float r;
    asm("cvt.rni.f32.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

DEVICE float exp2_fast(float a) {
    float r;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

static const float Log2E = 1.4426950408889634f;

DEVICE float exp_fast(float a) { return exp2_fast(a * Log2E); }

DEVICE float reciprocal_sqrt(float a) {
    float r;
    asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

DEVICE float maximum(float a, float b) { return a > b ? a : b; }
DEVICE int minimum(int a, int b) { return a < b ? a : b; }
DEVICE float absolute(float a) { return bits_float(float_bits(a) & 0x7fffffffu); }
DEVICE bool is_finite(float a) { return (float_bits(a) & 0x7f800000u) != 0x7f800000u; }

// GELU as GPT-2 has it ("gelu_new"): x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))), with tanh(u) = 1 − 2 / (e^{2u} + 1).
DEVICE float gelu_tanh(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - 1.0f / (exp_fast(2.0f * u) + 1.0f));
}

// A float as an integer that orders like it.
DEVICE u32 ordered_bits(float value) {
    u32 bits = float_bits(value);
    return (bits & 0x80000000u) ? ~bits : bits | 0x80000000u;
}

// What a row's best logit is found by: the greatest key has the largest logit and, of several, the lowest id; −0 and 0 are the same.
// NaN and +infinity have the greatest key of all, so that they cannot hide.
static const u32 NotANumberKey = 0xffffffffu;

DEVICE u64 best_key(float logit, int id) {
    u32 order = logit <= 3.402823466e38f ? ordered_bits(add_rn(logit, 0.0f)) : NotANumberKey;
    return ((u64)order << 32) | (u32)~id;
}

// The float that ordered_bits made the integer of.
DEVICE float ordered_float(u32 ordered) { return bits_float((ordered & 0x80000000u) ? ordered & 0x7fffffffu : ~ordered); }

DEVICE u64 multiply_high(u64 a, u64 b) {
    u64 r;
    asm("mul.hi.u64 %0, %1, %2;" : "=l"(r) : "l"(a), "l"(b));
    return r;
}

DEVICE int count_leading_zeros(u32 a) {
    int r;
    asm("clz.b32 %0, %1;" : "=r"(r) : "r"(a));
    return r;
}

// -- halves -------------------------------------------------------------------------------------------------------------------

DEVICE float half_to_float(half_t a) {
    float r;
    asm("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(a));
    return r;
}

DEVICE half_t float_to_half(float a) {
    half_t r;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(r) : "f"(a));
    return r;
}

DEVICE u32 float2_to_half2(float low, float high) { return (u32)float_to_half(low) | ((u32)float_to_half(high) << 16); }
DEVICE float half2_low(u32 pair) { return half_to_float((half_t)pair); }
DEVICE float half2_high(u32 pair) { return half_to_float((half_t)(pair >> 16)); }

// Eight halves.
DEVICE void unpack_halves(const vec4& raw, float (&out)[8]) {
    out[0] = half2_low(raw.x);
    out[1] = half2_high(raw.x);
    out[2] = half2_low(raw.y);
    out[3] = half2_high(raw.y);
    out[4] = half2_low(raw.z);
    out[5] = half2_high(raw.z);
    out[6] = half2_low(raw.w);
    out[7] = half2_high(raw.w);
}

DEVICE u32 half2_of(half_t a) { return (u32)a * 0x10001u; }

DEVICE u32 half2_sub(u32 a, u32 b) {
    u32 r;
    asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

DEVICE u32 half2_mul(u32 a, u32 b) {
    u32 r;
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(r) : "r"(a), "r"(b));
    return r;
}

DEVICE u32 half2_fma(u32 a, u32 b, u32 c) {
    u32 r;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(c));
    return r;
}

DEVICE u32 permute_bytes(u32 a, u32 b, u32 selector) {
    u32 r;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(r) : "r"(a), "r"(b), "r"(selector));
    return r;
}

#include "device_memory.cuh"
#endif
