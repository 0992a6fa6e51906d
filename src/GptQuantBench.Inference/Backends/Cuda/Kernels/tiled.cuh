// Matrix products of 1 to 64 tokens whose weights and activations stream through shared memory:
// y[t, r] = Σ_k W[r, k] · a[t, k] + b[r]. Every weight is read once, whatever the number of tokens; nothing stands before the product.
//
// A block has a tile of W, 128 rows (256 in the wide kernels), and a run of stages; a stage is 128 bytes of each of these rows (64
// weights in FP16, 128 in 8-bit, 256 in 4-bit) and the tokens' activations for the same columns. cp.async fills a ring of stages, so
// that reading never waits for arithmetic.
//
//             ┌ half 0: 64 bytes ────┐┌ half 1: 64 bytes ────┐
//   row 0     │ q=0 │ q=1 │ q=2 │ q=3 ││ q=0 │ q=1 │ q=2 │ q=3 │   half of the warps take half 0, 32 rows each, the others half 1;
//    …        │ 16 B each            ││                      │   in odd rows the halves change places, so that the 8 lanes of
//   row 127   │                      ││                      │   a shared-memory access meet all banks
//
// Lane l = 4g + q of a warp reads 16 bytes of rows g, g + 8, g + 16, g + 24. They become FP16 and are the A operand of mma m16n8k16;
// the tokens are B, 8 a product. A lane's weights are consecutive inputs, so the order of the inputs inside an mma is not 0…15: 8
// inputs, 16 bytes of a token, serve two of them. Activations lie token by token, in pieces of 16 bytes whose places are exchanged
// (Tiled::place) so that the lanes of an access meet all banks here too.
//
// Scales and minima of two stages come together, because a sector of memory has them.
//
// Launch: grid = (tiles, splits), block = 256 threads, 512 in the wide kernels; split s has the stages from s · ⌈stages / splits⌉ on.
// Where splits > 1 the sums of all splits meet in `partial`, and the last block of a tile adds them, always in the same order.
// Shared memory, dynamic: Tiled::Ring stages of WeightBytes + InputBytes + ScaleBytes · Arrays. C#: TiledKernels.SharedBytes.
// Weights are requested before the previous kernel's results are waited for: they depend on nothing.
#pragma once
#include "formats.cuh"

static const int StageRowBytes = 128;

// What becomes of y.
enum TiledEnd {
    TiledProduct,  // FP32 [tokens, rows]
    TiledResidual, // residual stream FP32 [tokens, rows] += y
    TiledGelu,     // FP16 [tokens, outputPitch] = gelu(y)
};

// C#: TiledArguments, field for field.
struct TiledArguments {
    Matrix matrix;
    const half_t* input; // FP16 [tokens, inputPitch], finite everywhere, zero beyond `columns`
    const float* bias;   // FP32 [rows]; null: none
    void* output;
    float* partial; // FP32 [splits, tiles, tokens, rows of a tile]; null where splits = 1
    u32* arrived;   // [tiles] splits that are done; zero before and after; null where splits = 1
    i32 tokens;     // 1…8 · Groups of the kernel
    i32 inputPitch; // halves, a multiple of 8
    i32 outputPitch;
    i32 splits;
    i32 end; // TiledEnd
};

DEVICE u32 shared_address(const void* pointer) {
    u32 address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(pointer));
    return address;
}

// 16 bytes from global to shared memory; zeros where not inside.
DEVICE void copy16(u32 to, const void* from, bool inside) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside ? 16 : 0) : "memory");
}

// The same for what is read once and in order: the bytes behind come into the L2 cache (PTX since 7.4, which sm_80's is not).
DEVICE void copy16_ahead(u32 to, const void* from, bool inside) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("cp.async.cg.shared.global.L2::256B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside ? 16 : 0) : "memory");
#else
    copy16(to, from, inside);
#endif
}

