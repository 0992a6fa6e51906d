// Matrix products of a prompt's tokens: sixteen rows at a time with all eight columns of B, every warp its slice of the columns; the warps'
// partial sums meet in shared memory, and rows become words of every token.
//
//   sums   FP32 [rows][warps][tokens], a row padded to RowSums, so that lanes of four rows meet at different banks
#pragma once
#include "persistent_outputs.cuh"
#include "prompt_inputs.cuh"

static const int RowSums = PersistentWarps * PromptTokens + 8;

template <class Format> DEVICE void load_straight(const Product<Format>& product, int row, int chunk, u32 (&out)[16]) {
    RawRow<Format> raw;
    product.load(row, chunk, raw);
    raw.straighten();
    raw.unpack(out);
}

// Sixteen rows of a stage in one chunk.
struct TallTile {
    static const int Rows = 16;
    u32 low[16], high[16];

    template <class Format> DEVICE void load(const Product<Format>& product, int row, int chunk) {
        row += lane_index() >> 2;
        load_straight(product, row, chunk, low);
        load_straight(product, row + 8, chunk, high);
    }

    DEVICE void multiply(float (&d)[2][4], const u32 (&x)[16]) const { multiply_sixteen(d, low, high, x); }
};

// Eight rows: a share of a narrow matrix has no more where there are many multiprocessors.
struct FlatTile {
    static const int Rows = 8;
    u32 rows[16];

    template <class Format> DEVICE void load(const Product<Format>& product, int row, int chunk) {
        load_straight(product, row + (lane_index() >> 2), chunk, rows);
    }

    DEVICE void multiply(float (&d)[2][4], const u32 (&x)[16]) const {
#pragma unroll
        for (int j = 0; j < 8; j++) {
            multiply_accumulate(d[j & 1], rows[2 * j], 0, rows[2 * j + 1], 0, x[2 * j], x[2 * j + 1]);
        }
    }
};

// All tokens' sums of rows g and g + 8, of tokens 2q and 2q + 1.
struct AllTokens {
    float* sums; // the warp's first

    DEVICE void put(int row, int rows, const float (&d)[4]) const {
        int g = lane_index() >> 2, q = lane_index() & 3;
        float* to = sums + (row + g) * RowSums + 2 * q;
        if (g < rows) {
            *(float2_t*)to = float2_t{d[0], d[1]};
        }
        if (g + 8 < rows) {
            *(float2_t*)(to + 8 * RowSums) = float2_t{d[2], d[3]};
        }
    }
};

// One token's, as finish_head reads them: [rows][warps].
struct OneToken {
    float* sums;
    i32 token;

    DEVICE void put(int row, int rows, const float (&d)[4]) const {
        int g = lane_index() >> 2, q = lane_index() & 3;
        float* to = sums + (row + g) * PersistentWarps;
        float e[4] = {d[0], d[1], d[2], d[3]};
#pragma unroll
        for (int i = 0; i < 4; i++) {
            asm volatile("" : "+f"(e[i])); // else clang chooses between addresses
        }
        if (q == token >> 1) {
            if (g < rows) {
                to[0] = token & 1 ? e[1] : e[0];
            }
            if (g + 8 < rows) {
                to[8 * PersistentWarps] = token & 1 ? e[3] : e[2];
            }
        }
    }
};

// The warp's partial sums of all rows of a share. w: of the first tile's first chunk; input(start, more): calls more(x, c) with B of chunks from
// `start` on, some of them, and returns how many.
template <class Format, class Tile, class Input, class Sums> DEVICE void multiply_tiles(Product<Format>& product, Tile& w, Input&& input, const Sums& sums) {
    int chunks = product.slice.chunks();
#pragma unroll 1
    for (int row = 0;;) {
        float d[2][4] = {{0, 0, 0, 0}, {0, 0, 0, 0}};
#pragma unroll 1
        for (int start = 0; start < chunks || start == 0;) {
            start += input(start, [&](const u32(&x)[16], int c) {
                if (c > 0) {
                    w.load(product, row, c);
                }
                w.multiply(d, x);
            });
        }
        float all[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            all[i] = d[0][i] + d[1][i];
        }
        sums.put(product.stage.row + row, minimum(product.stage.rows - row, Tile::Rows), all);
        row += Tile::Rows;
        if (row >= product.stage.rows) {
            if (product.isLast) {
                break; // and after the barrier that follows, close
            }
            product.leave();
            product.pass();
            row = 0;
        }
        w.load(product, row, 0);
    }
}

// What a product hands over: rows 2 · pair and 2 · pair + 1 of the share, of token lane / 4, are one thread's; the first pair's constants are known
// before the sums are.
template <class Format, Kind Is> struct PromptOutputs {
    static const int PairsTogether = PersistentThreads / PromptTokens;
    Share share;
    const Matrix& matrix;
    const float* values;
    u64* words;
    i32 pitch; // Queries: words of a token; they are rows before pitch / 3 pairs, and are scaled
    float scale;
    RowConstants constants[2];

    DEVICE PromptOutputs(const Matrix& m, const float* rowValues, const Share& s, u64* to, int tokenPitch, float queryScale)
        : share(s), matrix(m), values(rowValues), words(to), pitch(tokenPitch), scale(queryScale) {
        request(constants, first());
    }

    DEVICE static int first() { return (lane_index() & 3) + 4 * warp_index(); }

    DEVICE void request(RowConstants (&of)[2], int pair) const {
#pragma unroll
        for (int k = 0; k < 2; k++) {
            of[k].request<Format, Is != Added>(matrix, values, share.first + minimum(2 * pair + k, share.rows - 1));
        }
    }

    // Hands over. factor, offset: of the lane's token.
    DEVICE void finish(const float* sums, int tokens, float factor, float offset, u32 epoch, bool stalled) const {
#pragma unroll 1
        for (int pair = first(); 2 * pair < share.rows; pair += PairsTogether) {
            if (pair == first()) {
                hand_over(constants, pair, sums, tokens, factor, offset, epoch, stalled);
            } else { // of which only devices with few multiprocessors have any
                RowConstants further[2];
                request(further, pair);
                hand_over(further, pair, sums, tokens, factor, offset, epoch, stalled);
            }
        }
    }

    DEVICE void hand_over(
        const RowConstants (&of)[2], int pair, const float* sums, int tokens, float factor, float offset, u32 epoch, bool stalled) const {
        int g = lane_index() >> 2, all = (share.first >> 1) + pair;
        float y[2];
#pragma unroll
        for (int k = 0; k < 2; k++) {
            const float* from = sums + (2 * pair + k) * RowSums + g;
            float parts[PersistentWarps];
#pragma unroll
            for (int w = 0; w < PersistentWarps; w++) {
                parts[w] = from[w * PromptTokens];
            }
            float sum = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
            y[k] = of[k].output(sum, factor, offset);
            if (Is == Queries && 3 * all < pitch) {
                y[k] *= scale;
            } else if (Is == Hidden) {
                y[k] = gelu_fast(y[k]);
            }
        }
        if (g < tokens && !stalled) {
            u64 value = Is == Added ? value_word(epoch, y[0], y[1]) : word(epoch, pack_halves(y[0], y[1]));
            store_relaxed(words + (Is == Queries ? g * pitch + all : prompt_place<Format>(all, g)), value);
        }
    }
};
