// Attention of the newest token inside the persistent kernel. An item is one head times one range of positions; the same block always has
// the same items, so that it alone writes and reads their part of the cache.
//
// A range has 8192 / headSize positions, an eighth for each warp; the newest position, whose key and value arrive with the query, is the last
// warp's, by itself. The products with the other positions' keys and values, from the cache, are the matrix unit's:
//
//   scores    A: the query, in all rows; B: keys, 8 positions a tile, position g of which lane 4g + q has dimensions q · size / 4 …
//   outputs   A: weights, in all rows, as the scores come out: lane 4g + q has positions 2q and 2q + 1 of each tile; B: values of those
//             positions, of which the lane has dimensions g · size / 8 …
//
// Keys and values are requested before the new token's query is there. Every part has a softmax of its own; they are joined at the end. Where
// there are several ranges, each hands over its part, and the block that has a head's first range joins them (join_ranges).
#pragma once
#include "persistent_inputs.cuh"

static const u32 HalfOnes = 0x3c003c00; // two halves

struct AttentionPart {
    static const int Most = PersistentWarps + 1; // of the warps, and behind them the newest position's
    float2_t softmax[Most];                      // maximum of the scores, in powers of two, and sum
    alignas(16) float outputs[Most][MaxHeadSize];
};

struct alignas(16) AttentionShared {
    u32 queries[PersistentWarps][MaxHeadSize / 2]; // as halves
    AttentionPart parts[2];                        // items in turn
};

DEVICE float log2_fast(float a) {
    float r;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
    return r;
}

// A head's words {epoch, two halves}: a lane's are lane, lane + 32, …
template <int Size> struct HeadWords {
    static const int Each = Size < 64 ? 1 : Size / 64;
    u64 words[Each];

    DEVICE static int place(int i) { return (lane_index() & (Size / 2 - 1)) + 32 * i; }

    DEVICE void load(const u64* from) {
#pragma unroll
        for (int i = 0; i < Each; i++) {
            words[i] = load_relaxed(from + place(i));
        }
    }

    DEVICE u32 missing(u32 epoch) const {
        u32 missing = 0;
#pragma unroll
        for (int i = 0; i < Each; i++) {
            missing |= (u32)(words[i] >> 32) ^ epoch;
        }
        return missing;
    }

    DEVICE void put(u32* to) const {
#pragma unroll
        for (int i = 0; i < Each; i++) {
            to[place(i)] = (u32)words[i];
        }
    }
};

// N words of shared memory, 2 or a multiple of 4.
template <int N> DEVICE void copy_words(const u32* from, u32* out) {
    if (N == 2) {
        u64 both = *(const u64*)from;
        out[0] = (u32)both;
        out[1] = (u32)(both >> 32);
    }
#pragma unroll
    for (int i = 0; i + 3 < N; i += 4) {
        vec4 v = *(const vec4*)(from + i);
        out[i] = v.x;
        out[i + 1] = v.y;
        out[i + 2] = v.z;
        out[i + 3] = v.w;
    }
}

// N words of the cache, 2 or a multiple of 4.
template <int N> DEVICE void load_cache(const half_t* address, u32* out) {
    if (N == 2) {
        asm volatile("ld.global.v2.u32 {%0, %1}, [%2];" : "=r"(out[0]), "=r"(out[1]) : "l"(address) : "memory");
    }
#pragma unroll
    for (int i = 0; i + 3 < N; i += 4) {
        asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(out[i]), "=r"(out[i + 1]), "=r"(out[i + 2]), "=r"(out[i + 3])
                     : "l"(address + 2 * i)
                     : "memory");
    }
}

// The newest position's part: its score and its value. It goes into the cache, too, at `offset`. One warp's.
template <int Size> DEVICE void attend_newest(
    const PersistentLayer& layer, u64 offset, const u64* words, int width, u32 epoch, Patience& patience, u32 where, float2_t& softmax, float* outputs) {
    HeadWords<Size> query, key, value;
    patience.wait([&] {
        query.load(words), key.load(words + (width >> 1)), value.load(words + width);
        return query.missing(epoch) | key.missing(epoch) | value.missing(epoch);
    }, where);
    key.put((u32*)(layer.keys + offset));
    value.put((u32*)(layer.values + offset));
    float score = 0;
#pragma unroll
    for (int i = 0; i < HeadWords<Size>::Each; i++) {
        u32 x = (u32)query.words[i], y = (u32)key.words[i], z = (u32)value.words[i];
        score += half2_low(x) * half2_low(y) + half2_high(x) * half2_high(y);
        *(float2_t*)(outputs + 2 * HeadWords<Size>::place(i)) = float2_t{half2_low(z), half2_high(z)};
    }
#pragma unroll
    for (int offset = minimum(Size / 2, 32) / 2; offset > 0; offset >>= 1) {
        score += shuffle_xor(score, offset);
    }
    if (lane_index() == 0) {
        softmax = float2_t{score * Log2E, 1};
    }
}

