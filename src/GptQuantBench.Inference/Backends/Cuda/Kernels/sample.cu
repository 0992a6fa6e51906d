// Temperature and top-p on the device, with the CPU's choice for the same logits: the integers of TokenWeights.cs, the buckets, the nucleus and
// the draw of Sampler.cs. All sums are integers, so the order in which threads add does not matter.
//
//   logits ─ sample_weigh ─▶ sums of the tokens' weights by bucket of the logit's distance from the maximum. Its last block finds the bucket in
//                            which the nucleus ends, draws, and finds the bucket that is drawn.
//          ─ sample_choose ▶ every block sums the weights of that bucket among its ids; its last block finds the block of ids in which the
//                            running sum passes the draw, and the id. Where it is the bucket in which the nucleus ends, the blocks list its
//                            ids, and the last one finds the nucleus' last member, draws anew if the draw was none, and finds the id.
//
//   ids   0 … R−1 │ R … 2R−1 │ …        R = ⌈count / Blocks⌉: block b has b·R …
//
// Launch, both: grid = 64, block = 256, or (64, rows) for the rows of several sequences. Static shared memory: 8 KB, 27 KB.
#include "nucleus.cuh"

static const int Blocks = 64;
static const int Cached = 2048; // ids of the list that the last block keeps in shared memory

// Scratch of a session; zero before the first step, and left as the next step needs it. C#: SampleKernels.ScratchBytes.
struct Scratch {
    Sampling sampling;
    u64 sums[Buckets];     // of weights; zero between steps
    u64 members[Blocks];   // sums of the drawn bucket that every block has found
    FoundBucket last;      // in which the nucleus ends
    FoundBucket found;     // that is drawn
    u64 target;            // what the nucleus must reach
    u64 drawn;             // the running sum that is drawn
    i32 listed;            // ids in the list
    u32 arrived[2];        // blocks that are done, of either kernel
    i32 list[1];           // [count]
};

// C#: SampleArguments, field for field.
struct Arguments {
    const float* logits; // FP32 [count]
    Scratch* scratch;
    DecodeState* state; // best: the largest logit and, after sample_choose, the chosen id
    i32 count;
};

// C#: BatchArguments, field for field. Rows whose scale is zero are greedy: their best logit stays the choice.
struct BatchArguments {
    Arguments first;    // of row 0; logits [rows, count], states [rows]
    u64 scratchPitch;   // bytes from a row's scratch to the next one's
};

DEVICE Arguments arguments_of_row(const BatchArguments& b) {
    Arguments a = b.first;
    a.logits += (u64)block_y() * a.count;
    a.scratch = (Scratch*)((u8*)a.scratch + block_y() * b.scratchPitch);
    a.state += block_y();
    return a;
}

// True in every thread of the block that is the last to come here; it sees what the others wrote.
DEVICE bool is_last_block(u32* arrived, u32* shared) {
    block_barrier();
    if (thread_index() == 0) {
        fence(); // for what the whole block wrote: fences and barriers are cumulative
        *shared = fetch_add(arrived, 1);
        if (*shared == Blocks - 1) {
            *arrived = 0;
        }
        fence();
    }
    block_barrier();
    return *shared == Blocks - 1;
}

// Launch: grid = 1, block = 32.
KERNEL(32) sample_options(Scratch* scratch, u64 seed, u64 topP, float scale) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    if (thread_index() == 0) {
        scratch->sampling.seed = seed;
        scratch->sampling.topP = topP;
        scratch->sampling.scale = scale;
    }
}

// All blocks' sums by bucket.
DEVICE BucketWeights load_sums(const Scratch* s) {
    BucketWeights weights;
#pragma unroll
    for (int i = 0; i < BucketWeights::Each; i++) {
        weights.own[i] = load_relaxed(&s->sums[thread_index() * BucketWeights::Each + i]);
    }
    return weights;
}

DEVICE void weigh(const Arguments& a) {
    __shared__ u64 sums[Buckets];
    __shared__ u64 scan[Threads / 32];
    __shared__ FoundBucket last, found;
    __shared__ u32 ticket;
    for (int i = thread_index(); i < Buckets; i += Threads) {
        sums[i] = 0;
    }
    wait_for_previous_kernel();
    let_next_kernel_start();
    block_barrier();
    float scale = a.scratch->sampling.scale;
    if (!has_choice(a.state) || scale == 0) {
        return; // advance_step tells the host; greedy
    }

    float most = ordered_float((u32)(a.state->best >> 32));
    int range = (a.count + Blocks - 1) / Blocks;
    int begin = block_x() * range, end = minimum(begin + range, a.count);
    for (int i = begin + thread_index(); i < end; i += Threads) {
        u32 weight = weight_of(a.logits[i], most, scale);
        if (weight) {
            add_shared(&sums[bucket_of(a.logits[i], most, scale)], weight);
        }
    }
    block_barrier();
    for (int i = thread_index(); i < Buckets; i += Threads) {
        if (sums[i]) {
            add_global(&a.scratch->sums[i], sums[i]);
        }
    }
    if (!is_last_block(&a.scratch->arrived[0], &ticket)) {
        return;
    }

    BucketWeights weights = load_sums(a.scratch);
    u64 target = target_of(a.scratch->sampling.topP, weights.add_up(scan));
    u64 random = random_bits(a.scratch->sampling.seed, (u64)a.state->step);
    u64 drawn = draw(random, weights.find(thread_index(), target, last).until());
    weights.find(thread_index(), drawn, found);
    if (thread_index() == 0) {
        a.scratch->last = last;
        a.scratch->found = found;
        a.scratch->target = target;
        a.scratch->drawn = drawn;
    }
}

