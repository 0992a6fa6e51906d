// How weights and activations meet on the matrix unit in the persistent kernel.
//
// On the matrix unit the weights are B: 8 rows of the block's share, read as they lie in the ring, 16 bytes a lane. The columns of a matrix are
// split over the block's warps, in blocks of 32 (Slice), so that a warp needs only its own slice of the activations; the eight partial sums
// of a row meet in shared memory.
//
// The activations are A, which has 16 rows. Without groups all are alike. With groups, row g has only the block g % 4 of a chunk of four and
// zeros elsewhere, so that the sums of the four blocks come out apart, each in lanes of its own, where they meet their scales.
//
// Codes become halves by no more than a mask: an unsigned code u in the low bits of a half is the subnormal u · 2⁻²⁴, exactly, and the matrix
// unit multiplies subnormals in full. Codes are raised to be unsigned, Int8 by 128 and Int4 by 8; what that adds, `Raise` times the sum of the
// activations (from the matrix unit too, with ones for B), is taken off the sums.
//
// Lane 4g + q has row g: of a chunk of 4 blocks the block q (Fp16: 8 columns of each). Which of the matrix unit's 16 columns these become does
// not matter, as long as the activations agree. 16 bytes of activations are one fragment of A: in rows g the columns that meet one half of
// the weights that go with them (sums in d[0] and d[1]), in rows g + 8 those that meet the other (sums of other products, in d[2] and d[3]).
//
//   activations   FP16, of every warp its slice, padded with zeros to whole chunks of 4 blocks; a block of 32 columns is 64 bytes, in pieces of 16:
//                 Fp16   piece k: columns 8k, 8k + 1 | 8k + 4, 8k + 5 | 8k + 2, 8k + 3 | 8k + 6, 8k + 7
//                 Int8            columns 8k, 8k + 2 | 8k + 4, 8k + 6 | 8k + 1, 8k + 3 | 8k + 5, 8k + 7
//                 Int4            columns 4k, 4k + 2 | 4k + 16, 4k + 18 | 4k + 1, 4k + 3 | 4k + 17, 4k + 19; those from 16 on divided by 16, as
//                                 their nibble is worth 16 times
#pragma once
#include "persistent_ring.cuh"

DEVICE float load_float(const float* address) {
    float v;
    asm volatile("ld.global.nc.f32 %0, [%1];" : "=f"(v) : "l"(address));
    return v;
}

DEVICE float4_t load_float4(const float* address) {
    float4_t v;
    asm volatile("ld.global.nc.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(address));
    return v;
}

DEVICE vec4 load_shared_vector(u32 address) {
    vec4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}

DEVICE float load_shared_half(u32 address) {
    half_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return half_to_float(v);
}

// Error below 2⁻²³: far less than that of the halves which the results become.
DEVICE float reciprocal(float a) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

// This warp's columns of a product's input, in blocks of 32.
struct Slice {
    i32 first, count;

    DEVICE int chunks() const { return (count + 3) >> 2; }
};

DEVICE Slice slice_of(int columns) {
    int blocks = (columns + 31) >> 5, warp = warp_index();
    int first = blocks * warp / PersistentWarps;
    return {first, blocks * (warp + 1) / PersistentWarps - first};
}

// Bytes of a warp's activations. C#: PersistentKernel counts the same.
DEVICE int slice_bytes(int columns) {
    int blocks = (columns + 31) >> 5, most = (blocks + PersistentWarps - 1) / PersistentWarps;
    return ((most + 3) & ~3) * 64;
}

template <class Format> struct Operand {
    static const int BlockBytes = 512 / Format::Weights; // of 32 columns' codes
    static const bool IsRaised = Format::Weights > 8;    // whether codes are raised, and small by 2⁻²⁴
    static constexpr float Raise = Format::Weights == 16 ? 128.0f : Format::HasMinimum ? 0.0f : 8.0f;
    static constexpr float Unit = IsRaised ? 5.9604644775390625e-8f : 1.0f; // 2⁻²⁴

    // Columns 4j … 4j + 3 of a block, as two pairs of halves.
    DEVICE static void put(u32 block, int j, u32 low, u32 high) {
        u32 to = block + (Format::Weights == 32 ? (j & 3) * 16 + (j >> 2) * 4 : (j >> 1) * 16 + (j & 1) * 4);
        if (Format::Weights > 8) {
            u32 even = permute_bytes(low, high, 0x5410);
            high = permute_bytes(low, high, 0x7632);
            low = even;
        }
        if (Format::Weights == 32) {
            u32 factor = j >= 4 ? 0x2c002c00u : 0x3c003c00u; // a sixteenth, or one
            low = half2_mul(low, factor);
            high = half2_mul(high, factor);
        }
        store(to, low);
        store(to + 8, high);
    }

    DEVICE static void store(u32 address, u32 value) { asm volatile("st.shared.u32 [%0], %1;" ::"r"(address), "r"(value) : "memory"); }

    // Adds Unit times Σ weight · x, before scales, of the weights that go with a piece of activations: one half of them to d[0] and d[1] (rows 2q
    // and 2q + 1), the other to e[2] and e[3].
    DEVICE static void add_piece(float (&d)[4], float (&e)[4], const u32* w, const vec4& x) {
        if (Format::Weights == 8) {
            add(d, x, w[0], w[1]);
            add(e, x, w[2], w[3]);
        } else if (Format::Weights == 16) {
            add(d, x, raised(w[0]), raised(w[0] >> 8));
            add(e, x, raised(w[1]), raised(w[1] >> 8));
        } else {
            const u32 Low = 0x000f000fu, High = 0x00f000f0u;
            add(d, x, w[0] & Low, w[0] >> 8 & Low);
            add(e, x, w[0] & High, w[0] >> 8 & High);
        }
    }

    // The same with weights of 1 / Unit: adds sums of activations.
    DEVICE static void add_ones(float (&d)[4], float (&e)[4], const vec4& x) {
        const u32 Ones = 0x3c003c00u, Second = Format::Weights == 32 ? 0x4c004c00u : Ones; // 16
        add(d, x, Ones, Ones);
        add(e, x, Second, Second);
    }

    DEVICE static void add(float (&d)[4], const vec4& x, u32 b0, u32 b1) { multiply_accumulate(d, x.x, x.y, x.z, x.w, b0, b1); }
    DEVICE static u32 raised(u32 codes) { return (codes & 0x00ff00ffu) ^ 0x00800080u; }
};

// Activations of a chunk, 4 blocks of 32 columns, and Unit times their sum (with groups: of this lane's block).
template <class Format> struct Chunk {
    vec4 x[4];
    float total;

    // `address`: of the chunk; `zeros`: of 16 bytes of them.
    DEVICE void load(u32 address, u32 zeros, bool exists) {
        int g = lane_index() >> 2, q = lane_index() & 3;
        bool own = exists && (!Format::HasGroups || (g & 3) == q);
        address = own ? address + q * (Format::Weights == 8 ? 16 : 64) : zeros;
        u32 step = own ? (Format::Weights == 8 ? 64 : 16) : 0;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            x[i] = load_shared_vector(address + i * step);
        }
        total = 0;
        if (Operand<Format>::IsRaised) {
            float d[4] = {0, 0, 0, 0}, e[4] = {0, 0, 0, 0};
#pragma unroll
            for (int i = 0; i < 4; i++) {
                Operand<Format>::add_ones(d, e, x[i]);
            }
            total = (d[0] + e[2]) * Operand<Format>::Unit;
        }
    }
};

