// Temperature and top-p inside the persistent kernel, with the integers of sample.cuh. Every block weighs its own rows' logits; two times
// all blocks wait for each other, and then every block finds the same id by itself.
//
//   weigh   weights into the sums by bucket, which all blocks share ─▶ every block finds the bucket in which the nucleus ends
//   list    its members in buckets before that one, their sum handed over; the bucket's own ids into a list ─▶ every block chooses
#pragma once
#include "persistent_exchange.cuh"
#include "sample.cuh"

static const int CachedMembers = 512;
static const int Copies = 4; // of the buckets' sums: a line of the L2 cache takes one addition after the other

// Zero before the first launch; two slots of everything, used in turn by steps: a step leaves the next one's sums zero. C#: PersistentDecoder.ScratchBytes.
struct PersistentScratch {
    u64 sums[2][Copies][Buckets]; // of weights
    u64 listed[2];        // ids in the list
    u64 arrived[2][Threads];
    u64 members[2][2 * Threads]; // low and high halves
    i32 list[1];                 // [2][vocabulary]
};

struct SampleShared {
    ChoiceShared<CachedMembers> choice;
    u64 members[Threads];
    u64 target, above;
    i32 bucket;
};

// The blocks' rows.
struct RowsOfBlocks {
    const u64* sums; // shared
    i32 pairs, blocks, ids;

    DEVICE int of(int id) const { return (int)(((u64)((id >> 1) + 1) * blocks - 1) / pairs); }
    DEVICE int begin(int part) const { return (int)((u64)pairs * part / blocks) * 2; }
    DEVICE int end(int part) const { return minimum((int)((u64)pairs * (part + 1) / blocks) * 2, ids); }
    DEVICE int count() const { return blocks; }
    DEVICE u64 members(int part) const { return sums[part]; }
};

// Where a bucket's sum is: a thread reads those of neighbouring buckets, two at a time, and a warp whole lines.
static const int BucketsEach = Buckets / Threads;
DEVICE int place_of_bucket(int bucket) { return (bucket % BucketsEach >> 1) * (2 * Threads) + bucket / BucketsEach * 2 + (bucket & 1); }

// own: the logit of row r of the block's at own[PersistentWarps * r]; `best`: the greatest logit's key, finite. The first 256 threads of all
// blocks; every block gets the same id.
DEVICE i32 sample_id(
    const float* logits, const float* own, int vocabulary, const Share& rows, u64 best, const Sampling& options, PersistentScratch* scratch, int slot,
    i32 step, u32 epoch, Patience& patience, SampleShared& shared, u32 stall) {
    int t = thread_index(), block = block_x(), blocks = grid_x();
    float most = ordered_float((u32)(best >> 32)), scale = options.scale;
    u64(*sums)[Buckets] = scratch->sums[slot];
    i32* list = scratch->list + (u64)slot * vocabulary;

    // The other slot was last read a step ago, and is next written after everyone has arrived here.
    for (int i = block * Threads + t; i < Copies * Buckets; i += blocks * Threads) {
        scratch->sums[slot ^ 1][0][i] = 0;
    }
    if (block == 0 && t == 0) {
        scratch->listed[slot ^ 1] = 0;
    }
    for (int i = t; i < rows.rows; i += Threads) {
        float logit = own[i * PersistentWarps];
        u32 weight = weight_of(logit, most, scale);
        if (weight) {
            add_global(&sums[block % Copies][place_of_bucket(bucket_of(logit, most, scale))], weight);
        }
    }
    sampler_barrier();
    if (t == 0) {
        fence(); // for what the whole block wrote: fences and barriers are cumulative
        if (stall != WaitWeights) {
            store_relaxed(&scratch->arrived[slot][block], word(epoch, 0));
        }
    }
    if (t < blocks) {
        const u64* from = &scratch->arrived[slot][t];
        patience.wait_alone([&] { return (u32)(load_relaxed(from) >> 32) ^ epoch; }, WaitWeights);
        load_acquire(from); // after the loop: every one of them empties the first-level cache
    }
    sampler_barrier();

    u64 weights[BucketsEach], mine = 0, total;
#pragma unroll
    for (int i = 0; i < BucketsEach; i += 2) {
        weights[i] = weights[i + 1] = 0;
#pragma unroll
        for (int c = 0; c < Copies; c++) {
            WordPair two;
            two.load(&sums[c][place_of_bucket(t * BucketsEach + i)]);
            weights[i] += two.a;
            weights[i + 1] += two.b;
        }
        mine += weights[i] + weights[i + 1];
    }
    u64 until = block_scan(mine, shared.choice.scan, total);
    u64 product = options.topP * total;
    u64 target = (multiply_high(options.topP, total) << 32) + (product >> 32) + ((u32)product ? 1 : 0);
    u64 above = until - mine;
    if (above < target && target <= until) {
        int bucket = 0;
#pragma unroll
        for (int i = 0; i < BucketsEach; i++) {
            if (bucket == i && above + weights[i] < target) {
                above += weights[i];
                bucket = i + 1;
            }
        }
        shared.bucket = t * BucketsEach + bucket;
        shared.above = above;
        shared.target = target;
    }
    sampler_barrier();

    int last = shared.bucket;
    u64 sum = 0, all;
    for (int i = t; i < rows.rows; i += Threads) {
        float logit = own[i * PersistentWarps];
        u32 weight = weight_of(logit, most, scale);
        int bucket = bucket_of(logit, most, scale);
        if (weight && bucket < last) {
            sum += weight;
        } else if (weight && bucket == last) {
            list[fetch_add((u32*)&scratch->listed[slot], 1)] = rows.first + i;
        }
    }
    block_scan(sum, shared.choice.scan, all);
    sampler_barrier();
    if (t == 0) {
        fence();
        u64* to = scratch->members[slot] + 2 * block;
        if (stall != WaitMembers) {
            store_relaxed(to, word(epoch, (u32)all));
            store_relaxed(to + 1, word(epoch, (u32)(all >> 32)));
        }
    }
    if (t < blocks) {
        WordPair pair;
        const u64* from = scratch->members[slot] + 2 * t;
        patience.wait_alone([&] { return pair.load(from), pair.missing(epoch); }, WaitMembers);
        load_acquire(from); // after the loop: every one of them empties the first-level cache
        shared.members[t] = (pair.b << 32) | (u32)pair.a;
    }
    if (barrier_or(patience.lost)) {
        return 0; // what is missing could send the searches astray
    }
    Nucleus n = {
        logits, list, (i32)load_fresh(&scratch->listed[slot]), last, most, scale, shared.target, shared.above, options.seed, step};
    return choose_member(n, RowsOfBlocks{shared.members, (vocabulary + 1) >> 1, blocks, vocabulary}, shared.choice);
}
