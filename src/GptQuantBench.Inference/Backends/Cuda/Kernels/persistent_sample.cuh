// Temperature and top-p inside the persistent kernel, with the integers of sample.cuh. Every block weighs its own rows' logits; three times
// all blocks wait for each other, and then every block finds the same id by itself.
//
//   weigh   weights into sums by bucket, and their totals over all blocks (persistent_weights.cuh) ─▶ every block finds the bucket in which the
//           nucleus ends
//   list    the sum of the block's members in buckets before that one, and its rows of that bucket, handed over ─▶ every block chooses
#pragma once
#include "nucleus.cuh"
#include "persistent_weights.cuh"

static const int MaxListed = 32; // rows of a block; where one has more, or all have more than fit, everyone looks through all logits
static const int MaxListedByAll = 512;

// What a block lists: its members' sum and its first rows, {stamp, …} (persistent_weights.cuh), which are written in every step; of further
// rows how many there are, and their ids and logits, {epoch, …}.
struct ListWords {
    static const int First = 5;
    static const u64 HasFurther = 1ull << 47; // beside the sum
    static const u32 None = 0xffff;           // for a row

    u64 sum, first[First]; // {stamp, row of the block, logit}
    u64 further[2 * (1 + MaxListed - First)];
};

// Zero before the first launch. C#: PersistentDecoder.ScratchBytes.
struct PersistentScratch {
    u64 totals[Buckets];
    ListWords lists[Threads]; // of the blocks
    u64 sums[1];              // [Owners][blocks][OwnedBuckets]; behind them logits, {epoch, logit} [vocabulary]
};

struct SampleLists {
    vec4 rows[MaxListedByAll]; // id and logit, then: order (two words), weight, part of the bucket
    u32 near[MaxListedByAll];  // rows of one part
    u64 members[Threads];      // of the blocks: sums of their members
    union {
        Sums<Threads> parts; // of the rows' weights
        u64 sums[Threads];   // for find_cut
    };
};

DEVICE u64 order_in(const vec4& row) { return ((u64)row.y << 32) | row.x; }

struct SampleShared {
    union {
        Sums<Buckets> weights;
        SampleLists lists;
    };
    PartialTotals partial;
    u64 scan[PersistentWarps];
    u64 target, above;
    Cut cut;
    i32 bucket, chosen;
    u32 listed;   // rows of the block
    u32 gathered; // of all blocks
    u32 isLong;   // whether they are more than there is room for
    u32 near;     // rows of SampleLists
};

// A block's own row.
struct WeighedRow {
    float logit;
    u32 weight;
    i32 bucket;

    // own: the logit of row r of the block's at own[PersistentWarps * r]. Rows that are not there weigh nothing.
    DEVICE void weigh(const float* own, int row, int rows, float most, float scale) {
        logit = own[PersistentWarps * minimum(row, rows - 1)];
        weight = row < rows ? weight_of(logit, most, scale) : 0;
        bucket = bucket_of(logit, most, scale);
    }

    // To the sums, and the logit to everyone.
    DEVICE void put(Sums<Buckets>& sums, u64* to, bool exists, u32 epoch) const {
        if (exists) {
            store_relaxed(to, word(epoch, float_bits(logit)));
        }
        if (weight) {
            sums.add(bucket, weight);
        }
    }

    // To the block's list, if its bucket is the last one, and to the sum if it is before that one. listed: how many there are, shared.
    DEVICE void list(ListWords& to, int row, int begin, int last, u64 stamp, u32 epoch, u32* listed, u64& sum) const {
        sum += bucket < last ? weight : 0;
        if (weight && bucket == last) {
            u32 i = fetch_add_shared(listed, 1);
            if (i < ListWords::First) {
                store_relaxed(&to.first[i], row_word(stamp, (u32)row, logit));
            } else if (i < MaxListed) {
                WordPair words = {word(epoch, (u32)(begin + row)), word(epoch, float_bits(logit))};
                words.store(to.further + 2 * (1 + i - ListWords::First));
            }
        }
    }

    DEVICE static u64 row_word(u64 stamp, u32 row, float logit) { return stamp | ((u64)row << 32) | float_bits(logit); }
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
    const Nucleus& n;
    const WordLogits& logits;
    i32 ids;

    DEVICE int count() const { return ids; }
    DEVICE bool contains(int i) const { return bucket_of(logits.load(i), n.most, n.scale) == n.bucket && weight(i); }
    DEVICE u32 id(int i) const { return (u32)i; }
    DEVICE u32 key(int i) const { return key_of(logits.load(i)); }
    DEVICE u32 weight(int i) const { return weight_of(logits.load(i), n.most, n.scale); }
};

// What a block lists, as the thread of the same number sees it.
struct ListOfBlock {
    i32 at, count; // where its rows lie in all blocks' list, and how many there are

