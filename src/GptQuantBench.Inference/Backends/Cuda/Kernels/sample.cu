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
#include "state.cuh"

static const int Blocks = 64;
static const int Threads = 256;
static const int Buckets = 2048;
static const int Cached = 2048; // ids of the list that the last block keeps in shared memory
static const float BucketsPerOctave = 64.0f;

// How to choose; written by sample_options, read by every step.
struct Sampling {
    u64 seed;
    u64 topP;    // ⌈top-p · 2³²⌉
    float scale; // log2(e) / temperature
};

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

DEVICE u64 load_volatile(const u64* address) { return *(const volatile u64*)address; }

DEVICE void add_shared(u64* address, u64 value) {
    u32 shared;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(shared) : "l"(address));
    asm volatile("red.shared.add.u64 [%0], %1;" ::"r"(shared), "l"(value) : "memory");
}

DEVICE void add_global(u64* address, u64 value) { asm volatile("red.global.add.u64 [%0], %1;" ::"l"(address), "l"(value) : "memory"); }

DEVICE u32 fetch_add(u32* address, u32 value) {
    u32 old;
    asm volatile("atom.global.add.u32 %0, [%1], %2;" : "=r"(old) : "l"(address), "r"(value) : "memory");
    return old;
}

DEVICE u64 multiply_high(u64 a, u64 b) {
    u64 r;
    asm("mul.hi.u64 %0, %1, %2;" : "=l"(r) : "l"(a), "l"(b));
    return r;
}

DEVICE int count_leading_zeros(u32 a) {
    int r;
    asm("clz.b32 %0, %1;" : "=r"(r) : "r"(a));
    return r;
}

DEVICE void fence() { asm volatile("fence.acq_rel.gpu;" ::: "memory"); }

// TokenWeights.Weight, operation by operation.
DEVICE u32 weight_of(float logit, float most, float scale) {
    const float Shift = 12582912.0f; // 1.5 · 2²³
    float x = mul_rn(add_rn(logit, -most), scale);
    x = x > -40.0f ? x : -40.0f;
    float shifted = add_rn(x, Shift);
    i32 exponent = (i32)float_bits(shifted) - (i32)float_bits(Shift);
    float f = add_rn(x, -add_rn(shifted, -Shift));
    const double Ln2 = 0.693147180559945309;
    float p = (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 5040);
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 720));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 * Ln2 / 120));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 * Ln2 / 24));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 * Ln2 / 6));
    p = fma_rn(p, f, (float)(Ln2 * Ln2 / 2));
    p = fma_rn(p, f, (float)Ln2);
    p = fma_rn(p, f, 1.0f);
    return (u32)(i32)mul_rn(p, bits_float((u32)(exponent + 30 + 127) << 23));
}

// Grows as the logit falls; subtraction and multiplication round monotonically.
DEVICE int bucket_of(float logit, float most, float scale) {
    float octaves = mul_rn(add_rn(most, -logit), scale);
    return octaves < 31.0f ? (int)(octaves * BucketsPerOctave) : Buckets - 1;
}

DEVICE u32 key_of(float logit) { return ordered_bits(add_rn(logit, 0.0f)); }

// Sum of the values of this and all lower threads; `all` becomes everyone's. Shared: Threads / 32 words.
DEVICE u64 block_scan(u64 value, u64* shared, u64& all) {
    int lane = thread_index() & 31, warp = thread_index() >> 5;
#pragma unroll
    for (int offset = 1; offset < 32; offset <<= 1) {
        u32 low, high;
        asm volatile("shfl.sync.up.b32 %0, %1, %2, 0, 0xffffffff;" : "=r"(low) : "r"((u32)value), "r"(offset));
        asm volatile("shfl.sync.up.b32 %0, %1, %2, 0, 0xffffffff;" : "=r"(high) : "r"((u32)(value >> 32)), "r"(offset));
        value += lane >= offset ? ((u64)high << 32) | low : 0;
    }
    block_barrier();
    if (lane == 31) {
        shared[warp] = value;
    }
    block_barrier();
    all = 0;
    u64 before = 0;
#pragma unroll
    for (int w = 0; w < Threads / 32; w++) {
        before += w < warp ? shared[w] : 0;
        all += shared[w];
    }
    return before + value;
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
        own[i] = load_volatile(slot);
        *slot = 0;
        mine += own[i];
    }
    u64 until = block_scan(mine, scan, total);
    u64 topP = a.scratch->sampling.topP, product = topP * total;
    u64 target = (multiply_high(topP, total) << 32) + (product >> 32) + ((u32)product ? 1 : 0);
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

// One step of a search: the first of 256 parts at which the running sum of shared sums[256] reaches `need`, which becomes what is
// still missing there. Leaves the sums zero.
DEVICE int find_part(u64* sums, u64* scan, u64& need) {
    __shared__ u64 rest;
    __shared__ int found;
    block_barrier();
    u64 mine = sums[thread_index()], all;
    u64 until = block_scan(mine, scan, all);
    if (until - mine < need && need <= until) {
        found = thread_index();
        rest = need - (until - mine);
    }
    sums[thread_index()] = 0;
    block_barrier();
    need = rest;
    return found;
}

// The greatest value of any thread.
DEVICE u32 block_max(u32 value, u64* scan) {
    value = (u32)warp_max((u64)value);
    block_barrier();
    if ((thread_index() & 31) == 0) {
        scan[thread_index() >> 5] = value;
    }
    block_barrier();
    for (int w = 0; w < Threads / 32; w++) {
        value = (u32)scan[w] > value ? (u32)scan[w] : value;
    }
    return value;
}

