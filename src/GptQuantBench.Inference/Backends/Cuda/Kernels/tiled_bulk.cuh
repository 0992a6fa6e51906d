// The products of tiled.cuh on sm_90 with up to 16 tokens: weights and scales come by the tensor copy engine, which takes no instructions of
// the warps that multiply, and no barrier of the block stands between stages.
//
// A block has a tile of W and a run of stages; a stage is 64 bytes of each of the tile's rows (64 weights in 8-bit, 128 in 4-bit) and the
// tokens' activations for the same columns. One warp asks for stages as far ahead as the ring is long. The others multiply: each has 16 or 32
// rows of the tile and all columns of every second stage, so that two warps' sums of a row are added in the end.
//
//             ┌ 64 bytes ─────────────┐
//   row 0     │ q=0 │ q=1 │ q=2 │ q=3 │   lane l = 4g + q of a warp reads 16 bytes of rows g, g + 8, …: the 8 lanes of an access meet all
//    …        │ 16 B each             │   banks
//
// They become FP16 and are multiplied as in tiled.cuh; activations, which come by cp.async, have their pieces exchanged as there.
//
// Scales and minima come in boxes of 16 groups, a sector of memory, which serve several stages and have a ring of their own.
//
// In the first kernels a block takes half of a multiprocessor's shared memory, threads and registers. With one block a multiprocessor the
// next launch's blocks fit beside it: they are let in when `early` stages are still to be asked for, so that their first weights come while
// this launch computes and ends. Earlier they would take bandwidth that this launch waits for. In the tall kernels, whose tiles share the
// activations among twice as many rows, a block takes all of it.
//
// Launch: grid = (tiles, splits), block = 32 · (2 · warps that share a stage + 1). Tiles are shared out evenly, in units of 16 rows, so that
// some have a unit less than there is room for. Split s has the stages from s · each on. Where splits > 1 the sums meet in `partial`, warp
// by warp, and the last of a tile's warps adds them, always in the same order. Shared memory, dynamic: C#: BulkKernels.RingOf.
#pragma once
#include "tiled_bulk_producer.cuh"
#include "tiled_words.cuh"

