// What becomes of a product's partial sums in the persistent kernel: outputs that all blocks get, or logits and the best of them.
#pragma once
#include "persistent_product.cuh"

// What the rows of the head need besides their sums; of rows t and t + PersistentThreads.
struct HeadConstants {
    static const int Known = 2;
    RowConstants rows[Known];

    template <class Format> DEVICE void request(const Matrix& m, const float* fold, const Share& s) {
#pragma unroll
        for (int i = 0; i < Known; i++) {
            rows[i].request<Format, true>(m, fold, s.first + minimum(thread_index() + i * PersistentThreads, s.rows - 1));
        }
    }
};

// Logits of the block's rows; returns the warp's best key.
template <class Format> DEVICE u64 finish_head(
    const Share& s, const Matrix& m, const float* fold, const float* sums, int pitch, const HeadConstants& known, const Norm& norm, float* logits) {
    u64 best = 0;
    auto finish = [&](int r, const RowConstants& constants) {
        if (r < s.rows) {
            float logit = constants.output(row_sum(sums, pitch, r), norm.factor, norm.offset);
            logits[s.first + r] = logit;
            u64 key = best_key(logit, s.first + r);
            best = key > best ? key : best;
        }
    };
#pragma unroll
    for (int i = 0; i < HeadConstants::Known; i++) {
        finish(thread_index() + i * PersistentThreads, known.rows[i]);
    }
#pragma unroll 1
    for (int r = thread_index() + HeadConstants::Known * PersistentThreads; r < s.rows; r += PersistentThreads) {
        RowConstants constants;
        constants.request<Format, true>(m, fold, s.first + r);
        finish(r, constants);
    }
    warp_barrier();
    return redux_max(best);
}

// What a product's rows become.
enum Kind { Queries, Added, Hidden };

// Adds up the partial sums and hands the outputs over, a thread a row. constants: of row t.
template <class Format, Kind Is> DEVICE void finish_share(
    const Matrix& m, const float* values, const Share& s, const float* sums, int pitch, RowConstants constants, float factor, float offset, u64* words,
    u32 epoch, int width, float queryScale, bool stalled) {
#pragma unroll 1
    for (int r = thread_index(); (r & ~31) < s.rows; r += PersistentThreads) {
        int clamped = minimum(r, s.rows - 1), row = s.first + r;
        if (r >= PersistentThreads) {
            constants.request<Format, Is != Added>(m, values, s.first + clamped);
        }
        bool mine = r < s.rows && !stalled;
        float y = constants.output(row_sum(sums, pitch, clamped), factor, offset);
        if (Is == Hidden) {
            y = gelu_fast(y);
            float other = shuffle_xor(y, 1);
            if (mine && (r & 1) == 0) {
                store_relaxed(words + (row >> 1), word(epoch, float2_to_half2(y, other)));
            }
        } else if (mine) {
            if (Is == Queries && row < width) {
                y *= queryScale;
            }
            store_relaxed(words + row, word(epoch, float_bits(y)));
        }
    }
}

// Hands the block's best key to all, and finds the best of all. `shared`: [PersistentWarps].
DEVICE u64 best_of_all(u64 mine, u64* words, u32 epoch, Patience& patience, u64* shared, bool stalled) {
    int lane = lane_index(), warp = warp_index();
    if (lane == 0) {
        shared[warp] = mine;
    }
    compute_barrier();
    if (warp == 0) {
        u64 best = redux_max(lane < PersistentWarps ? shared[lane] : 0);
        if (lane == 0 && !stalled) {
            store_relaxed(words + 2 * block_x(), word(epoch, (u32)(best >> 32)));
            store_relaxed(words + 2 * block_x() + 1, word(epoch, (u32)best));
        }
    }
    u64 best = 0;
    for (int b = thread_index(); b < grid_x(); b += PersistentThreads) {
        WordPair w;
        patience.wait_alone([&] { return w.load(words + 2 * b), w.missing(epoch); }, WaitBest);
        u64 key = (w.a << 32) | (u32)w.b;
        best = key > best ? key : best;
    }
    warp_barrier();
    best = redux_max(best);
    compute_barrier(); // shared is free again
    if (lane == 0) {
        shared[warp] = best;
    }
    compute_barrier();
#pragma unroll
    for (int w = 0; w < PersistentWarps; w++) {
        best = shared[w] > best ? shared[w] : best;
    }
    return best;
}
