// Temperature and top-p inside the persistent kernel, with the integers of sample.cuh and the choice of nucleus.cuh. Every block weighs its own
// rows' logits; twice all blocks wait for each other, and then every block finds the same id by itself.
//
//   weigh   weights into sums by bucket, and their totals over all blocks (persistent_weights.cuh) ─▶ every block finds the bucket in which the
//           nucleus ends, draws, and finds the bucket that is drawn
//   find    all blocks' sums of that bucket, which are there since its owner read them ─▶ the block in whose rows the draw is, and the id
//   list    instead, where the nucleus ends in that bucket: the blocks' rows of it ─▶ every block finds the last member, and the id; where the draw
//           was no member, one is drawn anew, mostly of another bucket, which is found like any
#pragma once
#include "nucleus.cuh"
#include "persistent_weights.cuh"

static const int MaxListed = 32; // rows of a block; where one has more, or all have more than fit, everyone looks through all logits
static const int MaxListedByAll = 512;

// What a block lists, {epoch, …}: how many rows, and their ids and logits.
struct ListWords {
    u64 count[2];
    u64 rows[2 * MaxListed];
};

// Zero before the first launch. C#: PersistentDecoder.ScratchBytes.
struct PersistentScratch {
    u64 totals[Buckets];
    ListWords lists[Threads]; // of the blocks
    u64 sums[1];              // [Owners][blocks][OwnedBuckets]; behind them logits, {epoch, logit} [vocabulary]
};

DEVICE u64 order_in(const vec4& row) { return ((u64)row.y << 32) | row.x; }

// Rows of the bucket in which the nucleus ends.
struct SampleLists {
    vec4 rows[MaxListedByAll]; // id and logit, then: order (two words), weight, part of the bucket
    u32 near[MaxListedByAll];  // rows of one part
    union {
        Sums<Threads> parts; // of the rows' weights
        u64 sums[Threads];   // for find_cut
    };
    Cut cut;
    u32 listed;   // rows of the block
    u32 gathered; // of all blocks
    u32 isLong;   // whether they are more than there is room for
    u32 nearby;   // rows in near

    // All rows, once.
    DEVICE void weigh(const Bucket& b, int t) {
#pragma unroll 1
        for (int i = t; i < (i32)gathered; i += Threads) {
            vec4& row = rows[i];
            float logit = bits_float(row.y);
            u64 order = order_of(key_of(logit), row.x);
            int part = part_of_bucket(logit, b.most, b.scale);
            u32 weight = weight_of(logit, b.most, b.scale);
            row = vec4{(u32)order, (u32)(order >> 32), weight, (u32)part};
            parts.add(part, weight);
        }
        sampler_barrier();
    }

    // As find_cut: first the part of the bucket in which the token is, whose rows are then compared with each other.
    DEVICE Cut find(u64 reach, int t) {
        u64 need = reach;
        int part = search_parts([&](int of) { return parts.sum(of); }, need);
        nearby = 0;
        sampler_barrier();
#pragma unroll 1
        for (int i = t; i < (i32)gathered; i += Threads) {
            if ((i32)rows[i].w == part) {
                near[fetch_add_shared(&nearby, 1)] = (u32)i;
            }
        }
        sampler_barrier();
        int all = (i32)nearby;
#pragma unroll 1
        for (int i = t; i < all; i += Threads) {
            vec4 own = rows[near[i]];
            u64 until = 0;
#pragma unroll 1
            for (int k = 0; k < all; k++) {
                vec4 other = rows[near[k]];
                until += order_in(other) >= order_in(own) ? other.z : 0;
            }
            if (need <= until && until - own.z < need) {
                cut = {order_in(own), reach - need + until};
            }
        }
        sampler_barrier();
        Cut found = cut;
        sampler_barrier();
        return found;
    }
};

struct SampleShared {
    union {
        Sums<Buckets> weights;
        SampleLists lists;
    };
    PartialTotals partial;
    u64 scan[PersistentWarps];
    FoundBucket last, found;
    u64 missing; // of the draw, in the rows of a block
    i32 part;    // that block
    i32 chosen;
};

// All blocks' logits.
struct WordLogits {
    const u64* words;
    u32 epoch;
    Patience& patience;

    // Of id and the next one; whole warps. Lanes behind the end get any.
    DEVICE void load(int id, int end, float (&out)[2]) const {
        WordPair both;
        id = minimum(id, (end - 1) & ~1);
        bool isLast = id + 1 == end;
        patience.wait([&] {
            both.load(words + id);
            return ((u32)(both.a >> 32) ^ epoch) | (isLast ? 0 : (u32)(both.b >> 32) ^ epoch);
        }, WaitMembers);
        out[0] = bits_float((u32)both.a);
        out[1] = bits_float((u32)both.b);
    }