// `unit` bytes (16, 8, 4 or 2), of which `inside` are read and the others zero; `from` and `to` are multiples of it.
DEVICE void copy_unit(u32 to, const u8* from, int unit, int inside) {
    if (unit == 16) {
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
    } else if (unit == 8) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 8, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
    } else if (unit == 4) {
        asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(to), "l"(from), "r"(inside) : "memory");
    } else { // too small for an asynchronous copy
        half_t value = 0;
        if (inside) {
            value = *(const half_t*)from;
        }
        asm volatile("st.shared.u16 [%0], %1;" ::"r"(to), "h"(value) : "memory");
    }
}

DEVICE void close_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most Open groups of copies are not done.
template <int Open> DEVICE void wait_for_copies() { asm volatile("cp.async.wait_group %0;" ::"n"(Open) : "memory"); }

DEVICE vec4 load_shared(u32 address) {
    vec4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address) : "memory");
    return v;
}

DEVICE half_t load_shared_half(u32 address) {
    half_t v;
    asm volatile("ld.shared.u16 %0, [%1];" : "=h"(v) : "r"(address) : "memory");
    return v;
}

// What another block has written before it arrived.
DEVICE float4_t load_published(const float* address) {
    float4_t v;
    asm volatile("ld.global.cg.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(v.x), "=f"(v.y), "=f"(v.z), "=f"(v.w) : "l"(address) : "memory");
    return v;
}

// Shared memory that a block's ring may take. sm_90: two blocks a multiprocessor; of wide ones and for 64 tokens one, whose registers
// fill it.
template <int Groups, int Slots> struct Budget {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    static const int Bytes = (Groups <= 4 && Slots <= 4 ? 112 : 224) * 1024;
#else
    static const int Bytes = (Groups <= 4 && Slots <= 4 ? 80 : 98) * 1024;
#endif
};

template <class Format, int Groups, int Slots> struct Tiled {
    static const int Tokens = 8 * Groups;
    static const int TileRows = 32 * Slots;
    static const int Threads = 64 * Slots;
    static const int SumPitch = TileRows + 4; // spreads tokens over the banks
    static const int Columns = 8 * Format::Weights; // of a stage
    static const int Pieces = Format::Weights / 8; // of the activations that 16 bytes of weights meet
    static const int WeightBytes = TileRows * StageRowBytes;
    static const int InputBytes = Tokens * Columns * 2;
    static const int ScaleRowBytes = Format::Weights; // of two stages, which a sector of memory has; a group is 32 columns or more
    static const int ScaleBytes = Format::HasGroups ? TileRows * ScaleRowBytes : 0;
    static const int Arrays = Format::HasMinimum ? 2 : 1;
    static const int Most = Budget<Groups, Slots>::Bytes / (WeightBytes + InputBytes + ScaleBytes * Arrays);
    static const int Ring = Most > 6 ? 6 : Most < 2 ? 2 : Most;

    const TiledArguments& a;
    u32 shared;
    int thread, warp, lane, g, q, half, firstRow;

    DEVICE Tiled(const TiledArguments& arguments, const void* memory) : a(arguments) {
        shared = shared_address(memory);
        thread = thread_index();
        warp = thread >> 5;
        lane = thread & 31;
        g = lane >> 2;
        q = lane & 3;
        half = warp / Slots;
        firstRow = block_x() * TileRows;
    }

    DEVICE void request_weights(int stage, int slot) const {
        const Matrix& m = a.matrix;
        int piece = thread & 7, first = thread >> 3;
        int offset = stage * StageRowBytes + piece * 16;
        bool inside = offset < m.pitch;
        u32 to = shared + slot * (WeightBytes + InputBytes) + first * StageRowBytes + ((piece ^ ((first & 1) << 2)) << 4);
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int row = minimum(firstRow + first + i * (Threads / 8), m.rows - 1); // rows beyond the last are not stored
            copy16_ahead(to + i * (Threads / 8) * StageRowBytes, m.codes + (u64)row * m.pitch + (inside ? offset : 0), inside);
        }
    }

    // Where a piece of a token lies among the token's.
    DEVICE static int place(int piece, int token) {
        return Pieces == 4 ? piece ^ (piece >> 2 & 3) ^ (token & 1) << 2 : piece ^ (Pieces == 2 ? token & 1 : (token & 1) << 2);
    }

    DEVICE void request_inputs(int stage, int slot) const {
        const int PerToken = Columns / 8;
        u32 to = shared + slot * (WeightBytes + InputBytes) + WeightBytes;
#pragma unroll
        for (int i = 0; i < (Tokens * PerToken + Threads - 1) / Threads; i++) {
            int index = thread + i * Threads;
            if ((Tokens * PerToken) % Threads == 0 || index < Tokens * PerToken) {
                int token = index / PerToken, piece = index % PerToken;
                int column = stage * Columns + piece * 8;
                bool inside = token < a.tokens && column < a.inputPitch;
                copy16(to + (token * PerToken + place(piece, token)) * 16, a.input + (inside ? (u64)token * a.inputPitch + column : 0), inside);
            }
        }
    }

    // Scales of all rows for a pair of stages, in the largest units that their addresses are multiples of.
    DEVICE void request_scales(const half_t* scales, int pair, u32 to) const {
        const Matrix& m = a.matrix;
        int groups = 2 * Columns >> m.groupShift, bytes = groups * 2, common = bytes | m.groups * 2;
        int unit = minimum(common & -common, 16), units = bytes / unit;
#pragma unroll 1
        for (int i = thread; i < TileRows * units; i += Threads) {
            int line = i / units, piece = i - line * units;
            int row = minimum(firstRow + line, m.rows - 1), group = pair * groups + piece * unit / 2;
            int inside = minimum((m.groups - group) * 2, unit);
            const u8* from = (const u8*)(scales + (u64)row * m.groups);
            copy_unit(to + line * ScaleRowBytes + piece * unit, from + (inside > 0 ? group * 2 : 0), unit, inside > 0 ? inside : 0);
        }
    }

    // Where the scales of a pair lie; the pairs that a block has come to are counted.
    DEVICE u32 scales_at(int pairs) const { return shared + Ring * (WeightBytes + InputBytes) + pairs % Ring * ScaleBytes * Arrays; }

    // All that no earlier kernel writes.
    DEVICE void request_constants(int stage, int slot, bool opensPair, int& pairs) const {
        request_weights(stage, slot);
        if (Format::HasGroups && opensPair) {
            u32 to = scales_at(pairs++);
            request_scales((const half_t*)a.matrix.scales, stage >> 1, to);
            if (Format::HasMinimum) {
                request_scales(a.matrix.minima, stage >> 1, to + ScaleBytes);
            }
        }
    }

    DEVICE void multiply(int stage, int slot, int pairs, float (&sums)[2][Groups][4]) const {
        u32 weights = shared + slot * (WeightBytes + InputBytes) + ((warp % Slots) * 32 + g) * StageRowBytes + (((half * 4 + q) ^ ((g & 1) << 2)) << 4);
        u32 inputs = shared + slot * (WeightBytes + InputBytes) + WeightBytes + g * Columns * 2;
        u32 scales = scales_at(pairs) + ((warp % Slots) * 32 + g) * ScaleRowBytes
            + ((((stage & 1) * 8 + half * 4 + q) * Format::Weights) >> a.matrix.groupShift) * 2;
        u32 w[4][Format::Weights / 2];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            u32 scale = 0, minimum = 0;
            if (Format::HasGroups) {
                scale = half2_of(load_shared_half(scales + i * 8 * ScaleRowBytes));
            }
            if (Format::HasMinimum) {
                minimum = half2_of(load_shared_half(scales + ScaleBytes + i * 8 * ScaleRowBytes));
            }
            Format::unpack(load_shared(weights + i * 8 * StageRowBytes), scale, minimum, w[i]);
        }
#pragma unroll
        for (int p = 0; p < Pieces; p++) {
            u32 piece = inputs + place((half * 4 + q) * Pieces + p, g) * 16;
#pragma unroll
            for (int t = 0; t < Groups; t++) {
                vec4 b = load_shared(piece + t * 8 * Columns * 2);
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    const u32 *low = w[2 * i] + 4 * p, *high = w[2 * i + 1] + 4 * p;
                    multiply_accumulate(sums[i][t], low[0], high[0], low[1], high[1], b.x, b.y);
                    multiply_accumulate(sums[i][t], low[2], high[2], low[3], high[3], b.z, b.w);
                }
            }
        }
    }

    DEVICE void finish(int token, int row, float y) const {
        const Matrix& m = a.matrix;
        if (Format::HasRowScale) {
            y *= ((const float*)m.scales)[row];
        }
        if (a.bias) {
            y += a.bias[row];
        }
        if (a.end == TiledGelu) {
            ((half_t*)a.output)[(u64)token * a.outputPitch + row] = float_to_half(gelu_tanh(y));
            return;
        }
        float* slot = (float*)a.output + (u64)token * m.rows + row;
        *slot = a.end == TiledResidual ? *slot + y : y;
    }

    // True in every thread of a tile's last block; it sees what the others wrote.
    DEVICE bool is_last_split(u32* ticket) const {
        block_barrier();
        if (thread == 0) {
            asm volatile("fence.acq_rel.gpu;" ::: "memory"); // for what the whole block wrote: fences and barriers are cumulative
            asm volatile("atom.global.add.u32 %0, [%1], 1;" : "=r"(*ticket) : "l"(a.arrived + block_x()) : "memory");
            if (*ticket == (u32)a.splits - 1) {
                a.arrived[block_x()] = 0;
            }
            asm volatile("fence.acq_rel.gpu;" ::: "memory");
        }
        block_barrier();
        return *ticket == (u32)a.splits - 1;
    }

    // The stages of this block's split. Tiles begin at different ones, so that blocks do not all read the same columns, and with them
    // the same banks of memory.
    struct Run {
        int begin, count, first;

        DEVICE int at(int i) const { return begin + (first + i < count ? first + i : first + i - count); }

        // Whether stage i is the first of a pair that the block comes to.
        DEVICE bool opens_pair(int i) const { return i == 0 || at(i) == begin || (at(i) & 1) == 0; }
    };

    DEVICE Run stages_of_split() const {
        int all = (a.matrix.pitch + StageRowBytes - 1) / StageRowBytes;
        int each = (all + a.splits - 1) / a.splits;
        Run run;
        run.begin = minimum(block_y() * each, all);
        run.count = minimum(each, all - run.begin);
        run.first = run.count > 0 ? block_x() * 5 % run.count : 0;
        return run;
    }

    DEVICE void run(float* memory, u32* ticket) const {
        let_next_kernel_start();
        Run stages = stages_of_split();
        int count = stages.count, requested = 0, used = -1; // pairs
#pragma unroll
        for (int i = 0; i < Ring - 1; i++) {
            if (i < count) {
                request_constants(stages.at(i), i, stages.opens_pair(i), requested);
            }
        }
        wait_for_previous_kernel();
#pragma unroll
        for (int i = 0; i < Ring - 1; i++) {
            if (i < count) {
                request_inputs(stages.at(i), i);
            }
            close_copies();
        }

        float sums[2][Groups][4];
#pragma unroll
        for (int i = 0; i < 2 * Groups * 4; i++) {
            sums[i / (Groups * 4)][i / 4 % Groups][i % 4] = 0;
        }
        int slot = 0;
#pragma unroll 1
        for (int i = 0; i < count; i++) {
            wait_for_copies<Ring - 2>();
            block_barrier(); // everyone's copies of this stage are there, and everyone is done with the slot that is filled now
            if (i + Ring - 1 < count) {
                int free = slot == 0 ? Ring - 1 : slot - 1, ahead = stages.at(i + Ring - 1);
                request_constants(ahead, free, stages.opens_pair(i + Ring - 1), requested);
                request_inputs(ahead, free);
            }
            close_copies();
            used += stages.opens_pair(i) ? 1 : 0;
            multiply(stages.at(i), slot, used, sums);
            slot = slot == Ring - 1 ? 0 : slot + 1;
        }
        block_barrier();

        float* mine = memory + half * Tokens * SumPitch + (warp % Slots) * 32 + g;
#pragma unroll
        for (int i = 0; i < 2; i++) {
#pragma unroll
            for (int t = 0; t < Groups; t++) {
                float* at = mine + (t * 8 + 2 * q) * SumPitch + i * 16;
                at[0] = sums[i][t][0];
                at[SumPitch] = sums[i][t][1];
                at[8] = sums[i][t][2];
                at[SumPitch + 8] = sums[i][t][3];
            }
        }
        block_barrier();

        int row = firstRow + (thread & (TileRows - 1));
        u64 tile = (u64)a.tokens * TileRows, split = tile * ((a.matrix.rows + TileRows - 1) / TileRows);
        float* partial = a.partial + block_x() * tile + (thread & (TileRows - 1));
#pragma unroll 1
        for (int token = thread / TileRows; token < a.tokens; token += Threads / TileRows) {
            const float* at = memory + token * SumPitch + (thread & (TileRows - 1));
            float y = at[0] + at[Tokens * SumPitch];
            if (a.splits > 1) {
                partial[block_y() * split + token * TileRows] = y;
            } else if (row < a.matrix.rows) {
                finish(token, row, y);
            }
        }
        if (a.splits > 1 && is_last_split(ticket)) {
            add_splits();
        }
    }

    // The sums of all splits of a tile, 4 rows a thread; many loads are in flight, because nothing else hides their latency.
    DEVICE void add_splits() const {
        const int PerToken = TileRows / 4, Together = 8;
        int column = thread % PerToken * 4, row = firstRow + column;
        u64 tile = (u64)a.tokens * TileRows, split = tile * ((a.matrix.rows + TileRows - 1) / TileRows);
        const float* partial = a.partial + block_x() * tile + column;
#pragma unroll 1
        for (int token = thread / PerToken; token < a.tokens; token += Threads / PerToken) {
            float4_t y = {0, 0, 0, 0};
#pragma unroll 1
            for (int s = 0; s < a.splits; s += Together) {
                float4_t part[Together];
#pragma unroll
                for (int u = 0; u < Together; u++) {
                    part[u] = float4_t{0, 0, 0, 0};
                    if (s + u < a.splits) {
                        part[u] = load_published(partial + (s + u) * split + token * TileRows);
                    }
                }
#pragma unroll
                for (int u = 0; u < Together; u++) {
                    y.x += part[u].x;
                    y.y += part[u].y;
                    y.z += part[u].z;
                    y.w += part[u].w;
                }
            }
            const float sums[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
            for (int i = 0; i < 4; i++) {
                if (row + i < a.matrix.rows) {
                    finish(token, row + i, sums[i]);
                }
            }
        }
    }
};