template <class Format, int Groups, int RowTiles> struct TiledBulk {
    static const int Tokens = 8 * Groups;
    static const int Phases = 2; // warps that take turns with the stages of the same rows
    static const int RowBytes = 64;
    static const int Columns = 4 * Format::Weights;
    static const int Pieces = Format::Weights / 8;
    static const int TokenPieces = Columns / 8;
    static const int TokenBytes = Columns * 2;
    static const int TokensApart = 32 / TokenPieces; // of a lane's copies of activations
    static const int InputBytes = Tokens * TokenBytes;
    static const int ScaleGroups = 16; // of a box
    static const int ScaleRowBytes = 2 * ScaleGroups;
    static const int UnitRows = 16;
    static const int WarpRows = UnitRows * RowTiles;
    static const int Fragments = RowTiles * Groups; // of 4 sums a lane
    static const int Arrays = Format::HasMinimum ? 2 : 1;
    static const int MaxRing = 32;
    static const int BarrierBytes = 1024; // keeps what follows aligned

    typedef float Sums[RowTiles][Groups][4];

    const BulkArguments& b;
    const TiledArguments& a;
    u64 maps;
    u32 slots, scales, slotBytes, scaleBytes;
    int warps, warp, phase, lane; // warps: that share a stage
    int tileRows, firstRow, endRow; // tileRows: that there is room for
    int scaleShift; // log2 of the stages that share a box of scales

    // Shared addresses of barriers: all of a stage is there; its warps have used it; a box of scales is there.
    u32 full, empty, scalesFull;

    DEVICE TiledBulk(const BulkArguments& arguments, u64 mapsAt, const void* memory) : b(arguments), a(arguments.product), maps(mapsAt) {
        full = shared_address(memory);
        empty = full + MaxRing * 8;
        scalesFull = empty + MaxRing * 8;
        slots = full + BarrierBytes;
        warps = ((block_size() >> 5) - 1) / Phases;
        warp = thread_index() >> 5;
        phase = warp / warps;
        warp -= phase * warps;
        lane = thread_index() & 31;
        tileRows = warps * WarpRows;
        u32 units = (u32)(a.matrix.rows + UnitRows - 1) / UnitRows;
        firstRow = (int)(units * block_x() / grid_x()) * UnitRows;
        endRow = minimum((int)(units * (block_x() + 1) / grid_x()) * UnitRows, a.matrix.rows);
        slotBytes = tileRows * RowBytes + InputBytes;
        scales = slots + b.ring * slotBytes;
        scaleBytes = tileRows * ScaleRowBytes;
        scaleShift = 0;
        while (Format::HasGroups && Columns << scaleShift < ScaleGroups << a.matrix.groupShift) {
            scaleShift++;
        }
    }

    // Where a piece of a token's activations lies among the token's, so that lanes of an access meet all banks.
    DEVICE static int place(int piece, int token) { return Pieces == 4 ? piece ^ (piece >> 2 & 3) ^ (token & 1) << 2 : piece ^ (token & 1); }

    // Whether a stage, counted in the order in which the block takes them, is the first of a box of scales.
    DEVICE bool opens_box(int i) const { return Format::HasGroups && (i & ((1 << scaleShift) - 1)) == 0; }

    // The stages of this block's split. Tiles begin at different ones, so that blocks do not all read the same columns, and with them the
    // same banks of memory; not where the last box of scales is cut off, because then stages and boxes would not be in step.
    struct Run {
        int begin, count, first;

        DEVICE int at(int i) const { return begin + (first + i < count ? first + i : first + i - count); }
    };

    DEVICE Run stages_of_split() const {
        int all = (a.matrix.pitch + RowBytes - 1) / RowBytes;
        Run run;
        run.begin = block_y() * b.each;
        run.count = minimum(b.each, all - run.begin);
        u32 boxes = run.count >> scaleShift;
        run.first = boxes << scaleShift == (u32)run.count ? (int)((u32)block_x() * 5 % boxes) << scaleShift : 0;
        return run;
    }

    // Tokens that there are not: zeros, once. Of the warps that multiply.
    DEVICE void clear_inputs() const {
        for (int i = a.tokens * TokenPieces + thread_index(); i < Tokens * TokenPieces; i += warps * Phases * 32) {
            for (int slot = 0; slot < b.ring; slot++) {
                asm volatile("st.shared.v4.u32 [%0], {%1, %1, %1, %1};" ::"r"(slots + slot * slotBytes + tileRows * RowBytes + i * 16), "r"(0) : "memory");
            }
        }
    }

    // weights, inputs, scalesAt: this lane's in the stage.
    DEVICE void multiply(u32 weights, u32 inputs, u32 scalesAt, Sums& sums) const {
        int g = lane >> 2, q = lane & 3;
        vec4 raw[2 * RowTiles];
        u32 scale[2 * RowTiles], offset[2 * RowTiles];
#pragma unroll
        for (int i = 0; i < 2 * RowTiles; i++) {
            raw[i] = load_shared(weights + i * 8 * RowBytes);
            u32 factor = Format::HasGroups ? half2_of(load_shared_half(scalesAt + i * 8 * ScaleRowBytes)) : 0;
            u32 minimum = Format::HasMinimum ? half2_of(load_shared_half(scalesAt + scaleBytes + i * 8 * ScaleRowBytes)) : 0;
            scale[i] = factor;
            offset[i] = Words<Format>::offset_of(factor, minimum);
        }
#pragma unroll
        for (int h = 0; h < 2; h++) {
            vec4 tokens[Words<Format>::Pieces][Groups];
            u32 w[2 * RowTiles][Format::Weights / 2];
#pragma unroll
            for (int p = 0; p < Words<Format>::Pieces; p++) {
#pragma unroll
                for (int t = 0; t < Groups; t++) {
                    tokens[p][t] = load_shared(inputs + place(q * Pieces + h + 2 * p, g) * 16 + t * 8 * TokenBytes);
                }
            }
#pragma unroll
            for (int i = 0; i < 2 * RowTiles; i++) {
                Words<Format>::unpack(h == 0 ? raw[i].x : raw[i].z, scale[i], offset[i], w[i] + 4 * h);
                Words<Format>::unpack(h == 0 ? raw[i].y : raw[i].w, scale[i], offset[i], w[i] + 4 * h + 2);
            }
#pragma unroll
            for (int p = 0; p < Words<Format>::Pieces; p++) {
                const int at = 4 * (h + 2 * p);
#pragma unroll
                for (int i = 0; i < RowTiles; i++) {
#pragma unroll
                    for (int t = 0; t < Groups; t++) {
                        multiply_accumulate(sums[i][t], w[2 * i][at], w[2 * i + 1][at], w[2 * i][at + 1], w[2 * i + 1][at + 1], tokens[p][t].x, tokens[p][t].y);
                    }
                }
#pragma unroll
                for (int i = 0; i < RowTiles; i++) {
#pragma unroll
                    for (int t = 0; t < Groups; t++) {
                        multiply_accumulate(sums[i][t], w[2 * i][at + 2], w[2 * i + 1][at + 2], w[2 * i][at + 3], w[2 * i + 1][at + 3], tokens[p][t].z, tokens[p][t].w);
                    }
                }
            }
        }
    }

    DEVICE void multiply_stages(Sums& sums) const {
        int count = stages_of_split().count, mask = (1 << scaleShift) - 1, row = warp * WarpRows + (lane >> 2), column = (lane & 3) * Format::Weights;
        u32 weights = slots + row * RowBytes + (lane & 3) * 16, inputs = slots + tileRows * RowBytes + (lane >> 2) * TokenBytes;
        int slot = phase, scaleSlot = 0;
        u32 parity = 0, scaleParity = 0;
#pragma unroll 1
        for (int i = phase; i < count; i += Phases) {
            if (Format::HasGroups && (i & mask) < Phases) { // the first of the warp's stages that share a box
                if (i >= Phases && ++scaleSlot == b.scaleRing) {
                    scaleSlot = 0;
                    scaleParity ^= 1;
                }
                barrier_wait(scalesFull + scaleSlot * 8, scaleParity);
            }
            barrier_wait(full + slot * 8, parity);
            u32 scalesAt = scales + scaleSlot * scaleBytes * Arrays + row * ScaleRowBytes + (((i & mask) * Columns + column) >> a.matrix.groupShift) * 2;
            multiply(weights + slot * slotBytes, inputs + slot * slotBytes, scalesAt, sums);
            warp_barrier();
            if (lane == 0) {
                barrier_arrive(empty + slot * 8);
            }
            slot += Phases;
            if (slot >= b.ring) {
                slot -= b.ring;
                parity ^= 1;
            }
        }
    }

    DEVICE static void add(float (&sum)[4], const float4_t& part) {
        sum[0] += part.x;
        sum[1] += part.y;
        sum[2] += part.z;
        sum[3] += part.w;
    }

    DEVICE void multipliers_barrier() const { asm volatile("bar.sync 1, %0;" ::"r"(warps * Phases * 32) : "memory"); }

    // The sums of both warps of the same rows; false in the second one. All stages are used, so that the ring is free.
    DEVICE bool add_phases(Sums& sums) const {
        u32 at = slots + (warp * Fragments * 32 + lane) * 16;
        multipliers_barrier();
        if (phase == 1) {
#pragma unroll
            for (int i = 0; i < Fragments; i++) {
                const float(&sum)[4] = sums[i / Groups][i % Groups];
                store_shared(at + i * 512, float4_t{sum[0], sum[1], sum[2], sum[3]});
            }
        }
        multipliers_barrier();
        if (phase == 1) {
            return false;
        }
#pragma unroll
        for (int i = 0; i < Fragments; i++) {
            vec4 part = load_shared(at + i * 512);
            add(sums[i / Groups][i % Groups], float4_t{bits_float(part.x), bits_float(part.y), bits_float(part.z), bits_float(part.w)});
        }
        return true;
    }

    // The warp's sums of all splits; false unless it is the last warp that has them.
    DEVICE bool add_splits(Sums& sums) const {
        int unit = block_x() * warps + warp;
        float4_t* partial = (float4_t*)a.partial + (u64)unit * (Fragments * 32) + lane;
        u64 split = (u64)grid_x() * warps * (Fragments * 32);
#pragma unroll
        for (int i = 0; i < Fragments; i++) {
            const float(&sum)[4] = sums[i / Groups][i % Groups];
            partial[block_y() * split + i * 32] = float4_t{sum[0], sum[1], sum[2], sum[3]};
        }
        warp_barrier();
        u32 before = 0;
        if (lane == 0) {
            asm volatile("fence.acq_rel.gpu;" ::: "memory"); // for what the whole warp wrote: fences and barriers are cumulative
            asm volatile("atom.global.add.u32 %0, [%1], 1;" : "=r"(before) : "l"(a.arrived + unit) : "memory");
            if (before == (u32)a.splits - 1) {
                a.arrived[unit] = 0;
            }
            asm volatile("fence.acq_rel.gpu;" ::: "memory");
        }
        asm volatile("shfl.sync.idx.b32 %0, %1, 0, 0x1f, 0xffffffff;" : "=r"(before) : "r"(before) : "memory");
        if (before != (u32)a.splits - 1) {
            return false;
        }
#pragma unroll
        for (int i = 0; i < Fragments * 4; i++) {
            sums[i / (Groups * 4)][i / 4 % Groups][i % 4] = 0;
        }
#pragma unroll 1
        for (int s = 0; s < a.splits; s++) {
            float4_t part[Fragments];
#pragma unroll
            for (int i = 0; i < Fragments; i++) {
                part[i] = load_published((const float*)(partial + s * split + i * 32));
            }
#pragma unroll
            for (int i = 0; i < Fragments; i++) {
                add(sums[i / Groups][i % Groups], part[i]);
            }
        }
        return true;
    }

    DEVICE void store(const Sums& sums) const {
#pragma unroll
        for (int i = 0; i < 2 * RowTiles; i++) {
            int row = firstRow + warp * WarpRows + i * 8 + (lane >> 2);
            if (row >= endRow) {
                continue;
            }
            float scale = Format::HasRowScale ? ((const float*)a.matrix.scales)[row] : 1.0f;
            float bias = a.bias ? a.bias[row] : 0.0f;
#pragma unroll
            for (int c = 0; c < 2 * Groups; c++) {
                int token = c / 2 * 8 + (lane & 3) * 2 + c % 2;
                if (token >= a.tokens) {
                    continue;
                }
                float y = sums[i / 2][c / 2][i % 2 * 2 + c % 2] * scale + bias;
                float* out = (float*)a.output + (u64)token * a.matrix.rows + row;
                if (a.end == TiledGelu) {
                    ((half_t*)a.output)[(u64)token * a.outputPitch + row] = float_to_half(gelu_tanh(y));
                } else if (a.end == TiledResidual) {
                    *out += y;
                } else {
                    *out = y;
                }
            }
        }
    }

    DEVICE void run() const {
        if (phase == Phases) {
            BulkProducer<TiledBulk> producer{*this, stages_of_split(), 0};
            producer.start();
            block_barrier();
            producer.run();
            return;
        }
        clear_inputs();
        block_barrier();
        Sums sums;
#pragma unroll
        for (int i = 0; i < Fragments * 4; i++) {
            sums[i / (Groups * 4)][i / 4 % Groups][i % 4] = 0;
        }
        multiply_stages(sums);
        wait_for_previous_kernel();
        if (add_phases(sums) && (a.splits == 1 || add_splits(sums))) {
            store(sums);
        }
    }
};

