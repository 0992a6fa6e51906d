// How weights and activations meet on the matrix unit in the persistent kernel.
//
// The weights are A, unpacked in registers as in all paths (formats.cuh), before the product's input is there; the activations are B. The
// columns of a matrix are split over the block's warps, in blocks of 32 (Slice), so that a warp needs only its own slice of the activations;
// the eight partial sums of a row meet in shared memory.
//
// A chunk is four blocks, 128 columns. Of a row, lane 4g + q has 32 of them: 16 bytes of codes at a time (a piece), at 16q of every 64 bytes.
// Which of the matrix unit's 16 columns these become does not matter, as long as weights and activations agree. Where a lane has several
// pieces, lanes of odd g take neighbours in turned order, so that lanes of two rows do not meet at one bank; the matrix unit's outputs of odd
// n belong to them.
//
//   sixteen rows   A's row g is row g, its row g + 8 is row g + 8; all of B's columns are the activations
//   eight rows     A's row g is row g at the first half of a lane's columns, its row g + 8 is row g at the second half; B's columns 0 to 3 are
//                  the activations of the first halves, 4 to 7 of the second ones. The sum of both is the row's
#pragma once
#include "persistent_ring.cuh"
#include "persistent_slices.cuh"

DEVICE float load_float(const float* address) {
    float v;
    asm volatile("ld.global.nc.f32 %0, [%1];" : "=f"(v) : "l"(address));
    return v;
}

DEVICE float2_t load_float2(const float* address) {
    float2_t v;
    asm volatile("ld.global.nc.v2.f32 {%0, %1}, [%2];" : "=f"(v.x), "=f"(v.y) : "l"(address));
    return v;
}

DEVICE float4_t load_float4(const float* address) {
    float4_t v;
    asm volatile("ld.global.nc.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(address));
    return v;
}

DEVICE u32 load_shared_half2(u32 address) {
    half_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return half2_of(v);
}

// Error below 2⁻²³: far less than that of the halves which the results become.
DEVICE float reciprocal(float a) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

// Of the matrix unit's outputs of columns 2q and 2q + 1, the one that is this lane's row's.
template <class Format> DEVICE float own(float even, float odd) { return Pieces<Format>::Loads > 1 && (lane_index() & 4) ? odd : even; }

// Where a row's scales are.
struct Scaling {
    i32 groups; // of a row
    i32 shift;  // log2 of a group's blocks
    i32 last;   // the slice's last block, the last that has any
};

// 32 weights of a row as they lie in a stage, with their scales and minima twice in a register.
template <class Format> struct RawRow {
    typedef Pieces<Format> P;
    vec4 pieces[P::Loads];
    u32 scales[P::Loads], minima[P::Loads];

    // codes: shared address of the row's bytes of the chunk; at: of the row's first scale; block: the chunk's first; least: bytes from a scale
    // to its minimum.
    DEVICE void load(u32 codes, u32 at, const Scaling& scaling, u32 least, int block) {
        int q = lane_index() & 3;
#pragma unroll
        for (int i = 0; i < P::Loads; i++) {
            int piece = P::number(i);
            pieces[i] = load_shared_vector(codes + piece * 64 + q * 16);
            scales[i] = minima[i] = 0;
            if (Format::HasGroups) {
                int of = block + ((piece * 4 + q) * Format::Weights >> 5);
                u32 address = at + ((u32)minimum(of, scaling.last) >> scaling.shift << 1);
                scales[i] = load_shared_half2(address);
                minima[i] = Format::HasMinimum ? load_shared_half2(address + least) : 0;
            }
        }
    }

    // Odd rows' pieces in the order of even ones: for activations that differ from column to column of B.
    DEVICE void straighten() {
        bool isOdd = lane_index() & 4;
#pragma unroll
        for (int i = 0; i + 1 < P::Loads; i += 2) {
            choose(isOdd, pieces[i].x, pieces[i + 1].x);
            choose(isOdd, pieces[i].y, pieces[i + 1].y);
            choose(isOdd, pieces[i].z, pieces[i + 1].z);
            choose(isOdd, pieces[i].w, pieces[i + 1].w);
            if (Format::HasGroups) {
                choose(isOdd, scales[i], scales[i + 1]);
            }
        }
    }

    DEVICE static void choose(bool isOdd, u32& a, u32& b) {
        u32 first = isOdd ? b : a;
        b = isOdd ? a : b;
        a = first;
    }

    // As pairs of halves.
    DEVICE void unpack(u32 (&out)[16]) const {
#pragma unroll
        for (int i = 0; i < P::Loads; i++) {
            u32 pairs[P::Each];
            Format::unpack(pieces[i], scales[i], minima[i], pairs);
#pragma unroll
            for (int k = 0; k < P::Each; k++) {
                out[i * P::Each + k] = pairs[k];
            }
        }
    }
};

// Has values computed here, not where they are used.
DEVICE void settle(u32 (&values)[16]) {
#pragma unroll
    for (int i = 0; i < 16; i++) {
        asm volatile("" : "+r"(values[i]));
    }
}

// Sums of sixteen rows over a chunk, in steps j from 0 to 7: d[…][0] or [1] of row g, [2] or [3] of row g + 8.
DEVICE void multiply_sixteen(float (&d)[2][4], const u32 (&low)[16], const u32 (&high)[16], const u32 (&x)[16], int j) {
    multiply_accumulate(d[j & 1], low[2 * j], high[2 * j], low[2 * j + 1], high[2 * j + 1], x[2 * j], x[2 * j + 1]);
}

DEVICE void multiply_sixteen(float (&d)[2][4], const u32 (&low)[16], const u32 (&high)[16], const u32 (&x)[16]) {
#pragma unroll
    for (int j = 0; j < 8; j++) {
        multiply_sixteen(d, low, high, x, j);
    }
}

// Of eight rows; j from 0 to 3.
DEVICE void multiply_eight(float (&d)[2][4], const u32 (&w)[16], const u32 (&x)[8], int j) {
    multiply_accumulate(d[j & 1], w[2 * j], w[2 * j + 8], w[2 * j + 1], w[2 * j + 9], x[2 * j], x[2 * j + 1]);
}

DEVICE void multiply_eight(float (&d)[2][4], const u32 (&w)[16], const u32 (&x)[8]) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
        multiply_eight(d, w, x, j);
    }
}

// Row g's sum of multiply_eight, in all its lanes.
template <class Format> DEVICE float sum_of_eight(const float (&d)[2][4]) {
    float low = own<Format>(d[0][0] + d[1][0], d[0][1] + d[1][1]);
    float high = own<Format>(d[0][2] + d[1][2], d[0][3] + d[1][3]);
    float half = lane_index() & 2 ? high : low;
    return half + shuffle_xor(half, 2);
}