    // Waits for it; whole warps. exists: whether there is such a block, else it is another one's; begin: the block's first row.
    DEVICE void gather(
        const ListWords& list, bool exists, u32 begin, u64& members, u64 stamp, u32 epoch, Patience& patience, SampleShared& shared) {
        const int Pairs = (1 + ListWords::First) / 2;
        StampedPairs<Pairs> pairs;
        pairs.wait(&list.sum, 2, Pairs, stamp, patience, WaitMembers);
        u64 rows[ListWords::First], sum = sum_of(pairs.words[0].a);
#pragma unroll
        for (int i = 0; i < ListWords::First; i++) {
            rows[i] = i & 1 ? pairs.words[(i + 1) / 2].a : pairs.words[i / 2].b;
        }
        if (!exists) {
            return;
        }
        members = sum & ~ListWords::HasFurther;
        i32 further = 0;
        if (sum & ListWords::HasFurther) {
            WordPair header;
            patience.wait_alone([&] { return header.load(list.further), header.missing(epoch); }, WaitMembers);
            further = minimum((i32)header.a, MaxListedByAll);
        }
#pragma unroll
        for (int i = 0; i < ListWords::First; i++) {
            count += ((u32)(rows[i] >> 32) & 0xffff) != ListWords::None;
        }
        count += further;
        at = (i32)fetch_add_shared(&shared.gathered, (u32)count);
        if (count > MaxListed || at + count > MaxListedByAll) {
            shared.isLong = 1;
            count = 0;
            return;
        }
#pragma unroll
        for (int i = 0; i < ListWords::First; i++) {
            if (i < count) {
                put(shared.lists, i, begin + ((u32)(rows[i] >> 32) & 0xffff), (u32)rows[i]);
            }
        }
#pragma unroll 1
        for (int i = ListWords::First; i < count; i++) {
            WordPair row;
            const u64* from = list.further + 2 * (1 + i - ListWords::First);
            patience.wait_alone([&] { return row.load(from), row.missing(epoch); }, WaitMembers);
            put(shared.lists, i, (u32)row.a, (u32)row.b);
        }
    }

    DEVICE void put(SampleLists& lists, int i, u32 id, u32 logit) const {
        vec4& row = lists.rows[at + i];
        row.x = id;
        row.y = logit;
    }

    // Sum of its rows that are members.
    DEVICE u64 members(const SampleLists& lists, u64 last) const {
        u64 sum = 0;
#pragma unroll 1
        for (int i = at; i < at + count; i++) {
            vec4 row = lists.rows[i];
            sum += order_in(row) >= last ? row.z : 0;
        }
        return sum;
    }
};

// The last member among `listed` rows: that up to which they weigh enough. Their bucket's 256 parts are weighed, and then the rows of the part in
// which it lies are compared with each other.
DEVICE Cut find_last(const Nucleus& n, SampleLists& lists, int t, int listed, u32* count, Cut& cut) {
    u64 need = n.target - n.above;
#pragma unroll 1
    for (int i = t; i < listed; i += Threads) {
        vec4& row = lists.rows[i];
        float logit = bits_float(row.y);
        u64 order = order_of(key_of(logit), row.x);
        int part = part_of_bucket(logit, n.most, n.scale);
        u32 weight = weight_of(logit, n.most, n.scale);
        row = vec4{(u32)order, (u32)(order >> 32), weight, (u32)part};
        lists.parts.add(part, weight);
    }
    sampler_barrier();
    int part = search_parts([&](int of) { return lists.parts.sum(of); }, need);
#pragma unroll 1
    for (int i = t; i < listed; i += Threads) {
        if ((i32)lists.rows[i].w == part) {
            lists.near[fetch_add_shared(count, 1)] = (u32)i;
        }
    }
    sampler_barrier();
    int all = (i32)*count;
#pragma unroll 1
    for (int i = t; i < all; i += Threads) {
        vec4 own = lists.rows[lists.near[i]];
        u64 until = 0;
#pragma unroll 1
        for (int k = 0; k < all; k++) {
            vec4 other = lists.rows[lists.near[k]];
            until += order_in(other) >= order_in(own) ? other.z : 0;
        }
        if (need <= until && until - own.z < need) {
            cut = {order_in(own), n.target - need + until};
        }
    }
    sampler_barrier();
    return cut;
}

