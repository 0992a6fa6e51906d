// Attention of the newest token inside the persistent kernel. An item is one head times one range of positions; the same block always has
// the same items, so that it alone writes and reads their part of the cache.
//
//   a position is read by `lanes` = headSize / 8 neighbouring lanes, 16 bytes each; a range has 8192 / headSize positions, some rounds
//   of the block's warps. Keys and values are requested before the new token's query is there.
#pragma once
#include "persistent_inputs.cuh"

static const int Rounds = 32 / PersistentWarps;

struct AttentionShared {
    float query[MaxHeadSize];
    half_t added[2][MaxHeadSize]; // key and value of the new position
    float scores[256];
    float outputs[PersistentWarps][MaxHeadSize];
};

DEVICE vec4 load_cache(const half_t* address) {
    vec4 v;
    asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "l"(address) : "memory");
    return v;
}

DEVICE float log2_fast(float a) {
    float r;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

DEVICE float warp_maximum(float value) {
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        value = maximum(value, shuffle_xor(value, offset));
    }
    return value;
}

DEVICE void halves_to_floats(const vec4& raw, float (&out)[8]) {
    out[0] = half2_low(raw.x);
    out[1] = half2_high(raw.x);
    out[2] = half2_low(raw.y);
    out[3] = half2_high(raw.y);
    out[4] = half2_low(raw.z);
    out[5] = half2_high(raw.z);
    out[6] = half2_low(raw.w);
    out[7] = half2_high(raw.w);
}

// words: queries, keys, values, FP32 [3 · width]; attended, spread: as gather_attended reads them.
DEVICE void attend_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, bool stalled) {
    int t = thread_index(), lane = t & 31, warp = t >> 5;
    int size = a.headSize, lanes = size >> 3, part = lane & (lanes - 1), width = a.table.columns;
    int perWarp = 32 / lanes, perRound = PersistentWarps * perWarp;
    int begin = range * Rounds * perRound;
    int count = minimum(position + 1 - begin, Rounds * perRound); // at least 1
    bool adds = position - begin < Rounds * perRound;             // the new position is in this range
    u64 offset = ((u64)head * a.capacity + begin) * size + part * 8;
    int own = warp * perWarp + lane / lanes;

    vec4 keys[Rounds], values[Rounds], zero = {0, 0, 0, 0};
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * perRound + own;
        keys[u] = values[u] = zero;
        if (j < count && begin + j != position) {
            keys[u] = load_cache(layer.keys + offset + (u64)j * size);
            values[u] = load_cache(layer.values + offset + (u64)j * size);
        }
    }

    int half = size >> 1;
    for (int i = t; i < half * (adds ? 3 : 1); i += PersistentThreads) {
        int kind = i / half, pair = i - kind * half;
        const u64* from = words + kind * width + head * size + 2 * pair;
        WordPair w;
        w.load(from);
        patience.wait(w, from, epoch, where);
        float x = bits_float((u32)w.a), y = bits_float((u32)w.b);
        if (kind == 0) {
            shared.query[2 * pair] = x;
            shared.query[2 * pair + 1] = y;
        } else {
            u32 both = float2_to_half2(x, y);
            *(u32*)&shared.added[kind - 1][2 * pair] = both;
            half_t* cache = kind == 1 ? layer.keys : layer.values;
            *(u32*)(cache + ((u64)head * a.capacity + position) * size + 2 * pair) = both;
        }
    }
    block_barrier();

    float query[8];
    *(float4_t*)query = *(const float4_t*)(shared.query + part * 8);
    *(float4_t*)(query + 4) = *(const float4_t*)(shared.query + part * 8 + 4);
    float score[Rounds];
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * perRound + own;
        if (begin + j == position) {
            keys[u] = *(const vec4*)&shared.added[0][part * 8];
            values[u] = *(const vec4*)&shared.added[1][part * 8];
        }
        float key[8], s = 0;
        halves_to_floats(keys[u], key);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            s += query[i] * key[i];
        }
        for (int offset = 1; offset < lanes; offset <<= 1) {
            s += shuffle_xor(s, offset);
        }
        score[u] = s;
        if (part == 0 && j < count) {
            shared.scores[j] = s;
        }
    }
    block_barrier();

    float top = minus_infinity();
    for (int j = lane; j < count; j += 32) {
        top = maximum(top, shared.scores[j]);
    }
    top = warp_maximum(top);
    float output[8] = {0, 0, 0, 0, 0, 0, 0, 0};
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        if (u * perRound + own < count) {
            float weight = exp_fast(score[u] - top), value[8];
            halves_to_floats(values[u], value);
#pragma unroll
            for (int i = 0; i < 8; i++) {
                output[i] += weight * value[i];
            }
        }
    }
    for (int offset = lanes; offset < 32; offset <<= 1) {
#pragma unroll
        for (int i = 0; i < 8; i++) {
            output[i] += shuffle_xor(output[i], offset);
        }
    }
    if (lane < lanes) {
        *(float4_t*)&shared.outputs[warp][part * 8] = float4_t{output[0], output[1], output[2], output[3]};
        *(float4_t*)&shared.outputs[warp][part * 8 + 4] = float4_t{output[4], output[5], output[6], output[7]};
    }
    float sum = 0;
    for (int j = lane; j < count; j += 32) {
        sum += exp_fast(shared.scores[j] - top);
    }
    sum = warp_sum(sum);
    block_barrier();

    // Four lanes a dimension.
    for (int i = t; i < 4 * size; i += PersistentThreads) {
        int d = i >> 2;
        float value = 0;
#pragma unroll
        for (int w = 0; w < PersistentWarps / 4; w++) {
            value += shared.outputs[(t & 3) + 4 * w][d];
        }
        value += shuffle_xor(value, 1);
        value += shuffle_xor(value, 2);
        value /= sum;
        float other = shuffle_xor(value, 4);
        if ((t & 7) == 0 && !stalled) {
            store_relaxed(attended + ((u64)range * width + head * size + d) / 2, word(epoch, float2_to_half2(value, other)));
        }
        if (i == 0) {
            store_relaxed(spread + range * a.heads + head, word(epoch, float_bits(top * 1.4426950408889634f + log2_fast(sum))));
        }
    }
}
