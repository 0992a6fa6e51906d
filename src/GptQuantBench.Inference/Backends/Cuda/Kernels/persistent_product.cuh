// Matrix products of one token inside the persistent kernel.
//
// On the matrix unit the weights are A: 16 rows of the block's share, read by ldmatrix as they lie in the ring; the activations are
// column 0 of B, and the other columns are whatever the lanes hold. The columns of a matrix are split over the block's warps, in blocks of
// 32 (Slice), so that a warp needs only its own slice of the activations; the eight partial sums of a row meet in shared memory.
//
// Codes become halves for nothing but a mask: an unsigned code u in the low bits of a half is the subnormal u · 2⁻²⁴, exactly, and the matrix
// unit multiplies subnormals in full. With S the slice's sum of activations, a block of 32 columns then gives
//
//   Int8 u = code + 128, Int4 u = code + 8   Σ code · x = 2²⁴ · D − offset · S     and scales apply to that, in FP32
//
//   activations   FP16, 64 bytes for a block of 32 columns, 16 for each q = lane & 3, in the order in which a lane's codes need them:
//                 Fp16          columns 2q, 2q + 1, 2q + 8, 2q + 9, and the same + 16
//                 Int8, Int4    columns 4q, 4q + 2, 4q + 1, 4q + 3, and the same + 16; Int4: these divided by 16, as their nibble is worth 16 times
//   sums          FP32 [2 (products in turn)][warps][rows], or [warps][rows] for the head
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

DEVICE float load_shared_float(u32 address) {
    float v;
    asm volatile("ld.shared.f32 %0, [%1];" : "=f"(v) : "r"(address) : "memory");
    return v;
}

DEVICE float load_shared_half(u32 address) {
    half_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return half_to_float(v);
}

// Four 8 × 8 matrices of halves; lane l names row l % 8 of matrix l / 8.
DEVICE vec4 load_matrices(u32 address) {
    vec4 v;
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}

// multiply_accumulate with sums of 0.
DEVICE void multiply(float (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %10, %10, %10};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "f"(0.0f));
}

// Error below 2⁻²³: far less than that of the halves which the results become.
DEVICE float reciprocal(float a) {
    float r;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

// gelu_tanh with it.
DEVICE float gelu_fast(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - reciprocal(exp_fast(2.0f * u) + 1.0f));
}

// This warp's columns of a product's input, in blocks of 32.
struct Slice {
    i32 first, count;
};

DEVICE Slice slice_of(int columns) {
    int blocks = (columns + 31) >> 5, warp = thread_index() >> 5;
    int first = blocks * warp / PersistentWarps;
    return {first, blocks * (warp + 1) / PersistentWarps - first};
}

template <class Format> struct Operand {
    static const int BlockBytes = 512 / Format::Weights; // of 32 columns' codes
    static constexpr float Offset = Format::Weights == 16 ? 128.0f : Format::HasMinimum ? 0.0f : 8.0f; // what the codes are raised by
    static const bool HasSums = Format::Weights > 8; // whether sums of activations are wanted

    // Columns 4j … 4j + 3 of a block, as two pairs of halves.
    DEVICE static void put(u32 block, int j, u32 low, u32 high) {
        if (Format::Weights == 8) {
            u32 to = block + (j & 1) * 32 + (j >> 2) * 8 + (j >> 1 & 1) * 4;
            asm volatile("st.shared.u32 [%0], %1;" ::"r"(to), "r"(low) : "memory");
            asm volatile("st.shared.u32 [%0], %1;" ::"r"(to + 16), "r"(high) : "memory");
        } else {
            u32 to = block + (j & 3) * 16 + (j >> 2) * 8, even = permute_bytes(low, high, 0x5410), odd = permute_bytes(low, high, 0x7632);
            if (Format::Weights == 32 && j >= 4) {
                const u32 Sixteenth = 0x2c002c00u;
                even = half2_mul(even, Sixteenth);
                odd = half2_mul(odd, Sixteenth);
            }
            asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(to), "r"(even), "r"(odd) : "memory");
        }
    }

    // Σ weight · x of 32 columns: rows g and g + 8 in d[0] and d[2] of lanes with q = 0. w: rows g, g + 8 of the first 16 columns (Fp16 and
    // Int8: likewise of the last 16 in the next two).
    DEVICE static void block(float (&d)[4], const u32* w, const vec4& x) {
        if (Format::Weights == 8) {
            multiply(d, w[0], w[1], w[2], w[3], x.x, x.y);
            multiply_accumulate(d, w[4], w[5], w[6], w[7], x.z, x.w);
        } else if (Format::Weights == 16) {
            multiply(d, raised(w[0]), raised(w[1]), raised(w[0] >> 8), raised(w[1] >> 8), x.x, x.y);
            multiply_accumulate(d, raised(w[2]), raised(w[3]), raised(w[2] >> 8), raised(w[3] >> 8), x.z, x.w);
        } else {
            const u32 Low = 0x000f000fu, High = 0x00f000f0u;
            multiply(d, w[0] & Low, w[1] & Low, w[0] >> 8 & Low, w[1] >> 8 & Low, x.x, x.y);
            multiply_accumulate(d, w[0] & High, w[1] & High, w[0] >> 8 & High, w[1] >> 8 & High, x.z, x.w);
        }
    }

    DEVICE static u32 raised(u32 codes) { return (codes & 0x00ff00ffu) ^ 0x00800080u; }
};

