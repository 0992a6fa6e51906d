// Temperature and top-p on the device, with the CPU's choice for the same logits: the integers of TokenWeights.cs, the nucleus of
// Nucleus.cs, the draw of Sampler.cs. All sums are integers, so the order in which threads add does not matter.
//
//   logits ─ sample_weigh ─▶ weight of every token; sums of weights by bucket of the logit's distance from the maximum
//                            (64 buckets an octave; monotone in the logit). Its last block finds the bucket in which the nucleus ends.
//          ─ sample_choose ▶ every block sums the members among its ids and lists the ids of that bucket. Its last block finds the
//                            last member (by key, then id), the nucleus' sum S, r = ⌊draw · S / 2⁶⁴⌋, the block of ids in which
//                            the running sum passes r, and the id.
//
//   ids   0 … R−1 │ R … 2R−1 │ …        R = ⌈count / Blocks⌉: block b has b·R …
//
// Launch, both: grid = 64, block = 256, or (64, rows) for the rows of several sequences. Static shared memory: 16 KB, 26 KB.
#include "nucleus.cuh"

static const int Blocks = 64;
static const int Cached = 2048; // ids of the list that the last block keeps in shared memory

// Scratch of a session; zero before the first step, and left as the next step needs it. C#: SampleKernels.ScratchBytes.
struct Scratch {
    Sampling sampling;
    u64 sums[Buckets];     // of weights; zero between steps
    u64 members[Blocks];   // sums of the members that every block has found
    u64 total;             // of all weights
    u64 target;            // what the nucleus must reach
    u64 above;             // sum of the buckets before the last one
    i32 bucket;            // in which the nucleus ends
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

DEVICE void weigh(const Arguments& a) {
    __shared__ u64 sums[Buckets];
    __shared__ u64 scan[Threads / 32];
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

    const int Each = Buckets / Threads;
    u64 own[Each], mine = 0, total;
#pragma unroll
    for (int i = 0; i < Each; i++) {
        u64* slot = &a.scratch->sums[thread_index() * Each + i];
        own[i] = load_fresh(slot);
        *slot = 0;
        mine += own[i];
    }
    u64 until = block_scan(mine, scan, total);
    u64 target = target_of(a.scratch->sampling.topP, total);
    u64 above = until - mine;
    if (above < target && target <= until) {
        int bucket = 0;
#pragma unroll
        for (int i = 0; i < Each; i++) {
            if (bucket == i && above + own[i] < target) {
                above += own[i];
                bucket = i + 1;
            }
        }
        a.scratch->bucket = thread_index() * Each + bucket;
        a.scratch->above = above;
        a.scratch->target = target;
        a.scratch->total = total;
    }
}

struct ChoiceShared {
    u64 sums[256];
    u64 scan[Threads / 32];
    u32 ids[Cached], keys[Cached], weights[Cached];
    i32 chosen;
};

struct Logits {
    const float* all;

    DEVICE void load(int id, int end, float (&out)[2]) const {
        out[0] = load_logit(all + minimum(id, end - 1));
        out[1] = load_logit(all + minimum(id + 1, end - 1));
    }
};

// Ids of the bucket in which the nucleus ends, in any order. The list is searched several times, so what fits of it is kept in shared memory.
struct Listed {
    const float* logits;
    const Nucleus& n;
    const i32* list;
    i32 listed;
    ChoiceShared& c;

    DEVICE void fill() const {
        for (int i = thread_index(); i < minimum(listed, Cached); i += Threads) {
            u32 of = (u32)list[i];
            c.ids[i] = of;
            c.keys[i] = key_of(load_logit(logits + of));
            c.weights[i] = weight_of(load_logit(logits + of), n.most, n.scale);
        }
    }

    DEVICE int count() const { return listed; }
    DEVICE bool contains(int) const { return true; }
    DEVICE u32 id(int i) const { return i < Cached ? c.ids[i] : (u32)list[i]; }
    DEVICE u32 key(int i) const { return i < Cached ? c.keys[i] : key_of(load_logit(logits + list[i])); }
    DEVICE u32 weight(int i) const { return i < Cached ? c.weights[i] : weight_of(load_logit(logits + list[i]), n.most, n.scale); }
};

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
    float most = ordered_float((u32)(a.state->best >> 32));
    int last = s->bucket;
    int range = (a.count + Blocks - 1) / Blocks;
    int begin = block_x() * range, end = minimum(begin + range, a.count);
    u64 sum = 0, all;
    for (int i = begin + thread_index(); i < end; i += Threads) {
        u32 weight = weight_of(a.logits[i], most, scale);
        int bucket = bucket_of(a.logits[i], most, scale);
        if (weight && bucket < last) {
            sum += weight;
        } else if (weight && bucket == last) {
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

    Nucleus n = {last, most, scale, s->target, s->above};
    Listed list = {a.logits, n, s->list, *(volatile i32*)&s->listed, shared};
    list.fill();
    Cut cut = find_cut(n, list, shared.sums, shared.scan);
    for (int i = thread_index(); i < list.count(); i += Threads) {
        if (order_of(list.key(i), list.id(i)) >= cut.last) {
            add_shared(&shared.sums[list.id(i) / (u32)range], (u64)list.weight(i));
        }
    }
    sampler_barrier();
    if (thread_index() < Blocks) {
        shared.sums[thread_index()] += load_fresh(&s->members[thread_index()]);
    }
    u64 remaining = draw(s->sampling.seed, a.state->step, cut.sum);
    begin = find_part(shared.sums, remaining) * range;
    i32 chosen = find_id(n, Logits{a.logits}, cut.last, begin, minimum(begin + range, a.count), remaining, shared.scan, &shared.chosen);
    if (thread_index() == 0) {
        s->listed = 0;
        a.state->best = (a.state->best & 0xffffffff00000000ull) | (u32)~chosen;
    }
}

KERNEL(256) sample_weigh(const Arguments a) { weigh(a); }
KERNEL(256) sample_choose(const Arguments a) { choose(a); }
KERNEL(256) sample_weigh_rows(const BatchArguments b) { weigh(arguments_of_row(b)); }
KERNEL(256) sample_choose_rows(const BatchArguments b) { choose(arguments_of_row(b)); }
