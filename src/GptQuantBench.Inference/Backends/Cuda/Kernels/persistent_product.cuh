// Matrix products of one token inside the persistent kernel.
//
// On the matrix unit the weights are A: 16 rows of the block's share, read by ldmatrix as they lie in the ring; the activations are all
// eight columns of B. The columns of a matrix are split over the block's warps, in blocks of 32 (Slice), so that a warp needs only its own
// slice of the activations; the eight partial sums of a row meet in shared memory.
//
// Codes become halves by no more than a mask: an unsigned code u in the low bits of a half is the subnormal u · 2⁻²⁴, exactly, and the matrix
// unit multiplies subnormals in full. Codes are raised to be unsigned, Int8 by 128 and Int4 by 8; what that adds, `raise` times the sum of the
// activations (from the matrix unit too, with ones for A), is where the sums of a block of 32 columns start from. Scales apply to those.
//
//   activations   FP16, of every warp its slice, padded with zeros to whole chunks of 4 blocks; 64 bytes for a block of 32 columns, 16 for
//                 each q = lane & 3, in the order in which a lane's codes need them:
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

// multiply_accumulate with sums that start at `start`.
DEVICE void multiply(float (&d)[4], u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1, float start) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %10, %10, %10};"
        : "=f"(d[0]), "=f"(d[1]), "=f"(d[2]), "=f"(d[3])
        : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "f"(start));
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

    DEVICE int chunks() const { return (count + 3) >> 2; }
};

DEVICE Slice slice_of(int columns) {
    int blocks = (columns + 31) >> 5, warp = thread_index() >> 5;
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
        if (Format::Weights == 8) {
            u32 to = block + (j & 1) * 32 + (j >> 2) * 8 + (j >> 1 & 1) * 4;
            asm volatile("st.shared.u32 [%0], %1;" ::"r"(to), "r"(low) : "memory");
            asm volatile("st.shared.u32 [%0], %1;" ::"r"(to + 16), "r"(high) : "memory");
        } else {
            u32 to = block + (j & 3) * 16 + (j >> 2) * 8, even = permute_bytes(low, high, 0x5410), odd = permute_bytes(low, high, 0x7632);
            if (Format::Weights == 32) {
                u32 factor = j >= 4 ? 0x2c002c00u : 0x3c003c00u; // a sixteenth, or one
                even = half2_mul(even, factor);
                odd = half2_mul(odd, factor);
            }
            asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(to), "r"(even), "r"(odd) : "memory");
        }
    }

    // Unit times the sum of a block's activations, in all lanes.
    DEVICE static float total(const vec4& x) {
        const u32 Ones = 0x3c003c00u, Second = Format::Weights == 32 ? 0x4c004c00u : Ones; // 16
        float d[4];
        multiply(d, Ones, Ones, Ones, Ones, x.x, x.y, 0.0f);
        multiply_accumulate(d, Second, Second, Second, Second, x.z, x.w);
        return d[0] * Unit;
    }

    // Unit times Σ weight · x of 32 columns, before scales: rows g and g + 8 in d[0] and d[2]. w: rows g, g + 8 of the first 16 columns (Fp16:
    // of columns 0 …, then 8 …), and of the last 16.
    DEVICE static void block(float (&d)[4], const u32* w, const vec4& x, float total) {
        float start = -Raise * total;
        if (Format::Weights == 8) {
            multiply(d, w[0], w[1], w[2], w[3], x.x, x.y, 0.0f);
            multiply_accumulate(d, w[4], w[5], w[6], w[7], x.z, x.w);
        } else if (Format::Weights == 16) {
            multiply(d, raised(w[0]), raised(w[1]), raised(w[0] >> 8), raised(w[1] >> 8), x.x, x.y, start);
            multiply_accumulate(d, raised(w[2]), raised(w[3]), raised(w[2] >> 8), raised(w[3] >> 8), x.z, x.w);
        } else {
            const u32 Low = 0x000f000fu, High = 0x00f000f0u;
            multiply(d, w[0] & Low, w[1] & Low, w[0] >> 8 & Low, w[1] >> 8 & Low, x.x, x.y, start);
            multiply_accumulate(d, w[0] & High, w[1] & High, w[0] >> 8 & High, w[1] >> 8 & High, x.z, x.w);
        }
    }

    DEVICE static u32 raised(u32 codes) { return (codes & 0x00ff00ffu) ^ 0x00800080u; }
};

// Activations of a chunk: 4 blocks of 32 columns, and Unit times the sum of each.
template <class Format> struct Chunk {
    vec4 x[4];
    float total[4];

    DEVICE void load(u32 address) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            x[i] = load_shared_vector(address + i * 64);
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            total[i] = Operand<Format>::IsRaised ? Operand<Format>::total(x[i]) : 0.0f;
        }
    }
};

// Where a lane finds the weights of a stage; addresses in shared memory.
struct Places {
    u32 weights;         // of the lane's row and half of 32 bytes, at the chunk's first block
    u32 scales, further; // of row g; bytes from there to those of row g + 8
    u32 minima;          // bytes from a scale to its minimum
    i32 block, last;     // the chunk's first, and the slice's last
    i32 shift;           // log2 of a group's blocks
};