struct ChoiceShared {
    u64 sums[256];
    u64 scan[Threads / 32];
    u32 ids[Cached], keys[Cached], weights[Cached];
    FoundBucket found;
    i32 chosen;
};

struct Logits {
    const float* all;

    DEVICE void load(int id, int end, float (&out)[2]) const {
        out[0] = load_relaxed(all + minimum(id, end - 1));
        out[1] = load_relaxed(all + minimum(id + 1, end - 1));
    }
};

// Ids of the bucket in which the nucleus ends, in any order. The list is searched several times, so what fits of it is kept in shared memory.
struct Listed {
    const float* logits;
    const Bucket& b;
    const i32* list;
    i32 listed;
    ChoiceShared& c;

    DEVICE void fill() const {
        for (int i = thread_index(); i < minimum(listed, Cached); i += Threads) {
            u32 of = (u32)list[i];
            c.ids[i] = of;
            c.keys[i] = key_of(load_relaxed(logits + of));
            c.weights[i] = weight_of(load_relaxed(logits + of), b.most, b.scale);
        }
    }

    DEVICE int count() const { return listed; }
    DEVICE bool contains(int) const { return true; }
    DEVICE u32 id(int i) const { return i < Cached ? c.ids[i] : (u32)list[i]; }
    DEVICE u32 key(int i) const { return i < Cached ? c.keys[i] : key_of(load_relaxed(logits + list[i])); }
    DEVICE u32 weight(int i) const { return i < Cached ? c.weights[i] : weight_of(load_relaxed(logits + list[i]), b.most, b.scale); }
};

// The last block, of the bucket in which the nucleus ends, or where the draw is no member, of the one that is drawn anew.
DEVICE i32 choose_in_last(const Arguments& a, const Bucket& b, ChoiceShared& shared) {
    Scratch* s = a.scratch;
    u64 drawn = s->drawn, above = s->last.above;
    Listed list = {a.logits, b, s->list, *(volatile i32*)&s->listed, shared};
    list.fill();
    u64 sum = above + find_cut(b, list, s->target - above, shared.sums, shared.scan).until;
    if (drawn > sum) {
        drawn = draw(random_bits(s->sampling.seed, (u64)a.state->step + SecondDraws), sum);
        BucketWeights weights = load_sums(s);
        weights.add_up(shared.scan);
        FoundBucket found = weights.find(thread_index(), drawn, shared.found);
        if (found.bucket != b.bucket) {
            Bucket anew = {found.bucket, b.most, b.scale};
            return find_id<4>(anew, Logits{a.logits}, 0, a.count, drawn - found.above, shared.scan, shared.chosen);
        }
    }
    return find_cut(b, list, drawn - above, shared.sums, shared.scan).id();
}

DEVICE void choose(const Arguments& a) {
    __shared__ ChoiceShared shared;
    __shared__ u32 ticket;
    wait_for_previous_kernel();
    let_next_kernel_start();
    Scratch* s = a.scratch;
    float scale = s->sampling.scale;
    if (!has_choice(a.state) || scale == 0) {
        return;
    }
    Bucket bucket = {s->found.bucket, ordered_float((u32)(a.state->best >> 32)), scale};
    bool isLast = bucket.bucket == s->last.bucket;
    int range = (a.count + Blocks - 1) / Blocks;
    int begin = block_x() * range, end = minimum(begin + range, a.count);
    u64 sum = 0, all;
    for (int i = begin + thread_index(); i < end; i += Threads) {
        u32 weight = bucket.weight(a.logits[i]);
        sum += weight;
        if (weight && isLast) {
            s->list[fetch_add((u32*)&s->listed, 1)] = i;
        }
    }
    block_scan(sum, shared.scan, all);
    if (thread_index() == 0) {
        s->members[block_x()] = all;
    }
    if (!is_last_block(&s->arrived[1], &ticket)) {
        return;
    }

    i32 chosen;
    if (isLast) {
        chosen = choose_in_last(a, bucket, shared);
    } else {
        shared.sums[thread_index()] = thread_index() < Blocks ? load_relaxed(&s->members[thread_index()]) : 0;
        u64 need = s->drawn - s->found.above;
        begin = find_part(shared.sums, need) * range;
        chosen = find_id<1>(bucket, Logits{a.logits}, begin, minimum(begin + range, a.count), need, shared.scan, shared.chosen);
    }
    for (int i = thread_index(); i < Buckets; i += Threads) {
        s->sums[i] = 0;
    }
    if (thread_index() == 0) {
        s->listed = 0;
        a.state->best = (a.state->best & 0xffffffff00000000ull) | (u32)~chosen;
    }
}

KERNEL(256) sample_weigh(const Arguments a) { weigh(a); }
KERNEL(256) sample_choose(const Arguments a) { choose(a); }
KERNEL(256) sample_weigh_rows(const BatchArguments b) { weigh(arguments_of_row(b)); }
KERNEL(256) sample_choose_rows(const BatchArguments b) { choose(arguments_of_row(b)); }