// Where a lane finds what it multiplies; addresses in shared memory.
struct Places {
    u32 weights;       // of the lane's row and half of 32 bytes, at the slice's first block
    u32 input;         // activations of that block and the lane's q
    u32 inputSums;     // of that block
    u32 scales[2];     // of rows g and g + 8
    u32 minima;        // bytes from a scale to its minimum
    i32 block;
    i32 shift;         // log2 of a group's blocks
};

// N blocks of 32 columns.
template <class Format, int N> DEVICE void multiply_blocks(const Places& p, float (&sum)[2]) {
    typedef Operand<Format> O;
    const int Loads = Format::Weights == 8 ? 2 * N : Format::Weights == 16 ? N : (N + 1) / 2, Each = Format::Weights == 8 ? 8 : Format::Weights == 16 ? 4 : 2;
    u32 w[4 * Loads];
    vec4 x[N];
#pragma unroll
    for (int i = 0; i < Loads; i++) {
        vec4 v = load_matrices(p.weights + i * 32);
        w[4 * i] = v.x;
        w[4 * i + 1] = v.y;
        w[4 * i + 2] = v.z;
        w[4 * i + 3] = v.w;
    }
    float total[N], scale[N][2], least[N][2];
#pragma unroll
    for (int i = 0; i < N; i++) {
        x[i] = load_shared_vector(p.input + i * 64);
        total[i] = O::HasSums ? load_shared_float(p.inputSums + i * 4) : 0.0f;
        if (Format::HasGroups) {
            u32 at = (u32)(p.block + i) >> p.shift << 1;
#pragma unroll
            for (int k = 0; k < 2; k++) {
                scale[i][k] = load_shared_half(p.scales[k] + at);
                least[i][k] = Format::HasMinimum ? load_shared_half(p.scales[k] + p.minima + at) : 0.0f;
            }
        }
    }
    float d[N][4];
#pragma unroll
    for (int i = 0; i < N; i++) {
        O::block(d[i], w + i * Each, x[i]);
    }
#pragma unroll
    for (int i = 0; i < N; i++) {
#pragma unroll
        for (int k = 0; k < 2; k++) {
            float y = d[i][2 * k];
            if (O::HasSums) {
                y = y * 16777216.0f - O::Offset * total[i];
            }
            sum[k] = Format::HasGroups ? sum[k] + scale[i][k] * y : sum[k] + y;
            if (Format::HasMinimum) {
                sum[k] += least[i][k] * total[i];
            }
        }
    }
}

