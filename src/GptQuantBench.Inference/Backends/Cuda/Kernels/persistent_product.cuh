// Matrix products of one token inside the persistent kernel: every warp's partial sums of the block's rows, their sum, and the hand-over.
//
//   sums          FP32 [2 (products in turn)][warps][rows], or [warps][rows] for the head
#pragma once
#include "persistent_operand.cuh"

// gelu_tanh with reciprocal.
DEVICE float gelu_fast(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - reciprocal(exp_fast(2.0f * u) + 1.0f));
}

// A product as one warp sees it.
template <class Format> struct Product {
    const Ring& ring;
    u32 zeros; // address of 16 bytes of them
    u32 slot, phase; // of the next stage
    u32 left;        // stages from that one on
    Place ahead;     // the stage that comes as many later as there are slots
    Request next;    // that this warp has yet to make
    bool isPending;

    // T tiles of a stage, from row `row` of it on.
    template <bool IsShort, int T> DEVICE void multiply_tiles(
        const Scaling& scaling, const StageView& stage, int pitch, const Slice& slice, u32 input, Chunk<Format>& chunk, float* sums, int row) const {
        int lane = lane_index(), g = lane >> 2, q = lane & 3;
        Tiles<T> p;
        u32 minima = Format::HasMinimum ? scale_bytes<Format>(stage.rows, scaling.groups) : 0;
#pragma unroll
        for (int k = 0; k < T; k++) {
            p.weights[k] = stage.at + minimum(row + 8 * k + g, stage.rows - 1) * pitch + q * (Format::Weights == 16 ? 32 : 16) + slice.first * Operand<Format>::BlockBytes;
        }
        p.scales = stage.scales + (row + 2 * q) * scaling.groups * 2;
        float sum[T][2];
#pragma unroll
        for (int k = 0; k < T; k++) {
            sum[k][0] = sum[k][1] = 0;
        }
        int block = slice.first + (g & 3), last = slice.first + slice.count - 1;
        last = last < 0 ? 0 : last;
        if (IsShort) {
            multiply_chunk<Format, T>(p, chunk, (u32)minimum(block, last) >> scaling.shift << 1, scaling.groups * 2, minima, sum);
        } else {
            const int Together = T == 1 ? 4 : 1; // chunks; what is beyond them is multiplied with zeros
#pragma unroll 1
            for (int first = 0; first < slice.chunks(); first += Together) {
                Chunk<Format> chunks[Together];
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    chunks[i].load(input + (first + i) * 256, zeros, first + i < slice.chunks());
                }
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    multiply_chunk<Format, T>(
                        p, chunks[i], (u32)minimum(block + 4 * (first + i), last) >> scaling.shift << 1, scaling.groups * 2, minima, sum);
#pragma unroll
                    for (int k = 0; k < T; k++) {
                        p.weights[k] += 4 * Operand<Format>::BlockBytes;
                    }
                }
            }
        }
        if (Format::HasGroups) {
#pragma unroll
            for (int k = 0; k < T; k++) {
                sum[k][0] += shuffle_xor(sum[k][0], 4);
                sum[k][1] += shuffle_xor(sum[k][1], 4);
                sum[k][0] += shuffle_xor(sum[k][0], 8);
                sum[k][1] += shuffle_xor(sum[k][1], 8);
            }
        }
        // Rows beyond the stage's are written too: the next stage's, or nobody's.
        if (g == 0) {
            float* to = sums + stage.row + row + 2 * q;
#pragma unroll
            for (int k = 0; k < T; k++) {
                to[8 * k] = sum[k][0];
                to[8 * k + 1] = sum[k][1];
            }
        }
    }

    // Asks for the first stages.
    DEVICE void start() {
        for (u32 i = 0; i < ring.slots && i < left; i++) {
            if (warp_index() == 0) {
                ring.template ask<Format>(ring.template prepare<Format>(ahead, i));
            }
            ring.next(ahead);
        }
    }

    // Goes on to the next stage. `asks`: whether it is this warp that asks for the one that gets the slot, which all warps have read.
    DEVICE void advance(bool asks) {
        if (asks && left > ring.slots) {
            next = ring.template prepare<Format>(ahead, slot);
            isPending = true;
        }
        ring.next(ahead);
        left--;
        slot++;
        if (slot == ring.slots) {
            slot = 0;
            phase ^= 1;
        }
    }

    // Makes the request. After a product it waits until the next one's input is there: words would queue behind so many bytes.
    DEVICE void ask() {
        if (isPending) {
            ring.template ask<Format>(next);
            isPending = false;
        }
    }

    // Waits for what is on its way: a block must not end before.
    DEVICE void drain() {
        ask();
        for (u32 end = left > ring.slots ? left - ring.slots : 0; left != end;) {
            ring.wait(ring.full(slot), phase);
            advance(false);
        }
    }

    // This warp's partial sums of all rows of a share. `pitch`: of the rows in the ring; `input`: shared address of its activations; `sums`: its own.
    // IsShort: the slice is one chunk.
    template <bool IsShort> DEVICE void multiply_share(
        const Matrix& m, int pitch, Slice slice, u32 input, float* sums) {
        int lane = lane_index();
        Scaling scaling = {m.groups, Format::HasGroups ? m.groupShift - 5 : 0};
        Chunk<Format> chunk;
        if (IsShort) {
            chunk.load(input, zeros, true);
        }
        StageView stage;
        i32 isLast;
#pragma unroll 1
        for (;;) {
            ring.wait(ring.full(slot), phase);
            stage = ring.view(slot);
            isLast = stage.rows & StageView::Last;
            stage.rows &= StageView::Last - 1;
            int row = 0;
#pragma unroll 1
            for (; row + 16 < stage.rows; row += 24) {
                multiply_tiles<IsShort, 3>(scaling, stage, pitch, slice, input, chunk, sums, row);
            }
            if (row + 8 < stage.rows) {
                multiply_tiles<IsShort, 2>(scaling, stage, pitch, slice, input, chunk, sums, row);
            } else if (row < stage.rows) {
                multiply_tiles<IsShort, 1>(scaling, stage, pitch, slice, input, chunk, sums, row);
            }
            warp_barrier();
            if (lane == 0) {
                barrier_arrive(ring.empty(slot));
            }
            if (isLast) {
                break; // and after the barrier that follows, advance
            }
            bool asks = warp_index() == (int)(slot & (PersistentWarps - 1));
            if (asks) {
                ring.wait(ring.empty(slot), phase);
            }
            advance(asks);
            ask();
        }
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
