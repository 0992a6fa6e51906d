// Attention among a prompt's tokens, which are all that there is: an item is one head of one token, and one warp's alone. A lane has pairs of
// dimensions; nothing of it needs the block's other warps.
#pragma once
#include "persistent_attention.cuh"
#include "prompt_arguments.cuh"

// words: queries, keys, values [token][3][width / 2]; to: words of a product's input. The token's key and value go into the cache.
template <class Format, int Size> DEVICE void attend_prompt_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int token, const u64* words, u64* to, u32 epoch, Patience& patience, u32 where,
    bool stalled) {
    const int Each = HeadWords<Size>::Each;
    int pairs = a.table.columns >> 1, lane = lane_index();
    const u64* from = words + head * (Size / 2);
    HeadWords<Size> query, keys[PromptTokens], values[PromptTokens];
    patience.wait([&] {
        query.load(from + token * 3 * pairs);
#pragma unroll
        for (int j = 0; j < PromptTokens; j++) {
            int of = minimum(j, token);
            keys[j].load(from + (of * 3 + 1) * pairs);
            values[j].load(from + (of * 3 + 2) * pairs);
        }
        u32 missing = query.missing(epoch);
#pragma unroll
        for (int j = 0; j < PromptTokens; j++) {
            missing |= keys[j].missing(epoch) | values[j].missing(epoch);
        }
        return missing;
    }, where);

    float scores[PromptTokens];
#pragma unroll
    for (int j = 0; j < PromptTokens; j++) {
        scores[j] = 0;
#pragma unroll
        for (int i = 0; i < Each; i++) {
            u32 x = (u32)query.words[i], y = (u32)keys[j].words[i];
            scores[j] += half2_low(x) * half2_low(y) + half2_high(x) * half2_high(y);
        }
        scores[j] = lane < Size / 2 ? scores[j] : 0.0f;
    }
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
#pragma unroll
        for (int j = 0; j < PromptTokens; j++) {
            scores[j] += shuffle_xor(scores[j], offset);
        }
    }
    float top = scores[0], total = 0, x[Each], y[Each];
#pragma unroll
    for (int j = 1; j < PromptTokens; j++) {
        top = j <= token ? maximum(top, scores[j]) : top;
    }
#pragma unroll
    for (int i = 0; i < Each; i++) {
        x[i] = y[i] = 0;
    }
#pragma unroll
    for (int j = 0; j < PromptTokens; j++) {
        float weight = j <= token ? exp2_fast((scores[j] - top) * Log2E) : 0.0f;
        total += weight;
#pragma unroll
        for (int i = 0; i < Each; i++) {
            x[i] += weight * half2_low((u32)values[j].words[i]);
            y[i] += weight * half2_high((u32)values[j].words[i]);
        }
    }
    float inverse = reciprocal(total);
    u64 row = ((u64)head * a.capacity + token) * Size;
    u32 *keyRow = (u32*)(layer.keys + row), *valueRow = (u32*)(layer.values + row);
    if (lane < Size / 2) {
#pragma unroll
        for (int i = 0; i < Each; i++) {
            int place = HeadWords<Size>::place(i);
            if (!stalled) {
                store_relaxed(to + prompt_place<Format>(head * (Size / 2) + place, token), word(epoch, pack_halves(x[i] * inverse, y[i] * inverse)));
            }
            keyRow[place] = (u32)keys[PromptTokens - 1].words[i]; // those behind the token's own are its own
            valueRow[place] = (u32)values[PromptTokens - 1].words[i];
        }
    }
}

template <class Format> DEVICE void attend_prompt(
    const PromptArguments& a, const PersistentLayer& layer, const u64* words, u64* to, u32 epoch, Patience& patience, u32 where, bool stalled) {
#pragma unroll 1
    for (int item = block_x() + grid_x() * warp_index(); item < a.heads * a.tokens; item += grid_x() * PersistentWarps) {
        int token = item / a.heads, head = item - token * a.heads;
        if (a.headSize == 64) {
            attend_prompt_item<Format, 64>(a, layer, head, token, words, to, epoch, patience, where, stalled);
        } else if (a.headSize == 128) {
            attend_prompt_item<Format, 128>(a, layer, head, token, words, to, epoch, patience, where, stalled);
        } else {
            attend_prompt_item<Format, 32>(a, layer, head, token, words, to, epoch, patience, where, stalled);
        }
    }
}
