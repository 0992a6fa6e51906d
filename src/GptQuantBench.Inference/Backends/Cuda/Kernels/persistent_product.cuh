// Matrix products of one token inside the persistent kernel: every warp's partial sums of the block's rows, their sum, and the hand-over.
//
// Weights depend on nothing that blocks hand over: a warp unpacks the first of a product's into registers before it waits for the input.
//
//   sums          FP32 [2 (products in turn)][rows][warps], or [rows][warps] for the head
#pragma once
#include "persistent_operand.cuh"
#include "persistent_turns.cuh"

// Weights of a stage in one chunk, eight rows a tile; the matrix unit takes two tiles together, and a third one by itself. Tiles: 3 or 4.
template <int Tiles> struct TallWeights {
    u32 tiles[Tiles][16];

    DEVICE void settle() {
#pragma unroll
        for (int i = 0; i < Tiles; i++) {
            ::settle(tiles[i]);
        }
    }
};

template <class Format, int Tiles> struct RawTallWeights {
    RawRow<Format> tiles[Tiles];

    DEVICE void unpack(TallWeights<Tiles>& w) const {
#pragma unroll
        for (int i = 0; i < Tiles; i++) {
            tiles[i].unpack(w.tiles[i]);
        }
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

// A product as one warp sees it.
template <class Format> struct Product {
    const Ring& ring;
    Turns<Format> turns;
    u32 slot, phase; // of the stage
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

    // Rows lane / 4 of the tiles.
    template <class Rows> DEVICE void load(Rows& w, int chunk) const {
        int row = lane_index() >> 2;
#pragma unroll
        for (auto& tile : w.tiles) {
            load(row, chunk, tile);
            row += 8;
        }
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
    template <int Tiles, class Look> DEVICE void load_first(TallWeights<Tiles>& w, Look look) const {
        if constexpr (LooksEarly<Format>) {
            RawTallWeights<Format, Tiles> raw;
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

    DEVICE void step() {
        slot++;
        if (slot == ring.slots) {
            slot = 0;
            phase ^= 1;
        }
    }

    // From the last stage of a product to the next product's first, behind the barrier at which all warps have read it. `asks`: whether it is this
    // warp that sees to the slot.
    DEVICE void close(bool asks) {
        if (asks && lane_index() < PersistentWarps) {
            barrier_arrive(ring.empty(slot)); // for every warp
        }
        turns.advance(asks, slot, phase);
        step();
    }

    // After the warp's last read of a stage.
    DEVICE void leave() const {
        warp_barrier();
        if (lane_index() == 0) {
            barrier_arrive(ring.empty(slot));
        }
    }

    // From a stage that is not its product's last, and has been left, to the next one.
    DEVICE void pass() {
        turns.pass(slot, phase);
        step();
        look();
    }

    // This warp's partial sums of all rows of a share. w: of the first stage's first chunk, unpacked; `input`: shared address of its activations;
    // `sums`: the first of its own. IsShort: the slice is one chunk. `between`: called with 0, 1, … 7, has time while the matrix unit works.
    template <bool IsShort, int Tiles, class Between> DEVICE void multiply(TallWeights<Tiles>& w, u32 input, float* sums, Between between) {
        int g = lane_index() >> 2, q = lane_index() & 3;
        u32 x[16], y[8];
        TallSums d;
        d.clear();
        if constexpr (IsShort) {
            load_inputs<Format>(input, x);
            half_inputs(x, y);
            multiply_tall(d, w, x, y, between);
        } else {
            multiply_chunks(d, w, input);
            between(0), between(1), between(2), between(3), between(4), between(5), between(6), between(7);
        }
#pragma unroll 1
        for (;;) {
            int at = (stage.row + g + 8 * q) * PersistentWarps, rows = stage.rows - g - 8 * q;
            asm volatile("" : "+r"(at)); // here, not behind the products
            bool wasLast = isLast, isTail = false;
            if (!wasLast) {
                leave();
                pass();
                isTail = isLast && stage.rows <= 8;
                if (!isTail) {
                    load(w, 0);
                }
            }
            float mine = d.template mine<Format, Tiles>();
            if (q < Tiles && rows > 0) {
                sums[at] = mine;
            }
            if (isTail) {
                multiply_tail<IsShort>(input, sums);
            }
            if (isTail || wasLast) {
                break; // and after the barrier that follows, close
            }
            d.clear();
            if constexpr (IsShort) {
                multiply_tall(d, w, x, y, [](int) {});
            } else {
                multiply_chunks(d, w, input);
            }
        }
    }

    // Sums of a stage's rows, of the matrix unit: two of tiles 0 and 1, and two of what follows them.
    struct TallSums {
        float d[2][4], e[2][4];

        DEVICE void clear() {
#pragma unroll
            for (int i = 0; i < 4; i++) {
                d[0][i] = d[1][i] = e[0][i] = e[1][i] = 0;
            }
        }

        // Lane 4g + q's: of row g of tile q.
        template <class F, int Tiles> DEVICE float mine() const {
            int q = lane_index() & 3;
            float low = own<F>(d[0][0] + d[1][0], d[0][1] + d[1][1]), high = own<F>(d[0][2] + d[1][2], d[0][3] + d[1][3]);
            float third, fourth = 0;
            if constexpr (Tiles == 3) {
                third = sum_of_eight<F>(e);
            } else {
                third = own<F>(e[0][0] + e[1][0], e[0][1] + e[1][1]);
                fourth = own<F>(e[0][2] + e[1][2], e[0][3] + e[1][3]);
            }
            return q == 0 ? low : q == 1 ? high : q == 2 ? third : fourth;
        }
    };

    // A stage's products of a slice of several chunks.
    template <int Tiles> DEVICE void multiply_chunks(TallSums& d, TallWeights<Tiles>& w, u32 input) const {
        int chunks = slice.chunks();
#pragma unroll 1
        for (int c = 0;;) {
            u32 x[16], y[8];
            load_inputs<Format>(input + c * 256, x);
            half_inputs(x, y);
            multiply_tall(d, w, x, y, [](int) {});
            if (++c >= chunks) {
                break;
            }
            load(w, c);
        }
    }

    template <int Tiles, class Between> DEVICE static void multiply_tall(
        TallSums& s, const TallWeights<Tiles>& w, const u32 (&x)[16], const u32 (&y)[8], Between between) {
        auto step = [&](int j) {
            multiply_sixteen(s.d, w.tiles[0], w.tiles[1], x, j);
            if constexpr (Tiles == 4) {
                multiply_sixteen(s.e, w.tiles[2], w.tiles[3], x, j);
            } else if (j < 4) {
                multiply_eight(s.e, w.tiles[2], y, j);
            }
            between(j);
        };
        step(0), step(1), step(2), step(3), step(4), step(5), step(6), step(7); // clang does not unroll a loop of them
    }

    // For a warp that has no columns: its sums are 0.
    DEVICE void skip(float* sums) {
#pragma unroll 1
        for (;;) {
#pragma unroll 1
            for (int r = lane_index(); r < stage.rows; r += 32) {
                sums[(stage.row + r) * PersistentWarps] = 0;
            }
            if (isLast) {
                break; // and after the barrier that follows, close
            }
            leave();
            pass();
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
            const int Sums = C > 1 ? 2 : 1; // of chunks in turn: enough to keep the matrix unit busy
            float d[Sums][2][4];
#pragma unroll
            for (int c = 0; c < Sums; c++) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    d[c][0][i] = d[c][1][i] = 0;
                }
            }
#pragma unroll 1
            for (int start = 0;;) {
                u32 y[C][8];
#pragma unroll
                for (int c = 0; c < C; c++) {
                    load_half_inputs<Format>(input + minimum(start + c, chunks - 1) * 256, y[c]);
                }
#pragma unroll
                for (int c = 0; c < C; c++) {
                    if (c == 0 || start + c < chunks) {
                        multiply_eight(d[c % Sums], w.chunks[c], y[c]);
                    }
                }
                start += C;
                if (start >= chunks) {
                    break;
                }
                load(w, row, start);
            }
#pragma unroll
            for (int c = 1; c < Sums; c++) {
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