template <class Format> DEVICE void multiply_chunk(const Places& p, const Chunk<Format>& c, float (&sum)[2]) {
    typedef Operand<Format> O;
    const int Loads = Format::Weights == 8 ? 8 : Format::Weights == 16 ? 4 : 2, Each = Format::Weights == 8 ? 8 : Format::Weights == 16 ? 4 : 2;
    u32 w[4 * Loads];
#pragma unroll
    for (int i = 0; i < Loads; i++) {
        vec4 v = load_matrices(p.weights + i * 32);
        w[4 * i] = v.x;
        w[4 * i + 1] = v.y;
        w[4 * i + 2] = v.z;
        w[4 * i + 3] = v.w;
    }
    float scale[4][2], least[4][2], d[4][4];
    if (Format::HasGroups) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            u32 at = p.scales + ((u32)minimum(p.block + i, p.last) >> p.shift << 1);
            scale[i][0] = load_shared_half(at);
            scale[i][1] = load_shared_half(at + p.further);
            if (Format::HasMinimum) {
                least[i][0] = load_shared_half(at + p.minima);
                least[i][1] = load_shared_half(at + p.minima + p.further);
            }
        }
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
        O::block(d[i], w + i * Each, c.x[i], c.total[i]);
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int k = 0; k < 2; k++) {
            sum[k] = Format::HasGroups ? sum[k] + scale[i][k] * d[i][2 * k] : sum[k] + d[i][2 * k];
            if (Format::HasMinimum) {
                sum[k] += least[i][k] * c.total[i];
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

    // This warp's partial sums of all rows of a share. `pitch`: of the rows in the ring; `input`: shared address of its activations; `sums`: its own.
    // IsShort: the slice is one chunk.
    template <bool IsShort> DEVICE void multiply_share(
        const Matrix& m, int product, int pitch, Slice slice, u32 input, float* sums, Patience& patience, u32 where) {
        int lane = thread_index() & 31, g = lane >> 2, row = lane & 15;
        u32 column = (lane >> 4) * 16 + slice.first * Operand<Format>::BlockBytes, barrier, groupBytes = m.groups * 2;
        input += (lane & 3) * 16;
        Chunk<Format> chunk;
        if (IsShort) {
            chunk.load(input);
        }
        Places p;
        p.last = slice.first + slice.count - 1;
        p.last = p.last < 0 ? 0 : p.last;
        p.shift = Format::HasGroups ? m.groupShift - 5 : 0;
#pragma unroll 1
        do {
            u32 at = ring.first + ring.place(cursor, stage.bytes);
            p.weights = at + (row < stage.rows ? row : 0) * pitch + column;
            p.block = slice.first;
            if (Format::HasGroups) {
                p.scales = at + stage.rows * pitch + stage.skip + (g < stage.rows ? g : 0) * groupBytes;
                p.further = g + 8 < stage.rows ? 8 * groupBytes : 0;
                p.minima = Format::HasMinimum ? scale_bytes<Format>(stage.rows, m.groups) : 0;
            }
            float sum[2] = {0, 0};
            barrier = ring.full(cursor);
            patience.wait([&] { return barrier_over(barrier, cursor.parity()); }, where);
            if (IsShort) {
                multiply_chunk(p, chunk, sum);
            } else {
#pragma unroll 1
                for (int i = 0; i < slice.chunks(); i++) {
                    chunk.load(input + i * 256);
                    multiply_chunk(p, chunk, sum);
                    p.weights += 4 * Operand<Format>::BlockBytes;
                    p.block += 4;
                }
            }
            warp_barrier();
            if (lane == 0) {
                barrier_arrive(ring.empty(cursor));
            }
            if ((lane & 3) == 0) {
                if (g < stage.rows) {
                    sums[stage.row + g] = sum[0];
                }
                if (g + 8 < stage.rows) {
                    sums[stage.row + g + 8] = sum[1];
                }
            }
            ring.next(cursor, stage.bytes);
            stage = ring.stages[cursor.number];
        } while (stage.product == product);
    }
};

// What an output needs besides its sum; of row t.
struct RowConstants {
    float bias, scale;

    template <class Format> DEVICE void request(const Matrix& m, const float* biases, const Share& s, int r) {
        int row = s.first + minimum(r, s.rows - 1);
        bias = load_float(biases + row);
        scale = Format::HasRowScale ? load_float((const float*)m.scales + row) : 1.0f;
    }
};

// Row r's sum; `pitch`: floats of a warp's sums.
template <class Format> DEVICE float row_sum(const float* sums, int pitch, int r) {
    float y[PersistentWarps];
#pragma unroll
    for (int w = 0; w < PersistentWarps; w++) {
        y[w] = sums[w * pitch + r];
    }
    return (((y[0] + y[1]) + (y[2] + y[3])) + ((y[4] + y[5]) + (y[6] + y[7]))) * (1.0f / Operand<Format>::Unit);
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
        float y = row_sum<Format>(sums, pitch, minimum(r, s.rows - 1)) * constants.scale + constants.bias;
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