// Two dimensions of a head from N parts, of which those beyond `count` weigh nothing.
struct JoinedParts {
    float best, total, x, y;

    template <int N> DEVICE void join(const AttentionPart& part, int count, int pair) {
        float2_t softmax[N], two[N];
#pragma unroll
        for (int w = 0; w < N; w++) {
            int of = minimum(w, count - 1);
            softmax[w] = part.softmax[of];
            two[w] = *(const float2_t*)&part.outputs[of][2 * pair];
        }
        best = softmax[0].x;
#pragma unroll
        for (int w = 1; w < N; w++) {
            best = maximum(best, softmax[w].x);
        }
        total = x = y = 0;
#pragma unroll
        for (int w = 0; w < N; w++) {
            float weight = w < count ? exp2_fast(softmax[w].x - best) : 0.0f;
            total += weight * softmax[w].y;
            x += weight * two[w].x;
            y += weight * two[w].y;
        }
    }
};

// words: queries, keys, values [3][width / 2] of two halves. attended: the head's results go there, [width / 2] of two halves; or, where spread
// is not null, the range's part, and to spread, [heads], log2 of what it weighs.
template <int Size> DEVICE void attend_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, int turn, bool stalled) {
    const int Tiles = 128 / Size, PerWarp = 8 * Tiles, RangeSize = PersistentWarps * PerWarp, KeyWords = Size / 8, ValueWords = Size / 16;
    int t = thread_index(), lane = lane_index(), warp = warp_index(), g = lane >> 2, q = lane & 3, width = a.table.columns;
    AttentionPart& part = shared.parts[turn];
    int begin = range * RangeSize, cached = minimum(position - begin, RangeSize); // positions of the range that are in the cache
    int working = (cached + PerWarp - 1) / PerWarp;                               // warps that have some
    bool works = warp < working, hasNewest = position - begin < RangeSize;
    int left = cached - warp * PerWarp; // positions of the warp
    u64 first = ((u64)head * a.capacity + begin) * Size;
    const u64* from = words + head * (Size / 2);
    if (hasNewest && warp == PersistentWarps - 1) { // the last to have others, which it then asks for late
        attend_newest<Size>(
            layer, first + (u32)((position - begin) * Size), from, width, epoch, patience, where, part.softmax[working], part.outputs[working]);
    }
    if (works) {
        u32 keys[Tiles][KeyWords], values[Tiles][2][ValueWords];
        u64 offset = first + (u32)(warp * PerWarp * Size);
        const half_t *keyCache = layer.keys + offset + q * (Size / 4), *valueCache = layer.values + offset + g * (Size / 8);
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            load_cache<KeyWords>(keyCache + minimum(8 * j + g, left - 1) * Size, keys[j]);
        }
        // Values of positions that are not there weigh nothing, but must be numbers.
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                load_cache<ValueWords>(valueCache + minimum(8 * j + 2 * q + e, left - 1) * Size, values[j][e]);
            }
        }
        HeadWords<Size> query;
        patience.wait([&] { return query.load(from), query.missing(epoch); }, where);
        query.put(shared.queries[warp]);
        warp_barrier();
        u32 queries[KeyWords];
        copy_words<KeyWords>(shared.queries[warp] + q * KeyWords, queries);

        // In two halves, so that fewer products wait for each other.
        float scores[Tiles][4], halves[Tiles][4], top = minus_infinity();
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            scores[j][0] = scores[j][1] = scores[j][2] = scores[j][3] = 0;
            halves[j][0] = halves[j][1] = halves[j][2] = halves[j][3] = 0;
        }
#pragma unroll
        for (int i = 0; i < KeyWords; i += 4) {
#pragma unroll
            for (int j = 0; j < Tiles; j++) {
                multiply_accumulate(scores[j], queries[i], queries[i], queries[i + 1], queries[i + 1], keys[j][i], keys[j][i + 1]);
                multiply_accumulate(halves[j], queries[i + 2], queries[i + 2], queries[i + 3], queries[i + 3], keys[j][i + 2], keys[j][i + 3]);
            }
        }
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
#pragma unroll
            for (int e = 0; e < 2; e++) {
                scores[j][e] = 8 * j + 2 * q + e < left ? (scores[j][e] + halves[j][e]) * Log2E : minus_infinity();
                top = maximum(top, scores[j][e]);
            }
        }
        top = maximum(top, shuffle_xor(top, 1));
        top = maximum(top, shuffle_xor(top, 2));
        float outputs[Size / 8][4], sums[4] = {0, 0, 0, 0};
        u32 weights[Tiles + (Tiles & 1)];
        weights[Tiles - 1 + (Tiles & 1)] = 0;
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            weights[j] = pack_halves(exp2_fast(scores[j][0] - top), exp2_fast(scores[j][1] - top));
        }
