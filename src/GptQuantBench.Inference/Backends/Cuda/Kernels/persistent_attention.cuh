// Attention of the newest token inside the persistent kernel. An item is one head times one range of positions; the same block always has
// the same items, so that it alone writes and reads their part of the cache.
//
// A range has 8192 / headSize positions, an eighth for each warp. The warp's products with keys and with values are the matrix unit's:
//
//   scores    A: the query, in all rows; B: keys, 8 positions a tile, position g of which lane 4g + q has dimensions q · size / 4 …
//   outputs   A: weights, in all rows, as the scores come out: lane 4g + q has positions 2q and 2q + 1 of each tile; B: values of those
//             positions, of which the lane has dimensions g · size / 8 …
//
// Keys and values are requested before the new token's query is there. Every warp has a softmax of its own; they are joined at the end. Where
// there are several ranges, each hands over its part, and the block that has a head's first range joins them (join_ranges).
#pragma once
#include "persistent_inputs.cuh"

struct AttentionPart {
    float2_t softmax[PersistentWarps]; // maximum, sum
    float outputs[PersistentWarps][MaxHeadSize];
};

struct alignas(16) AttentionShared {
    u32 arriving[PersistentWarps][3][MaxHeadSize / 2]; // query, and the new key and value, as halves
    AttentionPart parts[2];                            // items in turn
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

    // To the warp's place in shared memory, and to the cache's row if there is one.
    DEVICE void put(u32* to, half_t* row) const {
#pragma unroll
        for (int i = 0; i < Each; i++) {
            to[place(i)] = (u32)words[i];
            if (row) {
                ((u32*)row)[place(i)] = (u32)words[i];
            }
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

// words: queries, keys, values [3][width / 2] of two halves. attended: the head's results go there, [width / 2] of two halves; or, where spread
// is not null, the range's part, and to spread, [heads], log2 of what it weighs.
template <int Size> DEVICE void attend_item(
    const PersistentArguments& a, const PersistentLayer& layer, int head, int range, int position, const u64* words, u64* attended, u64* spread,
    u32 epoch, Patience& patience, u32 where, AttentionShared& shared, int turn, bool stalled) {
    const int Tiles = 128 / Size, PerWarp = 8 * Tiles, RangeSize = PersistentWarps * PerWarp, KeyWords = Size / 8, ValueWords = Size / 16;
    int t = thread_index(), lane = lane_index(), warp = warp_index(), g = lane >> 2, q = lane & 3, width = a.table.columns;
    AttentionPart& part = shared.parts[turn];
    int begin = range * RangeSize;
    int count = minimum(position + 1 - begin, RangeSize); // at least 1
    int working = (count + PerWarp - 1) / PerWarp;        // warps that have positions
    if (warp < working) {
        int left = count - warp * PerWarp, added = position - begin - warp * PerWarp; // positions of the warp; the new one's place among them
        u64 offset = ((u64)head * a.capacity + begin + warp * PerWarp) * Size;
        const half_t *keyCache = layer.keys + offset + q * (Size / 4), *valueCache = layer.values + offset + g * (Size / 8);
        const u64* from = words + head * (Size / 2);
        u32 keys[Tiles][KeyWords], values[Tiles][2][ValueWords];
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            int place = minimum(8 * j + g, left - 1);
            load_cache<KeyWords>(keyCache + place * Size, keys[j]);
        }
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            // Values of positions that are not there weigh nothing, but must be numbers.
#pragma unroll
            for (int e = 0; e < 2; e++) {
                int place = 8 * j + 2 * q + e;
#pragma unroll
                for (int i = 0; i < ValueWords; i++) {
                    values[j][e][i] = 0;
                }
                if (place < left && place != added) {
                    load_cache<ValueWords>(valueCache + place * Size, values[j][e]);
                }
            }
        }

        u32(&mine)[3][MaxHeadSize / 2] = shared.arriving[warp];
        HeadWords<Size> query;
        if (added < PerWarp) {
            HeadWords<Size> key, value;
            patience.wait([&] {
                query.load(from), key.load(from + (width >> 1)), value.load(from + width);
                return query.missing(epoch) | key.missing(epoch) | value.missing(epoch);
            }, where);
            query.put(mine[0], nullptr);
            key.put(mine[1], layer.keys + offset + added * Size);
            value.put(mine[2], layer.values + offset + added * Size);
            warp_barrier();
#pragma unroll
            for (int j = 0; j < Tiles; j++) {
                if (added == 8 * j + g) {
                    copy_words<KeyWords>(mine[1] + q * KeyWords, keys[j]);
                }
#pragma unroll
                for (int e = 0; e < 2; e++) {
                    if (added == 8 * j + 2 * q + e) {
                        copy_words<ValueWords>(mine[2] + g * ValueWords, values[j][e]);
                    }
                }
            }
        } else {
            patience.wait([&] { return query.load(from), query.missing(epoch); }, where);
            query.put(mine[0], nullptr);
        }
        warp_barrier();
        u32 queries[KeyWords];
        copy_words<KeyWords>(mine[0] + q * KeyWords, queries);

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
                scores[j][e] = 8 * j + 2 * q + e < left ? (scores[j][e] + halves[j][e]) * 1.4426950408889634f : minus_infinity();
                top = maximum(top, scores[j][e]);
            }
        }
        top = maximum(top, shuffle_xor(top, 1));
        top = maximum(top, shuffle_xor(top, 2));
        float sum = 0, outputs[Size / 8][4];
        u32 weights[Tiles + (Tiles & 1)];
        weights[Tiles - 1 + (Tiles & 1)] = 0;
#pragma unroll
        for (int j = 0; j < Tiles; j++) {
            float first = exp2_fast(scores[j][0] - top), second = exp2_fast(scores[j][1] - top);
            sum += first + second;
            weights[j] = pack_halves(first, second);
        }
        sum += shuffle_xor(sum, 1);
        sum += shuffle_xor(sum, 2);
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
            part.softmax[warp] = float2_t{top, sum};
        }
    }
    compute_barrier();

    // Two dimensions a thread.
    const int Half = Size / 2;
    if (t < Half) {
        float best = minus_infinity(), total = 0, x = 0, y = 0;
        float2_t parts[PersistentWarps];
#pragma unroll
        for (int w = 0; w < PersistentWarps; w++) {
            parts[w] = float2_t{minus_infinity(), 0};
            if (w < working) {
                parts[w] = part.softmax[w];
            }
            best = maximum(best, parts[w].x);
        }
#pragma unroll
        for (int w = 0; w < PersistentWarps; w++) {
            if (w < working) {
                float weight = exp2_fast(parts[w].x - best);
                float2_t two = *(const float2_t*)&part.outputs[w][2 * t];
                total += weight * parts[w].y;
                x += weight * two.x;
                y += weight * two.y;
            }
        }
        float inverse = reciprocal(total);
        if (!stalled) {
            store_relaxed(attended + head * Half + t, word(epoch, pack_halves(x * inverse, y * inverse)));
        }
        if (t == 0 && spread) {
            store_relaxed(spread + head, word(epoch, float_bits(best + log2_fast(total))));
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
