// What is chosen once it is known in which bucket the nucleus ends: its last member and its sum, the draw, and the id at which the running
// sum of the members' weights passes the draw.
#pragma once
#include "sample.cuh"

// Of two members, the one of the greater order comes first: by key, then by id.
DEVICE u64 order_of(u32 key, u32 id) { return ((u64)key << 32) | (u32)~id; }

// What is known of a nucleus before its last member is sought.
struct Nucleus {
    i32 bucket;          // in which it ends
    float most;          // the largest logit
    float scale;         // log2(e) / temperature
    u64 target;          // what the nucleus must reach
    u64 above;           // sum of the buckets before the last one
};

struct Cut {
    u64 last; // order of the last member
    u64 sum;  // of the nucleus
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

// By the whole block, of candidates in any order: list.count(), and of candidate i list.contains(i), whether it is of the bucket, and its id, key
// and weight. Shared: sums [256], and scan [Threads / 32].
template <class List> DEVICE Cut find_cut(const Nucleus& n, const List& list, u64* sums, u64* scan) {
    // The last member's key: the range of keys is cut into 256 parts again and again.
    u64 need = n.target - n.above;
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
    u32 each = weight_of(ordered_float(key), n.most, n.scale);
    u64 ties = (need + each - 1) / each; // equal logits have equal weights

    // The id of the last of them; mostly all are members.
    u64 equal = 0;
    for (int i = thread_index(); i < list.count(); i += Threads) {
        equal += list.key(i) == key && list.contains(i) ? 1 : 0;
    }
    u64 all;
    block_scan(equal, scan, all);
    bool some = all != ties;
    u32 tie = some ? 0 : 0x7fffffffu;
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
    return {order_of(key, tie), n.target - need + ties * each};
}

// Which of the running sums is drawn: ⌊SplitMix64's output number `step` for the seed · sum / 2⁶⁴⌋, and one more, as the running sum must reach it.
DEVICE u64 draw(u64 seed, i32 step, u64 sum) {
    u64 z = seed + 0x9E3779B97F4A7C15ull * ((u64)step + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return multiply_high(z ^ (z >> 31), sum) + 1;
}

// The first of the ids begin … end − 1 at which the running sum of the members' weights reaches `remaining`, which they do. logits.load(id, end,
// out): those of id and the next one, as far as they are before the end. Shared: scan [Threads / 32], and chosen.
template <class Logits> DEVICE i32 find_id(
    const Nucleus& n, const Logits& logits, u64 last, int begin, int end, u64 remaining, u64* scan, i32* chosen) {
    for (int first = begin; first < end; first += 2 * Threads) {
        int id = first + 2 * thread_index();
        float both[2];
        logits.load(id, end, both);
        u64 weights[2], all;
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int bucket = bucket_of(both[i], n.most, n.scale);
            bool isMember = bucket < n.bucket || (bucket == n.bucket && order_of(key_of(both[i]), (u32)(id + i)) >= last);
            weights[i] = isMember && id + i < end ? weight_of(both[i], n.most, n.scale) : 0;
        }
        u64 until = block_scan(weights[0] + weights[1], scan, all), before = until - weights[1] - weights[0];
        if (before < remaining && remaining <= until) {
            *chosen = remaining <= before + weights[0] ? id : id + 1;
        }
        if (remaining <= all) {
            break;
        }
        remaining -= all;
    }
    sampler_barrier();
    return *chosen;
}
