// Attention of the newest token inside the persistent kernel. An item is one head times one range of positions; the same block always has
// the same items, so that it alone writes and reads their part of the cache.
//
//   a position is read by Lanes = headSize / 8 neighbouring lanes, 16 bytes each; a range has 8192 / headSize positions, some rounds of
//   the block's warps. Keys and values are requested before the new token's query is there. Every warp has a softmax of its own; they are
//   joined at the end.
#pragma once
#include "persistent_inputs.cuh"

static const int Rounds = (32 + PersistentWarps - 1) / PersistentWarps;

struct alignas(16) AttentionShared {
    float query[MaxHeadSize];
    half_t added[2][MaxHeadSize]; // key and value of the new position
    float2_t softmax[PersistentWarps]; // maximum, sum
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
template <int Lanes> DEVICE void attend_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, bool stalled) {
    const int Size = 8 * Lanes, PerWarp = 32 / Lanes, PerRound = PersistentWarps * PerWarp, RangeSize = 32 * PerWarp;
    int t = thread_index(), lane = t & 31, warp = t >> 5, part = lane & (Lanes - 1), width = a.table.columns;
    int begin = range * RangeSize;
    int count = minimum(position + 1 - begin, RangeSize); // at least 1
    bool adds = position - begin < RangeSize;             // the new position is in this range
    u64 offset = ((u64)head * a.capacity + begin) * Size + part * 8;
    int own = warp * PerWarp + lane / Lanes;

    vec4 keys[Rounds], values[Rounds], zero = {0, 0, 0, 0};
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * PerRound + own;
        keys[u] = values[u] = zero;
        if (j < count && begin + j != position) {
            keys[u] = load_cache(layer.keys + offset + (u64)(j * Size));
            values[u] = load_cache(layer.values + offset + (u64)(j * Size));
        }
    }

    const int Half = Size / 2;
    for (int i = t; i < Half * (adds ? 3 : 1); i += PersistentThreads) {
        int kind = i / Half, pair = i - kind * Half;
        const u64* from = words + kind * width + head * Size + 2 * pair;
        WordPair w;
        w.load(from);
        patience.wait(w, from, epoch, where);
        float x = bits_float((u32)w.a), y = bits_float((u32)w.b);
        if (kind == 0) {
            *(float2_t*)(shared.query + 2 * pair) = float2_t{x, y};
        } else {
            u32 both = float2_to_half2(x, y);
            *(u32*)&shared.added[kind - 1][2 * pair] = both;
            half_t* cache = kind == 1 ? layer.keys : layer.values;
            *(u32*)(cache + ((u64)head * a.capacity + position) * Size + 2 * pair) = both;
        }
    }
    block_barrier();

    float query[8], score[Rounds], top = minus_infinity();
    float4_t low = *(const float4_t*)(shared.query + part * 8), high = *(const float4_t*)(shared.query + part * 8 + 4);
    query[0] = low.x;
    query[1] = low.y;
    query[2] = low.z;
    query[3] = low.w;
    query[4] = high.x;
    query[5] = high.y;
    query[6] = high.z;
    query[7] = high.w;
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * PerRound + own;
        if (begin + j == position) {
            keys[u] = *(const vec4*)&shared.added[0][part * 8];
            values[u] = *(const vec4*)&shared.added[1][part * 8];
        }
        score[u] = 0;
        if (u * PerRound >= count) {
            continue;
        }
        float key[8];
        halves_to_floats(keys[u], key);
        float s = 0, r = 0;
#pragma unroll
        for (int i = 0; i < 8; i += 2) {
            s += query[i] * key[i];
            r += query[i + 1] * key[i + 1];
        }
        score[u] = s + r;
    }
#pragma unroll
    for (int offset = 1; offset < Lanes; offset <<= 1) {
#pragma unroll
        for (int u = 0; u < Rounds; u++) {
            if (u * PerRound < count) {
                score[u] += shuffle_xor(score[u], offset);
            }
        }
    }
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        score[u] = u * PerRound + own < count ? score[u] * 1.4426950408889634f : minus_infinity();
        top = maximum(top, score[u]);
    }
#pragma unroll
    for (int offset = Lanes; offset < 32; offset <<= 1) {
        top = maximum(top, shuffle_xor(top, offset));
    }
    float reference = top > minus_infinity() ? top : 0.0f; // a warp without positions: −∞ − −∞ would be NaN
    float sum = 0, output[8] = {0, 0, 0, 0, 0, 0, 0, 0};
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        if (u * PerRound >= count) {
            continue;
        }
        float weight = exp2_fast(score[u] - reference), value[8];
        halves_to_floats(values[u], value);
        sum += weight;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            output[i] += weight * value[i];
        }
    }
#pragma unroll
    for (int offset = Lanes; offset < 32; offset <<= 1) {
        sum += shuffle_xor(sum, offset);
#pragma unroll
        for (int i = 0; i < 8; i++) {
            output[i] += shuffle_xor(output[i], offset);
        }
    }
    if (lane < Lanes) {
        *(float4_t*)&shared.outputs[warp][part * 8] = float4_t{output[0], output[1], output[2], output[3]};
        *(float4_t*)&shared.outputs[warp][part * 8 + 4] = float4_t{output[4], output[5], output[6], output[7]};
    }
    if (lane == 0) {
        shared.softmax[warp] = float2_t{top, sum};
    }
    block_barrier();

    // Two dimensions a thread.
    if (t < Half) {
        float best = minus_infinity(), total = 0, x = 0, y = 0;
        float2_t parts[PersistentWarps];
#pragma unroll
        for (int w = 0; w < PersistentWarps; w++) {
            parts[w] = shared.softmax[w];
            best = maximum(best, parts[w].x);
        }
#pragma unroll
        for (int w = 0; w < PersistentWarps; w++) {
            float weight = exp2_fast(parts[w].x - best);
            float2_t two = *(const float2_t*)&shared.outputs[w][2 * t];
            total += weight * parts[w].y;
            x += weight * two.x;
            y += weight * two.y;
        }
        float inverse = reciprocal(total);
        if (!stalled) {
            store_relaxed(attended + (range * width + head * Size) / 2 + t, word(epoch, float2_to_half2(x * inverse, y * inverse)));
        }
        if (t == 0) {
            store_relaxed(spread + range * a.heads + head, word(epoch, float_bits(best + log2_fast(total))));
        }
    }
}