// A matrix's groups.
struct Scaling {
    i32 groups; // of a row
    i32 shift;  // log2 of a group's blocks
};

// Where a lane finds the weights of T tiles of 8 rows; addresses in shared memory.
template <int T> struct Tiles {
    u32 weights[T]; // of the lane's row, at its first 16 bytes of the chunk
    u32 scales;     // of row 2q of the first tile
};

template <class Format, int T> DEVICE void multiply_chunk(
    const Tiles<T>& p, const Chunk<Format>& c, u32 group, u32 groupBytes, u32 minima, float (&sum)[T][2]) {
    typedef Operand<Format> O;
    const int Loads = 32 / Format::Weights, Each = 32 / Format::Weights;
    u32 w[T][4 * Loads];
    float scale[T][2], least[T][2], d[T][2][4];
#pragma unroll
    for (int k = 0; k < T; k++) {
#pragma unroll
        for (int i = 0; i < Loads; i++) {
            vec4 v = load_shared_vector(p.weights[k] + i * (Format::Weights == 8 ? 64 : 16));
            w[k][4 * i] = v.x;
            w[k][4 * i + 1] = v.y;
            w[k][4 * i + 2] = v.z;
            w[k][4 * i + 3] = v.w;
        }
        if (Format::HasGroups) {
#pragma unroll
            for (int r = 0; r < 2; r++) {
                u32 at = p.scales + (8 * k + r) * groupBytes + group;
                scale[k][r] = load_shared_half(at);
                least[k][r] = Format::HasMinimum ? load_shared_half(at + minima) : 0.0f;
            }
        }
    }
#pragma unroll
    for (int k = 0; k < T; k++) {
        d[k][0][0] = d[k][0][1] = d[k][0][2] = d[k][0][3] = d[k][1][0] = d[k][1][1] = d[k][1][2] = d[k][1][3] = 0;
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int k = 0; k < T; k++) {
            O::add_piece(d[k][0], d[k][1], w[k] + i * Each, c.x[i]);
        }
    }
#pragma unroll
    for (int k = 0; k < T; k++) {
#pragma unroll
        for (int r = 0; r < 2; r++) {
            float y = d[k][0][r] + d[k][1][2 + r] - O::Raise * c.total;
            sum[k][r] = Format::HasGroups ? sum[k][r] + scale[k][r] * y : sum[k][r] + y;
            if (Format::HasMinimum) {
                sum[k][r] += least[k][r] * c.total;
            }
        }
    }
}
