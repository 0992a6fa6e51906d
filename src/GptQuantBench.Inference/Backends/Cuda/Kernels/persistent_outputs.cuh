// What becomes of a product's partial sums in the persistent kernel: outputs that all blocks get, or logits and the best of them.
#pragma once
#include "persistent_norm.cuh"
#include "persistent_product.cuh"

// gelu_tanh with reciprocal.
DEVICE float gelu_fast(float x) {
    float u = 0.7978845608028654f * (x + 0.044715f * x * x * x);
    return x * (1.0f - reciprocal(exp_fast(2.0f * u) + 1.0f));
}

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

// Logits of the block's rows, which stay at the first of a row's sums too; returns the warp's best key.
template <class Format> DEVICE u64 finish_head(
    const Share& s, const Matrix& m, const float* fold, float* sums, const HeadConstants& known, const Norm& norm, float* logits) {
    u64 best = 0;
    auto finish = [&](int r, const RowConstants& constants) {
        if (r < s.rows) {
            float logit = constants.output(row_sum(sums, r), norm.factor, norm.offset);
            logits[s.first + r] = logit;
            sums[r * PersistentWarps] = logit;
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

// What a product's rows become: words {epoch, two halves}, those of value_word, or the former behind GELU.
enum Kind { Queries, Added, Hidden };

// A product whose rows become words.
struct Target {
    const Matrix& matrix;
    const float* values; // of RowConstants
    u64* words;          // of all rows
    i32 width;           // rows before it are queries, and are scaled
    float queryScale;
};

// What a product hands over. Row r of the block's share is thread r's, so that all but its sum is known before the sums are.
template <class Format, Kind Is> struct Outputs {
    const Share& share; // shared
    i32 rows;
    RowConstants constants;
    u64* to;     // where this thread's row goes
    float scale; // queries

    DEVICE Outputs(const Share& s) : share(s), rows(s.rows) {}

    DEVICE void request(const Target& t) {
        constants.request<Format, Is != Added>(t.matrix, t.values, share.first + minimum(thread_index(), share.rows - 1));
        to = t.words + ((share.first + thread_index()) >> 1);
        scale = Is == Queries && share.first + thread_index() < t.width ? t.queryScale : 1.0f;
        asm volatile("" : "+l"(to)); // here, not behind the barrier
    }

    // The row's sum; sums: of all warps. By itself, so that the norm's loads do not come first.
    DEVICE float gather(const float* sums) const { return row_sum(sums, minimum(thread_index(), rows - 1)); }

    // Hands over. sum: of gather.
    DEVICE void finish(const Target& t, const float* sums, float sum, float factor, float offset, u32 epoch, bool stalled) {
#pragma unroll 1
        for (int r = thread_index(); (r & ~31) < rows;) {
            hand_over(r, sum, factor, offset, epoch, stalled);
            r += PersistentThreads;
            if ((r & ~31) >= rows) {
                break;
            }
            // Rows behind those of the threads, of which only devices with few multiprocessors have any.
            int row = share.first + r;
            constants.request<Format, Is != Added>(t.matrix, t.values, share.first + minimum(r, rows - 1));
            to = t.words + (row >> 1);
            scale = Is == Queries && row < t.width ? t.queryScale : 1.0f;
            sum = row_sum(sums, minimum(r, rows - 1));
        }
    }

    DEVICE void hand_over(int r, float sum, float factor, float offset, u32 epoch, bool stalled) const {
        float y = constants.output(sum, factor, offset);
        if (Is == Queries) {
            y *= scale;
        } else if (Is == Hidden) {
            y = gelu_fast(y);
        }
        float other = shuffle_xor(y, 1);
        u64 word = Is == Added ? value_word(epoch, y, other) : ::word(epoch, pack_halves(y, other));
        if (r < rows && !stalled && (r & 1) == 0) {
            store_relaxed(to, word);
        }
    }
};

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