template <class Format, int Groups, int Slots> DEVICE void tiled(const TiledArguments& a) {
    extern __shared__ vec4 stages[];
    __shared__ u32 ticket;
    Tiled<Format, Groups, Slots>(a, stages).run((float*)stages, &ticket);
}

// Every kernel of one format; the name says how many tokens fit, and `wide` that a tile has 256 rows.
#define TILED_KERNEL(Threads, Blocks) extern "C" __global__ void __launch_bounds__(Threads, Blocks)
#define TILED_KERNELS(Format)                                                                        \
    TILED_KERNEL(256, 2) tiled_product_8(const TiledArguments a) { tiled<Format, 1, 4>(a); }         \
    TILED_KERNEL(256, 2) tiled_product_16(const TiledArguments a) { tiled<Format, 2, 4>(a); }        \
    TILED_KERNEL(256, 2) tiled_product_32(const TiledArguments a) { tiled<Format, 4, 4>(a); }        \
    TILED_KERNEL(256, 1) tiled_product_64(const TiledArguments a) { tiled<Format, 8, 4>(a); }        \
    TILED_KERNEL(512, 1) tiled_product_16_wide(const TiledArguments a) { tiled<Format, 2, 8>(a); }   \
    TILED_KERNEL(512, 1) tiled_product_32_wide(const TiledArguments a) { tiled<Format, 4, 8>(a); }
