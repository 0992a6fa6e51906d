// Matrix products of one token inside the persistent kernel: every warp's partial sums of the block's rows, their sum, and the hand-over.
//
// Weights depend on nothing that blocks hand over: a warp unpacks the first of a product's into registers before it waits for the input.
//
//   sums          FP32 [2 (products in turn)][warps][rows], or [warps][rows] for the head
#pragma once
#include "persistent_operand.cuh"

// gelu_tanh with reciprocal.
DEVICE float gelu_fast(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - reciprocal(exp_fast(2.0f * u) + 1.0f));
}

// Weights of 24 rows of a stage in one chunk: a tile of sixteen rows and one of eight.
struct TallWeights {
    u32 low[16], high[16], rest[16];

    DEVICE void settle() {
        ::settle(low);
        ::settle(high);
        ::settle(rest);
    }
};

template <class Format> struct RawTallWeights {
    RawRow<Format> low, high, rest;

    DEVICE void unpack(TallWeights& w) const {
        low.unpack(w.low);
        high.unpack(w.high);
        rest.unpack(w.rest);
    }
};

// Weights of eight rows in C chunks.
template <int C> struct FlatWeights {
    u32 chunks[C][16];

    DEVICE void settle() {
#pragma unroll
        for (int c = 0; c < C; c++) {
            ::settle(chunks[c]);
        }
    }
};

// In 4-bit little is on its way, and much is to be unpacked: a look at the input before the unpacking is answered behind it, and a slot of the
// ring has time. In the other formats such looks only lengthen the queue.
template <class Format> static const bool LooksEarly = Format::Weights == 32;

// A product as one warp sees it.
template <class Format> struct Product {
    const Ring& ring;
    u32 slot, phase; // of the stage
    u32 freed;       // phase of the slot that `next` will get
    u32 left;        // stages from that one on
    Place ahead;     // the stage that comes as many later as there are slots
    Request next;    // that this warp has yet to make
    bool isPending;
    StageView stage;
    bool isLast;     // of its product
    i32 pitch;       // of rows in the stage
    Slice slice;
    Scaling scaling;
    u32 minima;

    // Goes to a product's first stage, which it waits for.
    DEVICE void open(const Matrix& m, int rowPitch, const Slice& columns) {
        pitch = rowPitch;
        slice = columns;
        int last = columns.first + columns.count - 1;
        scaling = {m.groups, Format::HasGroups ? m.groupShift - 5 : 0, last < 0 ? 0 : last};
        look();
    }

    DEVICE void look() {
        ring.wait(ring.full(slot), phase);
        stage = ring.view(slot);
        isLast = stage.rows & StageView::Last;
        stage.rows &= StageView::Last - 1;
        minima = Format::HasMinimum ? scale_bytes<Format>(stage.rows, scaling.groups) : 0;
    }

    // Row `row` of the stage in chunk `chunk` of the slice; rows beyond the stage's are its last.
    DEVICE void load(int row, int chunk, RawRow<Format>& out) const {
        row = minimum(row, stage.rows - 1);
        int block = slice.first + 4 * chunk;
        out.load(stage.at + row * pitch + block * (512 / Format::Weights), stage.scales + row * scaling.groups * 2, scaling, minima, block);
    }

    DEVICE void load(int row, int chunk, u32 (&out)[16]) const {
        RawRow<Format> raw;
        load(row, chunk, raw);
        raw.unpack(out);
    }

    // Rows lane / 4 of three tiles.
    template <class Rows> DEVICE void load(Rows& w, int chunk) const {
        int g = lane_index() >> 2;
        load(g, chunk, w.low);
        load(g + 8, chunk, w.high);
        load(g + 16, chunk, w.rest);
    }

    template <int C> DEVICE void load(FlatWeights<C>& w, int row, int chunk) const {
#pragma unroll
        for (int c = 0; c < C; c++) {
            load(row + (lane_index() >> 2), slice.chunks() > chunk + c ? chunk + c : chunk, w.chunks[c]);
        }
    }

    // The first weights of a product, before its input is there; look: a first look at it.
    template <class Look> DEVICE void load_first(TallWeights& w, Look look) const {
        if constexpr (LooksEarly<Format>) {
            RawTallWeights<Format> raw;
            load(raw, 0);
            look();
            raw.unpack(w);
            w.settle();
        } else {
            load(w, 0);
        }
    }

    template <int C, class Look> DEVICE void load_first(FlatWeights<C>& w, Look look) const {
        if constexpr (LooksEarly<Format>) {
            look();
            load(w, 0, 0);
            w.settle();
        } else {
            load(w, 0, 0);
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
            if constexpr (LooksEarly<Format>) {
                ask();
                freed = phase;
            }
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

    // After the warp's last read of a stage.
    DEVICE void leave() const {
        warp_barrier();
        if (lane_index() == 0) {
            barrier_arrive(ring.empty(slot));
        }
    }

    // From a stage that is not its product's last, and has been left, to the next one. Where there is time, the slot is asked for when the next
    // stage has been left too, so that nobody waits for the other warps.
    DEVICE void pass() {
        bool asks = warp_index() == (int)(slot & (PersistentWarps - 1));
        if constexpr (LooksEarly<Format>) {
            if (isPending) {
                ring.wait(ring.empty(next.slot), freed);
                ask();
            }
            advance(asks);
        } else {
            if (asks) {
                ring.wait(ring.empty(slot), phase);
            }
            advance(asks);
            ask();
        }
        look();
    }

    // This warp's partial sums of all rows of a share. w: of the first stage's first chunk, unpacked; `input`: shared address of its activations;
    // `sums`: its own. IsShort: the slice is one chunk.
    template <bool IsShort> DEVICE void multiply(TallWeights& w, u32 input, float* sums) {
        int g = lane_index() >> 2, q = lane_index() & 3;
        u32 x[16], y[8];
        if (IsShort) {
            load_inputs<Format>(input, x);
            load_half_inputs<Format>(input, y);
        }
#pragma unroll 1
        for (;;) {
            float d[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}}, e[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
            int row = stage.row + g + 8 * q, rows = stage.rows - g - 8 * q;
            bool wasLast = isLast;
            if (IsShort) {
                multiply_sixteen(d, w.low, w.high, x);
                multiply_eight(e, w.rest, y);
            } else {
                int chunks = slice.chunks();
#pragma unroll 1
                for (int c = 0;;) {
                    load_inputs<Format>(input + c * 256, x);
                    load_half_inputs<Format>(input + c * 256, y);
                    multiply_sixteen(d, w.low, w.high, x);
                    multiply_eight(e, w.rest, y);
                    if (++c >= chunks) {
                        break;
                    }
                    load(w, c);
                }
            }
            leave();
            if (!wasLast) {
                pass();
                load(w, 0);
            }
            float low = own<Format>(d[0][0] + d[1][0], d[0][1] + d[1][1]), high = own<Format>(d[0][2] + d[1][2], d[0][3] + d[1][3]);
            float rest = sum_of_eight<Format>(e);
            float mine = q == 0 ? low : q == 1 ? high : rest;
            if (q < 3 && rows > 0) {
                sums[row] = mine;
            }
            if (wasLast) {
                break; // and after the barrier that follows, advance
            }
        }
    }

    // The same with eight rows at a time. w: of the first stage's first eight rows and first C chunks.
    template <int C> DEVICE void multiply(FlatWeights<C>& w, u32 input, float* sums) {
        int g = lane_index() >> 2, q = lane_index() & 3, chunks = slice.chunks(), row = 0;
#pragma unroll 1
        for (;;) {
            float d[C][2][4];
#pragma unroll
            for (int c = 0; c < C; c++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    d[c][0][i] = d[c][1][i] = 0;
                }
            }
#pragma unroll 1
            for (int start = 0;;) {
#pragma unroll
                for (int c = 0; c < C; c++) {
                    if (c == 0 || start + c < chunks) {
                        u32 y[8];
                        load_half_inputs<Format>(input + (start + c) * 256, y);
                        multiply_eight(d[c], w.chunks[c], y);
                    }
                }
                start += C;
                if (start >= chunks) {
                    break;
                }
                load(w, row, start);
            }
#pragma unroll
            for (int c = 1; c < C; c++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    d[0][0][i] += d[c][0][i];
                    d[0][1][i] += d[c][1][i];
                }
            }
            float mine = sum_of_eight<Format>(d[0]);
            if (q == 0 && row + g < stage.rows) {
                sums[stage.row + row + g] = mine;
            }
            row += 8;
            if (row >= stage.rows) {
                leave();
                if (isLast) {
                    break;
                }
                pass();
                row = 0;
            }
            load(w, row, 0);
        }
    }
};