DEVICE void choose(const Arguments& a) {
    __shared__ u64 sums[256];
    __shared__ u64 scan[Threads / 32];
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
    block_scan(sum, scan, all);
    if (thread_index() == 0) {
        s->members[block_x()] = all;
    }
    if (!is_last_block(&s->arrived[1], &ticket)) {
        return;
    }

    // The last member's key: the range of keys is cut into 256 parts again and again. The list is searched several times, so what fits
    // of it is kept here.
    __shared__ u32 ids[Cached];
    __shared__ u32 keys[Cached];
    __shared__ u32 weights[Cached];
    int listed = *(volatile i32*)&s->listed;
    for (int i = thread_index(); i < minimum(listed, Cached); i += Threads) {
        u32 id = (u32)s->list[i];
        ids[i] = id;
        keys[i] = key_of(a.logits[id]);
        weights[i] = weight_of(a.logits[id], most, scale);
    }
    auto listed_id = [&](int i) { return i < Cached ? ids[i] : (u32)s->list[i]; };
    auto listed_key = [&](int i) { return i < Cached ? keys[i] : key_of(a.logits[s->list[i]]); };
    auto listed_weight = [&](int i) { return i < Cached ? weights[i] : weight_of(a.logits[s->list[i]], most, scale); };
    u64 need = s->target - s->above;
    u32 high = 0, notLow = 0;
    for (int i = thread_index(); i < listed; i += Threads) {
        u32 k = listed_key(i);
        high = k > high ? k : high;
        notLow = ~k > notLow ? ~k : notLow;
    }
    high = block_max(high, scan);
    u32 low = ~block_max(notLow, scan);
    sums[thread_index()] = 0;
    block_barrier();
    while (high > low) {
        int shift = 24 - count_leading_zeros(high - low);
        shift = shift > 0 ? shift : 0;
        for (int i = thread_index(); i < listed; i += Threads) {
            u32 k = listed_key(i);
            if (k <= high && k >= low) {
                add_shared(&sums[(high - k) >> shift], listed_weight(i));
            }
        }
        high -= (u32)find_part(sums, scan, need) << shift;
        u32 span = (1u << shift) - 1;
        low = high - low > span ? high - span : low;
    }
    u32 key = high;
    u32 each = weight_of(ordered_float(key), most, scale);
    u64 ties = (need + each - 1) / each; // equal logits have equal weights
    u64 nucleus = s->target - need + ties * each;

    // The id of the last of them; mostly all are members.
    u64 equal = 0;
    for (int i = thread_index(); i < listed; i += Threads) {
        equal += listed_key(i) == key ? 1 : 0;
    }
    block_scan(equal, scan, all);
    bool some = all != ties;
    u32 tie = some ? 0 : 0x7fffffffu;
    u64 rank = ties;
    for (int shift = 24; shift >= 0 && some; shift -= 8) {
        for (int i = thread_index(); i < listed; i += Threads) {
            u32 id = listed_id(i);
            if (listed_key(i) == key && (shift == 24 || (id >> (shift + 8)) == (tie >> (shift + 8)))) {
                add_shared(&sums[(id >> shift) & 255], 1);
            }
        }
        tie |= (u32)find_part(sums, scan, rank) << shift;
    }

    // SplitMix64's output number `step` for the seed.
    u64 z = s->sampling.seed + 0x9E3779B97F4A7C15ull * ((u64)a.state->step + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    u64 draw = multiply_high(z ^ (z >> 31), nucleus);

    // The block of ids, then the id, at which the running sum passes the draw.
    for (int i = thread_index(); i < listed; i += Threads) {
        u32 id = listed_id(i), k = listed_key(i);
        if (k > key || (k == key && id <= tie)) {
            add_shared(&sums[id / (u32)range], listed_weight(i));
        }
    }
    block_barrier();
    if (thread_index() < Blocks) {
        sums[thread_index()] += load_volatile(&s->members[thread_index()]);
    }
    if (thread_index() == 0) {
        s->listed = 0;
    }
    u64 remaining = draw + 1; // the running sum must reach it
    int block = find_part(sums, scan, remaining);
    for (int first = block * range; first < (block + 1) * range; first += Threads) {
        int id = first + thread_index();
        u32 weight = 0;
        if (id < (block + 1) * range && id < a.count) {
            float logit = a.logits[id];
            u32 k = key_of(logit);
            int bucket = bucket_of(logit, most, scale);
            bool member = bucket < last || (bucket == last && (k > key || (k == key && (u32)id <= tie)));
            weight = member ? weight_of(logit, most, scale) : 0;
        }
        u64 until = block_scan(weight, scan, all);
        if (until - weight < remaining && remaining <= until) {
            a.state->best = (a.state->best & 0xffffffff00000000ull) | (u32)~id;
        }
        if (remaining <= all) {
            return;
        }
        remaining -= all;
    }
}

KERNEL(256) sample_weigh(const Arguments a) { weigh(a); }
KERNEL(256) sample_choose(const Arguments a) { choose(a); }
KERNEL(256) sample_weigh_rows(const BatchArguments b) { weigh(arguments_of_row(b)); }
KERNEL(256) sample_choose_rows(const BatchArguments b) { choose(arguments_of_row(b)); }
