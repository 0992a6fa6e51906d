// What the samplers share: the sampling kernels of sample.cu and the persistent kernel. 256 threads of a block take part.
#pragma once
#include "state.cuh"

static const int Threads = 256;
static const int Buckets = 1024;
static const float BucketsPerOctave = 32.0f;

// How to choose; written by sample_options, read by every step.
struct Sampling {
    u64 seed;
    u64 topP;    // ⌈top-p · 2³²⌉
    float scale; // log2(e) / temperature
};

// Of the first 256 threads of a block, which may have more.
DEVICE void sampler_barrier() { barrier_of_256(); }

// TokenWeights.Weight, operation by operation.
DEVICE u32 weight_of(float logit, float most, float scale) {
    const float Shift = 12582912.0f; // 1.5 · 2²³
    float x = mul_rn(add_rn(logit, -most), scale);
    x = x > -40.0f ? x : -40.0f;
    float shifted = add_rn(x, Shift);
    i32 exponent = (i32)float_bits(shifted) - (i32)float_bits(Shift);
    float f = add_rn(x, -add_rn(shifted, -Shift));
    const double Ln2 = 0.693147180559945309;
    float p = (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 5040);
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 720));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 120));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 / 24));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 / 6));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 / 2));
    p = fma_rn(p, f, (float)Ln2);
    p = fma_rn(p, f, 1.0f);
    return (u32)(i32)mul_rn(p, bits_float((u32)(exponent + 30 + 127) << 23));
}

// Grows as the logit falls; subtraction and multiplication round monotonically.
DEVICE int bucket_of(float logit, float most, float scale) {
    float octaves = mul_rn(add_rn(most, -logit), scale);
    return octaves < 31.0f ? (int)(octaves * BucketsPerOctave) : Buckets - 1;
}

// Which of the 256 parts of its bucket: scaling by powers of two is exact.
DEVICE int part_of_bucket(float logit, float most, float scale) {
    float octaves = mul_rn(add_rn(most, -logit), scale);
    return octaves < 31.0f ? (int)(octaves * (BucketsPerOctave * 256)) & 255 : 255;
}

DEVICE u32 key_of(float logit) { return ordered_bits(add_rn(logit, 0.0f)); }

// Sum of the values of this and all lower lanes.
DEVICE u64 warp_scan(u64 value) {
    int lane = thread_index() & 31;
#pragma unroll
    for (int offset = 1; offset < 32; offset <<= 1) {
        u32 low = shuffle_up((u32)value, offset), high = shuffle_up((u32)(value >> 32), offset);
        value += lane >= offset ? ((u64)high << 32) | low : 0;
    }
    return value;
}

// Sum of the values of this and all lower threads; `all` becomes everyone's. Shared: Threads / 32 words.
DEVICE u64 block_scan(u64 value, u64* shared, u64& all) {
    int lane = thread_index() & 31, warp = thread_index() >> 5;
    value = warp_scan(value);
    sampler_barrier();
    if (lane == 31) {
        shared[warp] = value;
    }
    sampler_barrier();
    all = 0;
    u64 before = 0;
#pragma unroll
    for (int w = 0; w < Threads / 32; w++) {
        before += w < warp ? shared[w] : 0;
        all += shared[w];
    }
    return before + value;
}

// The first of 256 parts at which the running sum of sum_of(part) reaches `need`, which becomes what is still missing there. Every warp finds it
// by itself.
template <class Sum> DEVICE int search_parts(Sum sum_of, u64& need) {
    const int Each = Threads / 32;
    int lane = thread_index() & 31, part = lane * Each;
    u64 parts[Each], mine = 0;
#pragma unroll
    for (int i = 0; i < Each; i++) {
        parts[i] = sum_of(part + i);
        mine += parts[i];
    }
    u64 until = warp_scan(mine), missing = need - (until - mine);
    u32 here = warp_ballot(until - mine < need && need <= until);
    bool isBehind = true;
#pragma unroll
    for (int i = 0; i + 1 < Each; i++) {
        isBehind = isBehind && missing > parts[i];
        missing -= isBehind ? parts[i] : 0;
        part += isBehind ? 1 : 0;
    }
    int at = 31 - count_leading_zeros(here);
    need = ((u64)shuffle_from((u32)(missing >> 32), at) << 32) | shuffle_from((u32)missing, at);
    return (int)shuffle_from((u32)part, at);
}

// The same of sums to which the block's threads have added; leaves them zero.
DEVICE int find_part(u64* sums, u64& need) {
    sampler_barrier();
    int part = search_parts([&](int of) { return sums[of]; }, need);
    sampler_barrier();
    sums[thread_index()] = 0;
    sampler_barrier();
    return part;
}