// A block's layer norm, folded into the product behind it: the activations are scale · gain · (x − reference), where reference is the mean and
// scale a part of the reciprocal deviation of the norm before (both move little between norms), and y = W · norm(x) + bias comes out as
// factor · Σ W a − offset · G + B with G = Σ W · gain and B = Σ W · shift + bias, which persistent_fold has made.
struct Norm {
    float reference, scale, factor, offset;

    // For the first norm of a step.
    DEVICE void begin() {
        reference = 0;
        scale = Part;
    }

    // Takes the sums of all warps: [PersistentWarps] of x − reference and of its square.
    DEVICE void take(const float2_t* stats, float inverse, float epsilon) {
        float4_t s[PersistentWarps / 2];
#pragma unroll
        for (int w = 0; w < PersistentWarps / 2; w++) {
            s[w] = *(const float4_t*)(stats + 2 * w);
        }
        float sum = ((s[0].x + s[0].z) + (s[1].x + s[1].z)) + ((s[2].x + s[2].z) + (s[3].x + s[3].z));
        float squares = ((s[0].y + s[0].w) + (s[1].y + s[1].w)) + ((s[2].y + s[2].w) + (s[3].y + s[3].w));
        float shift = sum * inverse;
        float deviation = reciprocal_sqrt(squares * inverse - shift * shift + epsilon);
        factor = deviation * reciprocal(scale);
        offset = deviation * shift;
        reference += shift;
        scale = deviation * Part;
    }

    static constexpr float Part = 0.125f; // so that a stream that has grown some thousand times since still fits into halves
};

// What an output needs besides its sum; of row r.
struct RowConstants {
    float scale;     // of the row's codes
    float gain, bias; // G and B of Norm, or 0 and the bias

    // IsFolded: `values` are [rows][2] of both; else biases.
    template <class Format, bool IsFolded> DEVICE void request(const Matrix& m, const float* values, int row) {
        if (IsFolded) {
            float2_t both = load_float2(values + 2 * row);
            gain = both.x;
            bias = both.y;
        } else {
            gain = 0;
            bias = load_float(values + row);
        }
        scale = Format::HasRowScale ? load_float((const float*)m.scales + row) : 1.0f;
    }

    DEVICE float output(float sum, float factor, float offset) const { return sum * scale * factor + (bias - offset * gain); }
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