    DEVICE float load(int id) const {
        u64 word;
        patience.wait_alone([&] { return word = load_relaxed(words + id), (u32)(word >> 32) ^ epoch; }, WaitMembers);
        return bits_float((u32)word);
    }
};

// Candidates where the lists are too long: all ids.
struct AllIds {
    const Bucket& b;
    const WordLogits& logits;
    i32 ids;

    DEVICE int count() const { return ids; }
    DEVICE bool contains(int i) const { return weight(i) != 0; }
    DEVICE u32 id(int i) const { return (u32)i; }
    DEVICE u32 key(int i) const { return key_of(logits.load(i)); }
    DEVICE u32 weight(int i) const { return b.weight(logits.load(i)); }
};

// The sampler of one step, as a thread of the first 256 sees it.
struct PersistentSampler {
    const float* own; // the logit of row r of the block's at own[PersistentWarps * r]
    Share share;
    i32 vocabulary;
    Who who;
    PersistentScratch* scratch;
    u64* logits; // words
    float most, scale;
    u32 epoch;
    Patience& patience;
    SampleShared& shared;
    bool isStalled; // hands over neither logits nor rows

    // The block's rows: their logits to everyone, and their weights to the sums.
    DEVICE void weigh() const {
        const int Known = 2; // rows at once; more of them where multiprocessors are few
#pragma unroll 1
        for (int first = who.thread; first < share.rows; first += Known * Threads) {
            float logit[Known];
            u32 weight[Known];
            i32 bucket[Known];
#pragma unroll
            for (int k = 0; k < Known; k++) {
                int row = first + k * Threads;
                logit[k] = own[PersistentWarps * minimum(row, share.rows - 1)];
                weight[k] = row < share.rows ? weight_of(logit[k], most, scale) : 0;
                bucket[k] = bucket_of(logit[k], most, scale) & (Buckets - 1); // once a wait is over, a logit may be above the best one
            }
#pragma unroll
            for (int k = 0; k < Known; k++) {
                int row = first + k * Threads;
                if (row < share.rows && !isStalled) {
                    store_relaxed(logits + share.first + row, word(epoch, float_bits(logit[k])));
                }
                if (weight[k]) {
                    shared.weights.add(bucket[k], weight[k]);
                }
            }
        }
    }

    DEVICE WordLogits all() const { return {logits, epoch, patience}; }

    // The id in a bucket at which the running sum reaches `need`: ids ascend from block to block.
    DEVICE i32 find(const Bucket& b, u64 stamp, u64 need) const {
        int t = who.thread, blocks = who.blocks;
        u64 sum = 0;
        if ((t & ~31) < blocks) {
            const u64* from = scratch->sums + place_of_sum(b.bucket, minimum(t, blocks - 1), blocks);
            patience.wait([&] { return sum = load_relaxed(from), (u32)((sum ^ stamp) >> 48); }, WaitWeights);
            sum = t < blocks ? sum_of(sum) : 0;
        }
        u64 sums, until = block_scan(sum, shared.scan, sums);
        if (until - sum < need && need <= until) {
            shared.part = t;
            shared.missing = need - (until - sum);
        }
        sampler_barrier();
        i32 begin, end;
        rows_of_block(vocabulary, (u32)shared.part, (u32)blocks, begin, end);
        return find_id<1>(b, all(), begin, end, shared.missing, shared.scan, shared.chosen);
    }

    // The block's rows of a bucket to everyone, and everyone's to the lists; false once a wait is over.
    DEVICE bool list(const Bucket& b) const {
        SampleLists& lists = shared.lists;
        int t = who.thread, blocks = who.blocks;
        sampler_barrier(); // the sums end here
        if (t == 0) {
            lists.listed = lists.gathered = lists.isLong = 0;
        }
        lists.parts.clear(t);
        sampler_barrier();
        ListWords& words = scratch->lists[who.block];
#pragma unroll 1
        for (int row = t; row < share.rows; row += Threads) {
            float logit = own[PersistentWarps * row];
            if (b.weight(logit)) {
                u32 i = fetch_add_shared(&lists.listed, 1);
                if (i < MaxListed) {
                    WordPair listed = {word(epoch, (u32)(share.first + row)), word(epoch, float_bits(logit))};
                    listed.store(words.rows + 2 * i);
                }
            }
        }
        sampler_barrier();
        if (t == 0 && !isStalled) {
            WordPair count = {word(epoch, lists.listed), word(epoch, 0)};
            count.store(words.count);
        }
        if (t < blocks) {
            gather(scratch->lists[t]);
        }
        return !barrier_or(patience.lost);
    }

