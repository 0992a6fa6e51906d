// The choice by temperature and top-p, of weights that are added up by bucket (Sampler.cs says which token is chosen): in which bucket the
// nucleus ends, which one is drawn, and of tokens of one bucket the one that is drawn.
#pragma once
#include "sample.cuh"

// Of two members, the one of the greater order comes first: by key, then by id.
DEVICE u64 order_of(u32 key, u32 id) { return ((u64)key << 32) | (u32)~id; }

// The tokens of a bucket, and what makes weights of logits.
struct Bucket {
    i32 bucket;
    float most;  // the largest logit
    float scale; // log2(e) / temperature

    // 0 for tokens of other buckets.
    DEVICE u32 weight(float logit) const { return bucket_of(logit, most, scale) == bucket ? weight_of(logit, most, scale) : 0; }
};

// Where a running sum over the buckets' weights reaches something.
struct FoundBucket {
    i32 bucket;
    u64 above;  // sum of the buckets before it
    u64 weight; // its own

    DEVICE u64 until() const { return above + weight; }
};

// The weights of all buckets, a thread's being neighbours. t: the thread.
struct BucketWeights {
    static const int Each = Buckets / Threads;

    u64 own[Each];
    u64 mine;  // their sum
    u64 until; // that of these and all before

    // Returns the sum of all. Shared: scan [Threads / 32].
    DEVICE u64 add_up(u64* scan) {
        mine = 0;
#pragma unroll
        for (int i = 0; i < Each; i++) {
            mine += own[i];
        }
        u64 all;
        until = block_scan(mine, scan, all);
        return all;
    }

    // The bucket at which the running sum reaches `need`, which it does. Shared: found.
    DEVICE FoundBucket find(int t, u64 need, FoundBucket& found) const {
        u64 above = until - mine;
        if (above < need && need <= until) {
            i32 bucket = 0;
            u64 weight = own[0];
#pragma unroll
            for (int i = 0; i + 1 < Each; i++) {
                if (bucket == i && above + own[i] < need) {
                    above += own[i];
                    weight = own[i + 1];
                    bucket = i + 1;
                }
            }
            found = {t * Each + bucket, above, weight};
        }
        sampler_barrier();
        return found;
    }
};

// A token of a bucket in the order of the nucleus, and the running sum of the bucket's weights with it.
struct Cut {
    u64 order;
    u64 until;

    DEVICE i32 id() const { return (i32)~(u32)order; }
};

// ⌈topP · total / 2³²⌉
DEVICE u64 target_of(u64 topP, u64 total) {
    u64 product = topP * total;
    return (multiply_high(topP, total) << 32) + (product >> 32) + ((u32)product ? 1 : 0);
}

// The greatest values of any thread.
DEVICE void block_max(u32& first, u32& second, u64* scan) {
    first = (u32)warp_max((u64)first);
    second = (u32)warp_max((u64)second);
    sampler_barrier();
    if ((thread_index() & 31) == 0) {
        scan[thread_index() >> 5] = ((u64)first << 32) | second;
    }
    sampler_barrier();
#pragma unroll
    for (int w = 0; w < Threads / 32; w++) {
        u64 both = scan[w];
        first = (u32)(both >> 32) > first ? (u32)(both >> 32) : first;
        second = (u32)both > second ? (u32)both : second;
    }
}