template <class Format, int Groups, int RowTiles> DEVICE void tiled_bulk(const BulkArguments& a, u64 maps) {
    alignas(1024) extern __shared__ vec4 bulkStages[];
    TiledBulk<Format, Groups, RowTiles>(a, maps, bulkStages).run();
}

// The copy engine wants the maps where they lie, and no compiler's copy of the parameter: hence by the parameter's name in PTX.
#define BULK_KERNEL(name, Format, Groups, RowTiles, Blocks)                                        \
    extern "C" __global__ void __launch_bounds__(480, Blocks) name(const BulkArguments a) {        \
        u64 maps;                                                                                  \
        asm("{ .reg .b64 p; mov.b64 p, " #name "_param_0; cvta.param.u64 %0, p; }" : "=l"(maps));  \
        tiled_bulk<Format, Groups, RowTiles>(a, maps);                                             \
    }

// Every kernel of one format; the name says how many tokens fit.
#define BULK_KERNELS(Format)                          \
    BULK_KERNEL(bulk_product_8, Format, 1, 1, 2)      \
    BULK_KERNEL(bulk_product_16, Format, 2, 1, 2)     \
    BULK_KERNEL(bulk_product_8_tall, Format, 1, 2, 1) \
    BULK_KERNEL(bulk_product_16_tall, Format, 2, 2, 1)