    DEVICE void gather(const ListWords& from) const {
        SampleLists& lists = shared.lists;
        WordPair words;
        patience.wait_alone([&] { return words.load(from.count), words.missing(epoch); }, WaitMembers);
        i32 count = minimum((i32)words.a, MaxListed + 1);
        i32 at = (i32)fetch_add_shared(&lists.gathered, (u32)count);
        if (count > MaxListed || at + count > MaxListedByAll) {
            lists.isLong = 1;
            return;
        }
#pragma unroll 1
        for (int i = 0; i < count; i++) {
            patience.wait_alone([&] { return words.load(from.rows + 2 * i), words.missing(epoch); }, WaitMembers);
            vec4& row = lists.rows[at + i];
            row.x = (u32)words.a;
            row.y = (u32)words.b;
        }
    }

    // Of the bucket in which the nucleus ends, which is drawn; -1 where another one is, anew. target: what the nucleus must reach; drawn: the
    // running sum that is.
    DEVICE i32 choose_in_last(const Bucket& b, const BucketWeights& weights, u64 target, u64& drawn, u64 seed, u64 step) const {
        if (!list(b)) {
            return 0; // what is missing could send the searches astray
        }
        u64 above = shared.last.above;
        int t = who.thread;
        AllIds ids = {b, all(), vocabulary};
        bool isLong = shared.lists.isLong;
        if (!isLong) {
            shared.lists.weigh(b, t);
        }
        u64 need = target - above;
#pragma unroll 1
        for (int turn = 0;; turn++) {
            Cut cut = isLong ? find_cut(b, ids, need, shared.lists.sums, shared.scan) : shared.lists.find(need, t);
            u64 sum = above + cut.until;
            if (turn == 1) {
                return cut.id();
            }
            if (drawn > sum) {
                drawn = draw(random_bits(seed, step + SecondDraws), sum);
                if (weights.find(t, drawn, shared.found).bucket != b.bucket) {
                    return -1;
                }
            }
            need = drawn - above;
        }
    }
};

// own: the logit of row r of the block's at own[PersistentWarps * r]; best: the greatest logit's key, finite; steps: sampled ones before; step: of
// the draw. shared.weights are zero. The first 256 threads of all blocks; every block gets the same id.
DEVICE i32 sample_id(
    const float* own, int vocabulary, const Share& share, u64 best, const Sampling& options, PersistentScratch* scratch, u32 steps, i32 step, u32 epoch,
    Patience& patience, SampleShared& shared, u32 stall) {
    Who who = Who::hidden();
    int t = who.thread;
    asm volatile("" : "+l"(scratch), "+l"(own));
    u64 stamp = stamp_of(steps), random = random_bits(options.seed, (u64)step);
    PersistentSampler sampler = {
        own, share, vocabulary, who, scratch, scratch->sums + Buckets * (u32)who.blocks, ordered_float((u32)(best >> 32)), options.scale, epoch, patience,
        shared, stall == WaitMembers};
    sampler.weigh();
    if (t == 0) {
        shared.part = shared.chosen = 0; // for searches that find nothing, once a wait is over
        shared.last = shared.found = {0, 0, 0};
    }
    sampler_barrier();
    if (stall != WaitWeights) {
        hand_over(shared.weights, scratch->sums, who, stamp);
    }
    hand_over_totals(scratch->sums, scratch->totals, who, stamp, patience, shared.partial, stall == WaitTotals);

    BucketWeights weights;
    load_totals(weights, scratch->totals, t, stamp, patience);
    u64 target = target_of(options.topP, weights.add_up(shared.scan));
    FoundBucket last = weights.find(t, target, shared.last);
    u64 drawn = draw(random, last.until());
    FoundBucket found = weights.find(t, drawn, shared.found);
    Bucket bucket = {found.bucket, sampler.most, sampler.scale};
    if (found.bucket == last.bucket) {
        i32 id = sampler.choose_in_last(bucket, weights, target, drawn, options.seed, (u64)step);
        if (id >= 0) {
            return id;
        }
        found = shared.found;
        bucket.bucket = found.bucket;
    }
    return sampler.find(bucket, stamp, drawn - found.above);
}
