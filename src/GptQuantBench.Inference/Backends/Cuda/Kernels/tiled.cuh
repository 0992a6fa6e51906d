// Matrix products of 1 to 64 tokens whose weights and activations stream through shared memory:
// y[t, r] = Σ_k W[r, k] · a[t, k] + b[r]. Every weight is read once, whatever the number of tokens; nothing stands before the product.
//
// A block has a tile of W, at most 128 rows (256 in the wide kernels), and a run of stages; a stage is 128 bytes of each of these rows
// (64 weights in FP16, 128 in 8-bit, 256 in 4-bit) and the tokens' activations for the same columns. cp.async fills a ring of stages, so
// that reading never waits for arithmetic. A launch uses fewer rows of a tile (tileRows) where all multiprocessors then get as much to do.
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
#include "tiled_copies.cuh"

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
    i32 tileRows; // rows of a tile that are used, a multiple of 16
    i32 splits;
    i32 end; // TiledEnd
};

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
    static const int TileRows = 32 * Slots; // at most; a launch may use fewer
    static const int Threads = 64 * Slots;
    static const int SumPitch = TileRows + 4; // spreads tokens over the banks
    static const int Columns = 8 * Format::Weights; // of a stage
    static const int Pieces = Format::Weights / 8; // of the activations that 16 bytes of weights meet
    static const int WeightBytes = TileRows * StageRowBytes;
    static const int InputBytes = Tokens * Columns * 2;
    static const int SlotBytes = WeightBytes + InputBytes;
    static const int ScaleRowBytes = Format::Weights; // of two stages, which a sector of memory has; a group is 32 columns or more
    static const int ScaleBytes = Format::HasGroups ? TileRows * ScaleRowBytes : 0;
    static const int Arrays = Format::HasMinimum ? 2 : 1;
    static const int Most = Budget<Groups, Slots>::Bytes / (SlotBytes + ScaleBytes * Arrays);
    static const int Ring = Most > 6 ? 6 : Most < 2 ? 2 : Most;
    static const int RowsApart = Threads / 8; // of a thread's copies of weights
    static const int TokenPieces = Columns / 8;
    static const int TokensApart = Threads / TokenPieces; // of its copies of activations; 0: one copy, of the first threads

    const TiledArguments& a;
    u32 shared;
    int thread, warp, lane, g, q, half, row, firstRow; // row: the warp's first in the tile

    // This thread's copies of a stage, the one of column 0, and what its copies of scales are.
    const u8* weights;
    int stride; // bytes from a row of weights to the next
    int rows; // of the tile, from its first
    const u8* inputs;
    int inputTokens; // copies that have a token
    int scaleUnit, scaleShift; // bytes of a copy of scales, and log2 of the copies of a row
    int scaleLine, scaleOffset; // row of its first copy, and bytes from a row's first copy to its own
    u32 scaleRow; // scales of the matrix before this row's

    DEVICE Tiled(const TiledArguments& arguments, const void* memory) : a(arguments) {
        const Matrix& m = a.matrix;
        shared = shared_address(memory);
        thread = thread_index();
        warp = thread >> 5;
        lane = thread & 31;
        g = lane >> 2;
        q = lane & 3;
        half = warp / Slots;
        row = warp % Slots * 32;
        firstRow = block_x() * a.tileRows;
        rows = minimum(a.tileRows, m.rows - firstRow) - (thread >> 3);
        weights = m.codes + (u64)minimum(firstRow + (thread >> 3), m.rows - 1) * m.pitch + (thread & 7) * 16;
        stride = RowsApart * m.pitch;
        int token = thread / TokenPieces;
        inputs = (const u8*)(a.input + (u64)minimum(token, a.tokens - 1) * a.inputPitch + thread % TokenPieces * 8);
        inputTokens = a.tokens - token;
        if (Format::HasGroups) {
            int bytes = (2 * Columns >> m.groupShift) * 2, common = bytes | m.groups * 2;
            scaleUnit = minimum(common & -common, 16);
            scaleShift = 0;
            while (scaleUnit << scaleShift < bytes) {
                scaleShift++;
            }
            scaleLine = thread >> scaleShift;
            scaleOffset = (thread & ((1 << scaleShift) - 1)) * scaleUnit;
            scaleRow = (u32)minimum(firstRow + scaleLine, m.rows - 1) * m.groups;
        }
    }

    // Where a piece of a row lies among the row's; rows that are 2 apart have theirs in the same places.
    DEVICE static int place_of_weights(int piece, int row) { return piece ^ (row & 1) << 2; }

    DEVICE void request_weights(int stage, u32 slot) const {
        int piece = thread & 7, offset = stage * StageRowBytes;
        bool inside = offset + piece * 16 < a.matrix.pitch;
        offset = inside ? offset : 0;
        u32 to = slot + (thread >> 3) * StageRowBytes + place_of_weights(piece, thread >> 3) * 16;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            copy16_ahead(to + i * RowsApart * StageRowBytes, weights + offset + (i * RowsApart < rows ? (u64)i * stride : 0), inside && i * RowsApart < rows ? 16 : 0);
        }
    }

    // Where a piece of a token lies among the token's.
    DEVICE static int place(int piece, int token) {
        return Pieces == 4 ? piece ^ (piece >> 2 & 3) ^ (token & 1) << 2 : piece ^ (Pieces == 2 ? token & 1 : (token & 1) << 2);
    }

    DEVICE void request_inputs(int stage, u32 slot) const {
        int piece = thread % TokenPieces, token = thread / TokenPieces, offset = stage * Columns;
        u32 bytes = offset + piece * 8 < a.inputPitch ? 16 : 0;
        const u8* from = inputs + (bytes ? offset * 2 : 0);
        u32 to = slot + WeightBytes + thread / TokenPieces * (Columns * 2);
#pragma unroll
        for (int i = 0; i < (Tokens * TokenPieces + Threads - 1) / Threads; i++) {
            if (i * TokensApart < inputTokens && (TokensApart <= Tokens || token < Tokens)) {
                copy16(to + i * TokensApart * (Columns * 2) + place(piece, token + i * TokensApart) * 16, from + (u64)(i * TokensApart) * a.inputPitch * 2, bytes);
            }
        }
    }

    // Tokens that there are not: zeros, once.
    DEVICE void clear_inputs() const {
        for (int i = a.tokens * TokenPieces + thread; i < Tokens * TokenPieces; i += Threads) {
#pragma unroll
            for (int slot = 0; slot < Ring; slot++) {
                asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};" ::"r"(shared + slot * SlotBytes + WeightBytes + i * 16), "r"(0) : "memory");
            }
        }
    }

    // Scales of all rows, in whole warps, for a pair of stages, in the largest units that their addresses are multiples of. Units of 16
    // bytes are no more than threads.
    DEVICE void request_scales(const half_t* scales, int pair, u32 to) const {
        const Matrix& m = a.matrix;
        int group = pair * (2 * Columns >> m.groupShift) + scaleOffset / 2, inside = minimum((m.groups - group) * 2, scaleUnit);
        inside = inside > 0 ? inside : 0;
        int lines = (a.tileRows + 31) & ~31;
        scales += inside > 0 ? group : 0;
        if (scaleUnit == 16) {
            if (scaleLine < lines) {
                copy16(to + scaleLine * ScaleRowBytes + scaleOffset, scales + scaleRow, inside);
            }
            return;
        }
#pragma unroll 1
        for (int line = scaleLine; line < lines; line += Threads >> scaleShift) {
            const half_t* from = scales + (u64)minimum(firstRow + line, m.rows - 1) * m.groups;
            copy_unit(to + line * ScaleRowBytes + scaleOffset, (const u8*)from, scaleUnit, inside);
        }
    }

    // Where the scales of a pair lie; the pairs that a block has come to are counted.
    DEVICE u32 scales_at(int pairs) const { return shared + Ring * SlotBytes + pairs % Ring * (ScaleBytes * Arrays); }

    // All that no earlier kernel writes.
    DEVICE void request_constants(int stage, u32 slot, bool opensPair, int& pairs) const {
        request_weights(stage, slot);
        if (Format::HasGroups && opensPair) {
            u32 to = scales_at(pairs++);
            request_scales((const half_t*)a.matrix.scales, stage >> 1, to);
            if (Format::HasMinimum) {
                request_scales(a.matrix.minima, stage >> 1, to + ScaleBytes);
            }
        }
    }

    DEVICE void multiply(int stage, u32 slot, int pairs, float (&sums)[2][Groups][4]) const {
        u32 weights = slot + (row + g) * StageRowBytes + place_of_weights(half * 4 + q, g) * 16;
        u32 inputs = slot + WeightBytes + g * Columns * 2;
        u32 scales = scales_at(pairs) + (row + g) * ScaleRowBytes + ((((stage & 1) * 8 + half * 4 + q) * Format::Weights) >> a.matrix.groupShift) * 2;
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

    // What becomes of a row's sums, asked for before any result is stored, because nothing hides the latency.
    struct RowEnd {
        float scale, bias;

        DEVICE void load(const TiledArguments& a, int row) {
            scale = Format::HasRowScale ? ((const float*)a.matrix.scales)[row] : 1.0f;
            bias = a.bias ? a.bias[row] : 0.0f;
        }
    };

    DEVICE float old_of(int token, int row) const {
        return a.end == TiledResidual ? ((const float*)a.output)[(u64)token * a.matrix.rows + row] : 0.0f;
    }

    DEVICE void store(int token, int row, float y, float old) const {
        if (a.end == TiledGelu) {
            ((half_t*)a.output)[(u64)token * a.outputPitch + row] = float_to_half(gelu_tanh(y));
        } else {
            ((float*)a.output)[(u64)token * a.matrix.rows + row] = old + y;
        }
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
        clear_inputs();
        Run stages = stages_of_split();
        int count = stages.count, requested = 0, used = -1; // pairs
#pragma unroll
        for (int i = 0; i < Ring - 1; i++) {
            if (i < count) {
                request_constants(stages.at(i), shared + i * SlotBytes, stages.opens_pair(i), requested);
            }
        }
        wait_for_previous_kernel();
#pragma unroll
        for (int i = 0; i < Ring - 1; i++) {
            if (i < count) {
                request_inputs(stages.at(i), shared + i * SlotBytes);
            }
            close_copies();
        }

        float sums[2][Groups][4];
#pragma unroll
        for (int i = 0; i < 2 * Groups * 4; i++) {
            sums[i / (Groups * 4)][i / 4 % Groups][i % 4] = 0;
        }
        u32 slot = shared, free = shared + (Ring - 1) * SlotBytes;
        int stage = count > 0 ? stages.at(0) : 0, ahead = count > Ring - 1 ? stages.at(Ring - 1) : 0;
#pragma unroll 1
        for (int i = 0; i < count; i++) {
            wait_for_copies<Ring - 2>();
            block_barrier(); // everyone's copies of this stage are there, and everyone is done with the slot that is filled now
            used += i == 0 || stage == stages.begin || (stage & 1) == 0 ? 1 : 0;
            if (row < a.tileRows) {
                multiply(stage, slot, used, sums);
            }
            if (i + Ring - 1 < count) {
                request_constants(ahead, free, ahead == stages.begin || (ahead & 1) == 0, requested);
                request_inputs(ahead, free);
                ahead = ahead + 1 == stages.begin + count ? stages.begin : ahead + 1;
            }
            close_copies();
            stage = stage + 1 == stages.begin + count ? stages.begin : stage + 1;
            free = slot;
            slot = slot == shared + (Ring - 1) * SlotBytes ? shared : slot + SlotBytes;
        }
        block_barrier();

        float* mine = memory + half * Tokens * SumPitch + row + g;
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

        const int Together = 4, Step = Threads / TileRows; // results of a thread that are on their way
        int line = thread & (TileRows - 1), output = firstRow + line;
        bool isRow = line < a.tileRows && output < a.matrix.rows;
        u64 tile = (u64)a.tokens * TileRows, split = tile * grid_x();
        float* partial = a.partial + block_y() * split + block_x() * tile + line;
        RowEnd end = {1, 0};
        if (isRow && a.splits == 1) {
            end.load(a, output);
        }
#pragma unroll 1
        for (int first = thread / TileRows; first < a.tokens; first += Step * Together) {
            float y[Together], old[Together];
#pragma unroll
            for (int u = 0; u < Together; u++) {
                int token = minimum(first + u * Step, a.tokens - 1);
                const float* at = memory + token * SumPitch + line;
                y[u] = at[0] + at[Tokens * SumPitch];
                old[u] = isRow && a.splits == 1 ? old_of(token, output) : 0.0f;
            }
#pragma unroll
            for (int u = 0; u < Together; u++) {
                int token = first + u * Step;
                if (token < a.tokens && isRow) {
                    if (a.splits > 1) {
                        partial[token * TileRows] = y[u];
                    } else {
                        store(token, output, y[u] * end.scale + end.bias, old[u]);
                    }
                }
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
        if (column >= a.tileRows || row >= a.matrix.rows) {
            return;
        }
        u64 tile = (u64)a.tokens * TileRows, split = tile * grid_x();
        const float* partial = a.partial + block_x() * tile + column;
        RowEnd ends[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            ends[i].load(a, minimum(row + i, a.matrix.rows - 1));
        }
#pragma unroll 1
        for (int token = thread / PerToken; token < a.tokens; token += Threads / PerToken) {
            float old[4];
#pragma unroll
            for (int i = 0; i < 4; i++) {
                old[i] = old_of(token, minimum(row + i, a.matrix.rows - 1));
            }
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
                    store(token, row + i, sums[i] * ends[i].scale + ends[i].bias, old[i]);
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