// By the whole block, the token of a bucket at which the running sum reaches `need`, which it does. Of candidates in any order: list.count(), and
// of candidate i list.contains(i), whether it is of the bucket, and its id, key and weight. Shared: sums [256], and scan [Threads / 32].
template <class List> DEVICE Cut find_cut(const Bucket& b, const List& list, u64 reach, u64* sums, u64* scan) {
    // Its key: the range of keys is cut into 256 parts again and again.
    u64 need = reach;
    u32 high = 0, notLow = 0;
    for (int i = thread_index(); i < list.count(); i += Threads) {
        if (list.contains(i)) {
            u32 k = list.key(i);
            high = k > high ? k : high;
            notLow = ~k > notLow ? ~k : notLow;
        }
    }
    block_max(high, notLow, scan);
    u32 low = ~notLow;
    sums[thread_index()] = 0;
    sampler_barrier();
    while (high > low) {
        int shift = 24 - count_leading_zeros(high - low);
        shift = shift > 0 ? shift : 0;
        for (int i = thread_index(); i < list.count(); i += Threads) {
            u32 k = list.key(i);
            if (k <= high && k >= low && list.contains(i)) {
                add_shared(&sums[(high - k) >> shift], (u64)list.weight(i));
            }
        }
        high -= (u32)find_part(sums, need) << shift;
        u32 span = (1u << shift) - 1;
        low = high - low > span ? high - span : low;
    }
    u32 key = high;
    u32 each = weight_of(ordered_float(key), b.most, b.scale);
    u64 ties = (need + each - 1) / each; // equal logits have equal weights

    // The id of the last of them; mostly all are members.
    u64 equal = 0;
    u32 lastTie = 0, unused = 0;
    for (int i = thread_index(); i < list.count(); i += Threads) {
        if (list.key(i) == key && list.contains(i)) {
            u32 id = list.id(i);
            lastTie = id > lastTie ? id : lastTie;
            equal++;
        }
    }
    u64 all;
    block_scan(equal, scan, all);
    block_max(lastTie, unused, scan);
    bool some = all != ties;
    u32 tie = some ? 0 : lastTie;
    u64 rank = ties;
    for (int shift = 24; shift >= 0 && some; shift -= 8) {
        for (int i = thread_index(); i < list.count(); i += Threads) {
            u32 id = list.id(i);
            if (list.key(i) == key && (shift == 24 || (id >> (shift + 8)) == (tie >> (shift + 8))) && list.contains(i)) {
                add_shared(&sums[(id >> shift) & 255], (u64)1);
            }
        }
        tie |= (u32)find_part(sums, rank) << shift;
    }
    return {order_of(key, tie), reach - need + ties * each};
}

// SplitMix64's output number `index` for the seed.
DEVICE u64 random_bits(u64 seed, u64 index) {
    u64 z = seed + 0x9E3779B97F4A7C15ull * (index + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
}

// What a running sum must reach: one more than ⌊random · sum / 2⁶⁴⌋, which it must exceed.
DEVICE u64 draw(u64 random, u64 sum) { return multiply_high(random, sum) + 1; }

// For a step's second draw, where the first one was no member.
static const u64 SecondDraws = 1ull << 31;

// The first of the ids begin … end − 1 at which the running sum of a bucket's weights reaches `need`; where it does not, which only happens once a
// wait is over, any of the vocabulary. logits.load(id, end, out): those of id and the next one, as far as they are before the end. A thread looks at
// Pairs of two at once. Shared: scan [Threads / 32], and chosen.
template <int Pairs, class Logits> DEVICE i32 find_id(const Bucket& b, const Logits& logits, int begin, int end, u64 need, u64* scan, i32& chosen) {
#pragma unroll 1
    for (int first = begin; first < end; first += 2 * Pairs * Threads) {
        int id = first + 2 * Pairs * thread_index();
        u64 weights[2 * Pairs], mine = 0, all;
#pragma unroll
        for (int i = 0; i < 2 * Pairs; i += 2) {
            float both[2];
            logits.load(id + i, end, both);
            weights[i] = id + i < end ? b.weight(both[0]) : 0;
            weights[i + 1] = id + i + 1 < end ? b.weight(both[1]) : 0;
            mine += weights[i] + weights[i + 1];
        }
        u64 until = block_scan(mine, scan, all), before = until - mine;
        if (before < need && need <= until) {
            int at = 0;
#pragma unroll
            for (int i = 0; i + 1 < 2 * Pairs; i++) {
                if (at == i && before + weights[i] < need) {
                    before += weights[i];
                    at = i + 1;
                }
            }
            chosen = id + at;
        }
        if (need <= all) {
            break;
        }
        need -= all;
    }
    sampler_barrier();
    return chosen;
}
