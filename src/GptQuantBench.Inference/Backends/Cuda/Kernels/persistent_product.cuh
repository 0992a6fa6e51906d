// Matrix products of one token inside the persistent kernel: every warp's partial sums of the block's rows, their sum, and the hand-over.
//
// Weights depend on nothing that blocks hand over: a warp unpacks the first of a product's into registers before it waits for the input.
//
//   sums          FP32 [2 (products in turn)][rows][warps], or [rows][warps] for the head
#pragma once
#include "persistent_operand.cuh"

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

// A look at the input before the weights are unpacked is answered behind that. In FP16 nothing is unpacked, and looks only lengthen the queue;
// in 8-bit with scales for groups there are no registers to wait in.
template <class Format> static const bool LooksEarly = Format::Weights == 32 || (Format::Weights == 16 && !Format::HasGroups);

// In 4-bit little is on its way, and a slot of the ring has time: it is asked for when the next stage has been left too.
template <class Format> static const bool AsksLate = Format::Weights == 32;

// Bytes on their way stand in the way of words. So where stages are long a warp asks for a part of one at a time, after each look in vain; in
// FP16, which reads most, also between products, no part sooner after the last one than memory gives so many bytes.
template <class Format> static const bool AsksByParts = PERSISTENT_BULK != 0 && Format::Weights < 32 && !Format::HasGroups;
template <class Format> static const bool AsksBetween = AsksByParts<Format> && Format::Weights == 8;
template <class Format> static const u32 PartBytes = Format::Weights == 8 ? 12288 : 8192;
static const u32 PartClocks = 1200;

// A product as one warp sees it.
template <class Format> struct Product {
    const Ring& ring;
    u32 slot, phase; // of the stage
    u32 freed;       // phase of the slot that `next` will get
    u32 left;        // stages from that one on
    Place ahead;     // the stage that comes as many later as there are slots
    Request next;    // that this warp has yet to make
    bool isPending;
    u32 asked;       // clock of the last part
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
        if constexpr (AsksByParts<Format>) {
            if (isPending && next.slot == slot) {
                ask(); // for this very stage
            }
        }
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
        int chunks = slice.chunks() - chunk;
#pragma unroll
        for (int c = 0; c < C; c++) {
            if (C == 1 || c < C - 1 || c < chunks) { // the last one often is not there
                load(row + (lane_index() >> 2), c < chunks ? chunk + c : chunk, w.chunks[c]);
            }
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
            if constexpr (AsksLate<Format> || AsksByParts<Format>) {
                ask();
            }
            if constexpr (AsksLate<Format>) {
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

    // From the last stage of a product to the next product's first, behind the barrier at which all warps have read it.
    DEVICE void close(bool asks) {
        if (asks && lane_index() < PersistentWarps) {
            barrier_arrive(ring.empty(slot)); // for every warp
        }
        advance(asks);
    }

    // Makes the request, or what is left of it.
    DEVICE void ask() {
        if (isPending) {
            if constexpr (AsksByParts<Format>) {
                ring.ask_part(next, next.codeBytes);
            } else {
                ring.template ask<Format>(next);
            }
            isPending = false;
        }
    }

    // After a product a request waits until the next one's input is there: words would queue behind so many bytes.
    DEVICE void ask_soon() {
        if constexpr (AsksByParts<Format>) {
            ask_some();
        } else {
            ask();
        }
    }

    // A part of the request, where there are parts.
    DEVICE void ask_some() {
        if constexpr (AsksByParts<Format>) {
            u32 now = AsksBetween<Format> && isPending ? clocks() : 0;
            if (isPending && (!AsksBetween<Format> || now - asked >= PartClocks)) {
                asked = now;
                isPending = !ring.ask_part(next, PartBytes<Format>);
            }
        }
    }

    // The same between products.
    DEVICE void ask_between() {
        if constexpr (AsksBetween<Format>) {
            ask_some();
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
        if constexpr (AsksLate<Format>) {
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
    // `sums`: the first of its own. IsShort: the slice is one chunk. `meanwhile`: what has time while the matrix unit works.
    template <bool IsShort, class Meanwhile> DEVICE void multiply(TallWeights& w, u32 input, float* sums, Meanwhile meanwhile) {
        int g = lane_index() >> 2, q = lane_index() & 3;
        u32 x[16], y[8];
        if (IsShort) {
            load_inputs<Format>(input, x);
            load_half_inputs<Format>(input, y);
        }
#pragma unroll 1
        for (bool isFirst = true;; isFirst = false) {
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
            if (isFirst) {
                meanwhile();
            }
            bool isTail = false;
            if (!wasLast) {
                leave();
                pass();
                isTail = isLast && stage.rows <= 8;
                if (!isTail) {
                    load(w, 0);
                }
            }
            float low = own<Format>(d[0][0] + d[1][0], d[0][1] + d[1][1]), high = own<Format>(d[0][2] + d[1][2], d[0][3] + d[1][3]);
            float rest = sum_of_eight<Format>(e);
            float mine = q == 0 ? low : q == 1 ? high : rest;
            if (q < 3 && rows > 0) {
                sums[row * PersistentWarps] = mine;
            }
            if (isTail) {
                multiply_tail<IsShort>(input, sums);
            }
            if (isTail || wasLast) {
                break; // and after the barrier that follows, close
            }
        }
    }

    // The same of a last stage of up to eight rows.
    template <bool IsShort> DEVICE void multiply_tail(u32 input, float* sums) {
        int g = lane_index() >> 2, chunks = IsShort ? 1 : slice.chunks();
        float e[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
#pragma unroll 1
        for (int c = 0; c < chunks; c++) {
            u32 w[16], y[8];
            load(g, c, w);
            load_half_inputs<Format>(input + c * 256, y);
            multiply_eight(e, w, y);
        }
        float rest = sum_of_eight<Format>(e);
        if ((lane_index() & 3) == 0 && g < stage.rows) {
            sums[(stage.row + g) * PersistentWarps] = rest;
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
                sums[(stage.row + row + g) * PersistentWarps] = mine;
            }
            row += 8;
            if (row >= stage.rows) {
                if (isLast) {
                    break;
                }
                leave();
                pass();
                row = 0;
            }
            load(w, row, 0);
        }
    }
};