// A product as one warp sees it.
template <class Format> struct Product {
    const Ring& ring;
    Cursor cursor;
    Stage stage; // at the cursor

    DEVICE Product(const Ring& r) : ring(r), cursor{0, 0, 0, 0}, stage(r.stages[0]) {}

    // This warp's partial sums of all rows of a share. `pitch`: of the rows in the ring; `input`, `inputSums`: shared addresses of the
    // activations and their sums; `sums`: this warp's.
    DEVICE void multiply_share(const Matrix& m, int product, int pitch, Slice slice, u32 input, u32 inputSums, float* sums, Patience& patience, u32 where) {
        int lane = thread_index() & 31, g = lane >> 2;
        Places start;
        start.input = input + slice.first * 64 + (lane & 3) * 16;
        start.inputSums = inputSums + slice.first * 4;
        start.shift = Format::HasGroups ? m.groupShift - 5 : 0;
        int groupBytes = m.groups * 2;
#pragma unroll 1
        while (stage.product == product) {
            Places p = start;
            u32 at = ring.first + ring.place(cursor, stage.bytes);
            int row = lane & 15;
            p.weights = at + (row < stage.rows ? row : 0) * pitch + (lane >> 4) * 16 + slice.first * Operand<Format>::BlockBytes;
            p.block = slice.first;
            if (Format::HasGroups) {
                u32 scales = at + stage.rows * pitch + stage.skip;
                p.scales[0] = scales + (g < stage.rows ? g : 0) * groupBytes;
                p.scales[1] = scales + (g + 8 < stage.rows ? g + 8 : 0) * groupBytes;
                p.minima = Format::HasMinimum ? scale_bytes<Format>(stage.rows, m.groups) : 0;
            }
            float sum[2] = {0, 0};
            patience.wait_for_barrier(ring.full(cursor), cursor.parity(), where);
            int left = slice.count;
#pragma unroll 1
            for (; left >= 4; left -= 4) {
                multiply_blocks<Format, 4>(p, sum);
                p.weights += 4 * Operand<Format>::BlockBytes;
                p.input += 256;
                p.inputSums += 16;
                p.block += 4;
            }
            if (left == 3) {
                multiply_blocks<Format, 3>(p, sum);
            } else if (left == 2) {
                multiply_blocks<Format, 2>(p, sum);
            } else if (left == 1) {
                multiply_blocks<Format, 1>(p, sum);
            }
            warp_barrier();
            if (lane == 0) {
                barrier_arrive(ring.empty(cursor));
            }
            float* to = sums + stage.row + g;
            if ((lane & 3) == 0) {
                if (g < stage.rows) {
                    to[0] = sum[0];
                }
                if (g + 8 < stage.rows) {
                    to[8] = sum[1];
                }
            }
            ring.next(cursor, stage.bytes);
            stage = ring.stages[cursor.number];
        }
    }
};

// What an output needs besides its sum; of row t.
struct RowConstants {
    float bias, scale;

    template <class Format> DEVICE void request(const Matrix& m, const float* biases, const Share& s, int r) {
        bias = 0;
        scale = 1;
        if (r < s.rows) {
            bias = load_float(biases + s.first + r);
            if (Format::HasRowScale) {
                scale = load_float((const float*)m.scales + s.first + r);
            }
        }
    }
};

// Row r's sum; `pitch`: floats of a warp's sums.
DEVICE float row_sum(const float* sums, int pitch, int r) {
    float y[PersistentWarps];
#pragma unroll
    for (int w = 0; w < PersistentWarps; w++) {
        y[w] = sums[w * pitch + r];
    }
    return ((y[0] + y[1]) + (y[2] + y[3])) + ((y[4] + y[5]) + (y[6] + y[7]));
}

// Adds up the partial sums and hands the outputs over, a thread a row. `product`: 0 queries, keys, values; 1 projection; 2 up; 3 down.
template <class Format> DEVICE void finish_share(
    const Matrix& m, const float* biases, const Share& s, const float* sums, int pitch, RowConstants constants, u64* words, u32 epoch, int product,
    float queryScale, bool stalled) {
#pragma unroll 1
    for (int r = thread_index(); (r & ~31) < s.rows; r += PersistentThreads) {
        if (r >= PersistentThreads) {
            constants.request<Format>(m, biases, s, r);
        }
        bool mine = r < s.rows && !stalled;
        float y = row_sum(sums, pitch, r < s.rows ? r : 0) * constants.scale + constants.bias;
        int row = s.first + r;
        if (product == 2) {
            y = gelu_fast(y);
            float other = shuffle_xor(y, 1);
            if (mine && (r & 1) == 0) {
                store_relaxed(words + (row >> 1), word(epoch, float2_to_half2(y, other)));
            }
        } else if (mine) {
            if (product == 0 && row < m.columns) {
                y *= queryScale;
            }
            store_relaxed(words + row, word(epoch, float_bits(y)));
        }
    }
}
