// What a product of the prompt's kernel reads, in the lanes' registers as the matrix unit's B: of every chunk of a warp's slice (128 columns)
// lane 4g + q has 32 columns of token g, those that lane's weights are of, in eight loads of two words.
#pragma once
#include "persistent_arriving.cuh"
#include "persistent_inputs.cuh"
#include "prompt_arguments.cuh"

// A lane's columns of a warp's slice.
template <class Format> struct Lane {
    static const int Loads = 8;              // of a chunk
    static const int Each = Format::Weights / 4; // of a piece of weights

    i32 column; // the first
    i32 left;   // columns from there on that the slice has; 0 for tokens that are not there
    i32 place;  // the first one's word

    DEVICE Lane(const Slice& slice, int columns, int tokens) {
        int g = lane_index() >> 2, q = lane_index() & 3;
        column = 32 * slice.first + q * Format::Weights;
        left = g < tokens ? minimum(32 * slice.count, columns - 32 * slice.first) - q * Format::Weights : 0;
        place = prompt_place<Format>(column >> 1, g);
    }

    // Load n of chunk c.
    DEVICE static int ahead(int c, int n) { return 128 * c + n / Each * (4 * Format::Weights) + n % Each * 4; }
    DEVICE bool exists(int c, int n) const { return ahead(c, n) < left; }
    DEVICE int column_of(int c, int n) const { return exists(c, n) ? column + ahead(c, n) : 0; }

    // Words from the first one's to those of load n of chunk c.
    DEVICE static int words_ahead(int c, int n) {
        return c * 4 * BlockWords + n / Each * (Format::Weights / 8 * BlockWords) + n % Each * (PromptTokens * 64 / Format::Weights);
    }

    // As it looks from chunk `start` on: what is counted from there is known when this is compiled.
    DEVICE Lane from(int start) const {
        Lane l = *this;
        l.column += 128 * start;
        l.left -= 128 * start;
        l.place += start * 4 * BlockWords;
        return l;
    }
};

// Chunks start, start + 1, … of a slice, C of them: asked for until they are there; words that do not exist are 0.
template <class Format, int C> struct PromptArriving {
    static const int Loads = Lane<Format>::Loads;
    WordPair words[C][Loads];

    // Four: ValueFour or PairedFour, what two words hold. Whole warps wait.
    template <class Four> DEVICE void wait(const u64* all, const Lane<Format>& whole, int start, u32 epoch, Patience& patience, u32 where) {
        Lane<Format> lane = whole.from(start);
        const u64* from = all + lane.place;
#pragma unroll
        for (int c = 0; c < C; c++) {
#pragma unroll
            for (int n = 0; n < Loads; n++) {
                words[c][n].a = words[c][n].b = 0;
                words[c][n].load_missing(lane.exists(c, n), from + Lane<Format>::words_ahead(c, n));
            }
        }
        u32 tried = 0;
#pragma unroll 1
        for (;;) {
            u32 missing[C][Loads], any = 0;
#pragma unroll
            for (int c = 0; c < C; c++) {
#pragma unroll
                for (int n = 0; n < Loads; n++) {
                    missing[c][n] = lane.exists(c, n) ? Four{words[c][n]}.missing(epoch) : 0;
                    any |= missing[c][n];
                }
            }
            if (warp_all(any == 0) || patience.is_over(tried, where)) {
                break;
            }
#pragma unroll
            for (int c = 0; c < C; c++) {
#pragma unroll
                for (int n = 0; n < Loads; n++) {
                    words[c][n].load_missing(missing[c][n], from + Lane<Format>::words_ahead(c, n));
                }
            }
        }
    }

    // Words of halves as B of chunk c.
    DEVICE void put(int c, u32 (&x)[16]) const {
#pragma unroll
        for (int n = 0; n < Loads; n++) {
            x[2 * n] = (u32)words[c][n].a;
            x[2 * n + 1] = (u32)words[c][n].b;
        }
    }
};

// The residual stream of the lane's columns, N chunks of them. Every block keeps its own copy.
template <class Format, int N> struct PromptResidual {
    static const int Loads = Lane<Format>::Loads;
    float x[N][4 * Loads];

    DEVICE void embed(const Matrix& table, const Matrix& positions, int id, int position, const Lane<Format>& lane) {
#pragma unroll
        for (int c = 0; c < N; c++) {
#pragma unroll
            for (int n = 0; n < Loads; n++) {
                float token[4], place[4];
                embed_four<Format>(table, id, lane.column_of(c, n), token);
                embed_four<Fp16>(positions, position, lane.column_of(c, n), place);
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    x[c][4 * n + k] = token[k] + place[k];
                }
            }
        }
    }

    // What other blocks add, once it is there.
    DEVICE void add(const u64* from, const Lane<Format>& lane, u32 epoch, Patience& patience, u32 where) {
#pragma unroll
        for (int c = 0; c < N; c++) {
            PromptArriving<Format, 1> arriving;
            arriving.template wait<ValueFour>(from, lane, c, epoch, patience, where);
#pragma unroll
            for (int n = 0; n < Loads; n++) {
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    x[c][4 * n + k] += ValueFour{arriving.words[0][n]}.value(k);
                }
            }
        }
    }

    // As B of a product with a norm folded into it (Norm, of the lane's token); returns the lane's part of the norm's sums.
    DEVICE float2_t put(const float* gains, const Norm& norm, const Lane<Format>& lane, u32 (&out)[N][16]) const {
        float sum = 0, squares = 0;
#pragma unroll
        for (int c = 0; c < N; c++) {
#pragma unroll
            for (int n = 0; n < Loads; n++) {
                float4_t gain = load_float4(gains + lane.column_of(c, n));
                float d[4];
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    d[k] = lane.exists(c, n) ? x[c][4 * n + k] - norm.reference : 0.0f;
                }
                out[c][2 * n] = pack_halves(d[0] * (norm.scale * gain.x), d[1] * (norm.scale * gain.y));
                out[c][2 * n + 1] = pack_halves(d[2] * (norm.scale * gain.z), d[3] * (norm.scale * gain.w));
                sum += (d[0] + d[1]) + (d[2] + d[3]);
                squares += (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
            }
        }
        return {sum, squares};
    }
};

// The warp's sums of every token, from those of its lanes. stats: [token][warp].
DEVICE void put_prompt_stats(float2_t own, float2_t* stats) {
#pragma unroll
    for (int offset = 2; offset > 0; offset >>= 1) {
        own.x += shuffle_xor(own.x, offset);
        own.y += shuffle_xor(own.y, offset);
    }
    if ((lane_index() & 3) == 0) {
        stats[(lane_index() >> 2) * PersistentWarps + warp_index()] = own;
    }
}