#pragma unroll
        for (int i = 0; i < Size / 8; i++) {
            u32 order = (i & 1) ? 0x7632 : 0x5410;
            outputs[i][0] = outputs[i][1] = outputs[i][2] = outputs[i][3] = 0;
#pragma unroll
            for (int j = 0; j < Tiles; j += 2) {
                u32 b0 = permute_bytes(values[j][0][i / 2], values[j][1][i / 2], order), b1 = 0;
                if (j + 1 < Tiles) {
                    const int Next = Tiles > 1 ? 1 : 0;
                    b1 = permute_bytes(values[j + Next][0][i / 2], values[j + Next][1][i / 2], order);
                }
                multiply_accumulate(outputs[i], weights[j], weights[j], weights[j + 1], weights[j + 1], b0, b1);
            }
        }
        // The weights' sum: as values that are all 1.
#pragma unroll
        for (int j = 0; j < Tiles; j += 2) {
            multiply_accumulate(sums, weights[j], weights[j], weights[j + 1], weights[j + 1], HalfOnes, HalfOnes);
        }
        // Dimensions (2q + e) · size / 8 + i.
        if (g == 0) {
            float* to = part.outputs[warp] + q * (Size / 4);
#pragma unroll
            for (int e = 0; e < 2; e++) {
#pragma unroll
                for (int i = 0; i < Size / 8; i += 4) {
                    *(float4_t*)(to + e * (Size / 8) + i) = float4_t{outputs[i][e], outputs[i + 1][e], outputs[i + 2][e], outputs[i + 3][e]};
                }
            }
        }
        if (lane == 0) {
            part.softmax[warp] = float2_t{top, sums[0]};
        }
    }
    compute_barrier();

    // Two dimensions a thread.
    const int Half = Size / 2;
    if (t < Half) {
        int parts = working + (hasNewest ? 1 : 0);
        JoinedParts joined;
        if (parts <= 4) { // most often
            joined.join<4>(part, parts, t);
        } else {
            joined.join<AttentionPart::Most>(part, parts, t);
        }
        float inverse = reciprocal(joined.total);
        if (!stalled) {
            store_relaxed(attended + head * Half + t, word(epoch, pack_halves(joined.x * inverse, joined.y * inverse)));
        }
        if (t == 0 && spread) {
            store_relaxed(spread + head, word(epoch, float_bits(joined.best + log2_fast(joined.total))));
        }
    }
}

// A head's results from the parts of its ranges, more than one; range r weighs 2^{spread[r] − max}. Of a thread for every two dimensions, in
// whole warps. parts: [ranges][width / 2] of two halves; spread: [ranges][heads].
DEVICE void join_ranges(
    const u64* parts, const u64* spread, u64* attended, int width, int heads, int pair, int head, int ranges, u32 epoch, Patience& patience, u32 where,
    bool stalled) {
    const int Together = 8;
    float top = minus_infinity(), total = 0, x = 0, y = 0;
#pragma unroll 1
    for (int start = 0; start < ranges; start += Together) {
        u64 part[Together], weight[Together];
        patience.wait([&] {
            u32 missing = 0;
#pragma unroll
            for (int i = 0; i < Together; i++) {
                int range = minimum(start + i, ranges - 1);
                part[i] = load_relaxed(parts + range * (width >> 1) + pair);
                weight[i] = load_relaxed(spread + range * heads + head);
            }
#pragma unroll
            for (int i = 0; i < Together; i++) {
                missing |= ((u32)(part[i] >> 32) ^ epoch) | ((u32)(weight[i] >> 32) ^ epoch);
            }
            return missing;
        }, where);
        float logs[Together], next = top;
#pragma unroll
        for (int i = 0; i < Together; i++) {
            logs[i] = start + i < ranges ? bits_float((u32)weight[i]) : minus_infinity();
            next = maximum(next, logs[i]);
        }
        float keep = exp2_fast(top - next);
        total *= keep;
        x *= keep;
        y *= keep;
#pragma unroll
        for (int i = 0; i < Together; i++) {
            float e = exp2_fast(logs[i] - next);
            total += e;
            x += e * half2_low((u32)part[i]);
            y += e * half2_high((u32)part[i]);
        }
        top = next;
    }
    float inverse = reciprocal(total);
    if (!stalled) {
        store_relaxed(attended + pair, word(epoch, pack_halves(x * inverse, y * inverse)));
    }
}
