// The sums of the sampler's weights by bucket, over all blocks. Additions in the L2 cache, one after the other in every line of it, take longer
// than to hand over all blocks' sums twice:
//
//   a block's sums ─▶ words for the buckets' owners ─▶ an owner adds up ─▶ words of the totals ─▶ all blocks
//
// A word is {sixteen bits of the sampled steps' count, sum}. All of them are written in every sampled step, so what was there before is one such
// step old, or zero; and a step's are written after everyone has read the last one's, because its layers need everyone.
//
// The thread's index and the like come as arguments, which the caller hides: what the compilers know of them they compute once, before all
// steps, and keep in registers that the steps need.
#pragma once
#include "nucleus.cuh"
#include "persistent_exchange.cuh"

static const int OwnedBuckets = 8; // 128 owners: no block is two where there are as many multiprocessors
static const int Owners = Buckets / OwnedBuckets;

DEVICE u64 stamp_of(u32 steps) { return (u64)(steps + 1) << 48; }
DEVICE u64 sum_of(u64 word) { return word & 0xffffffffffffull; }

// N pairs of words, asked for until they are there.
template <int N> struct StampedPairs {
    WordPair words[N];

    // The first `count` of them; pair i lies at from + i · stride. Whole warps wait.
    DEVICE void wait(const u64* from, int stride, int count, u64 stamp, Patience& patience, u32 where) {
        u32 missing[N], tried = 1;
#pragma unroll
        for (int i = 0; i < N; i++) {
            words[i].a = words[i].b = 0;
            missing[i] = i < count;
        }
#pragma unroll 1
        for (;; tried++) {
            u32 any = 0;
#pragma unroll
            for (int i = 0; i < N; i++) {
                words[i].load_missing(missing[i], from + i * stride);
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                missing[i] = i < count ? (u32)(((words[i].a ^ stamp) | (words[i].b ^ stamp)) >> 48) : 0;
                any |= missing[i];
            }
            if (warp_all(patience.is_done(any, tried))) {
                break;
            }
        }
        patience.end(tried, where);
    }
};

struct Who {
    i32 thread, block, blocks;

    DEVICE static Who hidden() {
        Who who = {thread_index(), block_x(), grid_x()};
        asm volatile("" : "+r"(who.thread), "+r"(who.block), "+r"(who.blocks));
        return who;
    }
};

// Sums of weights in shared memory: in two parts, as additions of 32 bits are faster there. At most 65536 weights.
template <int Count> struct alignas(16) Sums {
    u32 low[Count], high[Count];

    DEVICE void clear(int t) {
        vec4* all = (vec4*)low;
#pragma unroll
        for (int i = 0; i < (Count / 2 + Threads - 1) / Threads; i++) {
            if (Count / 2 % Threads == 0 || t < Count / 2) {
                all[t + i * Threads] = vec4{0, 0, 0, 0};
            }
        }
    }

    DEVICE void add(int i, u32 weight) {
        add_shared(&low[i], weight & 0xffff);
        add_shared(&high[i], weight >> 16);
    }

    DEVICE u64 sum(int i) const { return low[i] + ((u64)high[i] << 16); }
};

// Where a block's sum of a bucket is: [Owners][blocks][OwnedBuckets]
DEVICE u32 place_of_sum(int bucket, int block, int blocks) { return (u32)(bucket / OwnedBuckets * blocks + block) * OwnedBuckets + bucket % OwnedBuckets; }

// What a block has added up, to the buckets' owners.
DEVICE void hand_over(const Sums<Buckets>& own, u64* sums, const Who& who, u64 stamp) {
#pragma unroll
    for (int i = 0; i < Buckets / 2 / Threads; i++) {
        int bucket = 2 * (who.thread + i * Threads);
        WordPair words = {stamp | own.sum(bucket), stamp | own.sum(bucket + 1)};
        words.store(sums + place_of_sum(bucket, who.block, who.blocks));
    }
}

// Where a bucket's total is: a thread reads those of neighbouring buckets, two at a time, and a warp whole lines.
DEVICE int place_of_bucket(int bucket) {
    return (bucket % BucketWeights::Each >> 1) * (2 * Threads) + bucket / BucketWeights::Each * 2 + (bucket & 1);
}

typedef u64 PartialTotals[2][PersistentWarps][OwnedBuckets]; // of an owner; in turn

// Adds up what all blocks have handed over, for the owners that are this block's.
DEVICE void hand_over_totals(
    const u64* sums, u64* totals, const Who& who, u64 stamp, Patience& patience, PartialTotals& partial, bool stalled) {
    const int Pairs = OwnedBuckets / 2, Groups = Threads / Pairs, Together = 3;
    int t = who.thread, lane = t & 31, blocks = who.blocks, turn = 0;
#pragma unroll 1
    for (int owner = who.block; owner < Owners; owner += blocks) {
        u64 first = 0, second = 0;
#pragma unroll 1
        for (int start = 0; start < blocks; start += Groups * Together) {
            int block = start + t / Pairs;
            StampedPairs<Together> pairs;
            pairs.wait(
                sums + place_of_sum(owner * OwnedBuckets + t % Pairs * 2, block, blocks), Groups * OwnedBuckets, (blocks - block + Groups - 1) / Groups, stamp,
                patience, WaitWeights);
#pragma unroll
            for (int i = 0; i < Together; i++) {
                first += sum_of(pairs.words[i].a);
                second += sum_of(pairs.words[i].b);
            }
        }
#pragma unroll
        for (int offset = Pairs; offset < 32; offset <<= 1) {
            first += shuffle_xor(first, offset);
            second += shuffle_xor(second, offset);
        }
        if (lane < Pairs) {
            partial[turn][t >> 5][2 * lane] = first;
            partial[turn][t >> 5][2 * lane + 1] = second;
        }
        sampler_barrier();
        if (t < OwnedBuckets && !stalled) {
            u64 total = 0;
#pragma unroll
            for (int w = 0; w < PersistentWarps; w++) {
                total += partial[turn][w][t];
            }
            store_relaxed(totals + place_of_bucket(owner * OwnedBuckets + t), stamp | total);
        }
        turn ^= 1;
    }
}

DEVICE void load_totals(BucketWeights& weights, const u64* totals, int t, u64 stamp, Patience& patience) {
    StampedPairs<BucketWeights::Each / 2> pairs;
    pairs.wait(totals + 2 * t, 2 * Threads, BucketWeights::Each / 2, stamp, patience, WaitTotals);
#pragma unroll
    for (int i = 0; i < BucketWeights::Each; i += 2) {
        weights.own[i] = sum_of(pairs.words[i / 2].a);
        weights.own[i + 1] = sum_of(pairs.words[i / 2].b);
    }
}