// own: the logit of row r of the block's at own[PersistentWarps * r]; best: the greatest logit's key, finite; steps: sampled ones before; step: of
// the draw. shared.weights are zero. The first 256 threads of all blocks; every block gets the same id.
DEVICE i32 sample_id(
    const float* own, int vocabulary, const Share& share, u64 best, const Sampling& options, PersistentScratch* scratch, u32 steps, i32 step, u32 epoch,
    Patience& patience, SampleShared& shared, u32 stall) {
    const int Known = 2;
    Who who = Who::hidden();
    int t = who.thread;
    asm volatile("" : "+l"(scratch), "+l"(own));
    float most = ordered_float((u32)(best >> 32)), scale = options.scale;
    u64 stamp = stamp_of(steps), *logits = scratch->sums + Buckets * (u32)who.blocks;

    // Rows t and t + Threads, and where multiprocessors are few, those behind.
    WeighedRow known[Known];
#pragma unroll
    for (int k = 0; k < Known; k++) {
        int row = t + k * Threads;
        known[k].weigh(own, row, share.rows, most, scale);
        known[k].put(shared.weights, logits + share.first + row, row < share.rows, epoch);
    }
#pragma unroll 1
    for (int row = t + Known * Threads; row < share.rows; row += Threads) {
        WeighedRow further;
        further.weigh(own, row, share.rows, most, scale);
        further.put(shared.weights, logits + share.first + row, true, epoch);
    }
    if (t == 0) {
        shared.listed = shared.gathered = shared.isLong = shared.near = 0;
    }
    sampler_barrier();
    if (stall != WaitWeights) {
        hand_over(shared.weights, scratch->sums, who, stamp);
    }
    hand_over_totals(scratch->sums, scratch->totals, who, stamp, patience, shared.partial, stall == WaitTotals);

    StampedPairs<BucketsEach / 2> pairs;
    pairs.wait(scratch->totals + 2 * t, 2 * Threads, BucketsEach / 2, stamp, patience, WaitTotals);
    u64 weights[BucketsEach], mine = 0, total;
#pragma unroll
    for (int i = 0; i < BucketsEach; i += 2) {
        weights[i] = sum_of(pairs.words[i / 2].a);
        weights[i + 1] = sum_of(pairs.words[i / 2].b);
        mine += weights[i] + weights[i + 1];
    }
    u64 until = block_scan(mine, shared.scan, total), target = target_of(options.topP, total), above = until - mine;
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

    Nucleus n = {shared.bucket, most, scale, shared.target, shared.above};
    ListWords& list = scratch->lists[who.block];
    u64 sum = 0;
#pragma unroll
    for (int k = 0; k < Known; k++) {
        known[k].list(list, t + k * Threads, share.first, n.bucket, stamp, epoch, &shared.listed, sum);
    }
#pragma unroll 1
    for (int row = t + Known * Threads; row < share.rows; row += Threads) {
        WeighedRow further;
        further.weigh(own, row, share.rows, most, scale);
        further.list(list, row, share.first, n.bucket, stamp, epoch, &shared.listed, sum);
    }
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        sum += shuffle_xor(sum, offset);
    }
    if ((t & 31) == 0) {
        shared.scan[t >> 5] = sum;
    }
    sampler_barrier();
    if (stall != WaitMembers) {
        i32 listed = (i32)shared.listed;
        if (t == 0) {
            u64 all = listed > ListWords::First ? ListWords::HasFurther : 0;
#pragma unroll
            for (int w = 0; w < PersistentWarps; w++) {
                all += shared.scan[w];
            }
            store_relaxed(&list.sum, stamp | all);
            if (listed > ListWords::First) {
                WordPair header = {word(epoch, (u32)(listed - ListWords::First)), word(epoch, 0)};
                header.store(list.further);
            }
        } else if (t > listed && t <= ListWords::First) {
            store_relaxed(&list.first[t - 1], WeighedRow::row_word(stamp, ListWords::None, 0));
        }
    }
    ListOfBlock other = {0, 0};
    u64 members = 0;
    if ((t & ~31) < who.blocks) {
        i32 of = minimum(t, who.blocks - 1), begin, end;
        rows_of_block(vocabulary, (u32)of, (u32)who.blocks, begin, end);
        other.gather(scratch->lists[of], t < who.blocks, (u32)begin, members, stamp, epoch, patience, shared);
    }
    shared.lists.parts.clear(t);
    if (barrier_or(patience.lost)) {
        return 0; // what is missing could send the searches astray
    }

    WordLogits all = {logits, epoch, patience};
    Cut cut;
    if (shared.isLong) {
        AllIds ids = {n, all, vocabulary};
        cut = find_cut(n, ids, shared.lists.sums, shared.scan);
        shared.lists.members[t] = members;
        sampler_barrier();
        u32 pairsOfRows = (u32)(vocabulary + 1) >> 1;
        for (int i = t; i < vocabulary; i += Threads) {
            if (ids.contains(i) && order_of(ids.key(i), (u32)i) >= cut.last) {
                add_shared(&shared.lists.members[(((u32)i / 2 + 1) * (u32)who.blocks - 1) / pairsOfRows], (u64)ids.weight(i));
            }
        }
    } else {
        cut = find_last(n, shared.lists, t, (i32)shared.gathered, &shared.near, shared.cut);
        shared.lists.members[t] = members + other.members(shared.lists, cut.last);
    }
    sampler_barrier();
    u64 remaining = draw(options.seed, step, cut.sum);
    int part = search_parts([&](int of) { return shared.lists.members[of]; }, remaining);
    i32 begin, end;
    rows_of_block(vocabulary, (u32)part, (u32)who.blocks, begin, end);
    return find_id(n, all, cut.last, begin, end, remaining, shared.scan, &shared.chosen);
}
