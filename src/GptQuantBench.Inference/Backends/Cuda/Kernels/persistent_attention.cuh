// Attention of the newest token inside the persistent kernel. An item is one head times one range of positions; the same block always has
// the same items, so that it alone writes and reads their part of the cache.
//
//   a position is read by Lanes = headSize / 8 neighbouring lanes, 16 bytes each; a range has 8192 / headSize positions, some rounds of
//   the block's warps. Keys and values are requested before the new token's query is there, which every lane waits for itself. Every warp
//   has a softmax of its own; they are joined at the end.
#pragma once
#include "persistent_inputs.cuh"

static const int Rounds = (32 + PersistentWarps - 1) / PersistentWarps;

struct alignas(16) AttentionShared {
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

// Eight words of FP32: 8 columns of a lane.
struct EightWords {
    WordPair pairs[4];

    DEVICE void load(const u64* words) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
            pairs[i].load(words + 2 * i);
        }
    }

    DEVICE bool is(u32 epoch) const { return pairs[0].is(epoch) && pairs[1].is(epoch) && pairs[2].is(epoch) && pairs[3].is(epoch); }
    DEVICE static u32 halves(const WordPair& p) { return float2_to_half2(p.first(), p.second()); }
    DEVICE vec4 halves() const { return vec4{halves(pairs[0]), halves(pairs[1]), halves(pairs[2]), halves(pairs[3])}; }
};

// words: queries, keys, values, FP32 [3 · width]; attended, spread: as gather_attended reads them.
template <int Lanes> DEVICE void attend_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, bool stalled) {
    const int Size = 8 * Lanes, PerWarp = 32 / Lanes, PerRound = PersistentWarps * PerWarp, RangeSize = 32 * PerWarp;
    int t = thread_index(), lane = t & 31, warp = t >> 5, part = lane & (Lanes - 1), width = a.table.columns;
    int begin = range * RangeSize;
    int count = minimum(position + 1 - begin, RangeSize); // at least 1
    u64 offset = ((u64)head * a.capacity + begin) * Size + part * 8;
    int own = warp * PerWarp + lane / Lanes;

    vec4 keys[Rounds], values[Rounds], zero = {0, 0, 0, 0};
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * PerRound + own;
        keys[u] = values[u] = zero;
        if (j < count && j != position - begin) {
            keys[u] = load_cache(layer.keys + offset + (u64)(j * Size));
            values[u] = load_cache(layer.values + offset + (u64)(j * Size));
        }
    }

    const u64* from = words + head * Size + part * 8;
    int added = position - begin; // place of the new position
    EightWords asked;
    vec4 newKey = zero, newValue = zero;
    if (added < RangeSize && added / PerWarp % PersistentWarps == warp) {
        EightWords key, value;
        patience.wait([&] { return key.load(from + width), value.load(from + 2 * width), key.is(epoch) && value.is(epoch); }, where);
        newKey = key.halves();
        newValue = value.halves();
        if (lane / Lanes == added % PerWarp) {
            *(vec4*)(layer.keys + offset + (u64)(added * Size)) = newKey;
            *(vec4*)(layer.values + offset + (u64)(added * Size)) = newValue;
        }
    }
    patience.wait([&] { return asked.load(from), asked.is(epoch); }, where);

    float query[8], score[Rounds], top = minus_infinity();
#pragma unroll
    for (int i = 0; i < 4; i++) {
        query[2 * i] = asked.pairs[i].first();
        query[2 * i + 1] = asked.pairs[i].second();
    }
#pragma unroll
    for (int u = 0; u < Rounds; u++) {
        int j = u * PerRound + own;
        if (j == added) {
            keys[u] = newKey;
            values[u] = newValue;
        }
        score[u] = 0;
        if (u * PerRound >= count) {
            continue;
        }
        float k[8];
        unpack_halves(keys[u], k);
        float s = 0, r = 0;
#pragma unroll
        for (int i = 0; i < 8; i += 2) {
            s += query[i] * k[i];
            r += query[i + 1] * k[i + 1];
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
        float weight = exp2_fast(score[u] - reference), v[8];
        unpack_halves(values[u], v);
        sum += weight;
#pragma unroll
        for (int i = 0; i < 8; i++) {
            output[i] += weight * v[i];
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
    compute_barrier();

    // Two dimensions a thread.
    const int Half = Size / 2;
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
