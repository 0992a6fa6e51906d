// What the samplers share: the sampling kernels of sample.cu and the persistent kernel. 256 threads of a block take part.
#pragma once
#include "state.cuh"

static const int Threads = 256;
static const int Buckets = 2048;
static const float BucketsPerOctave = 64.0f;

// How to choose; written by sample_options, read by every step.
struct Sampling {
    u64 seed;
    u64 topP;    // ⌈top-p · 2³²⌉
    float scale; // log2(e) / temperature
};

// Of the first 256 threads of a block, which may have more.
DEVICE void sampler_barrier() { asm volatile("bar.sync 1, 256;" ::: "memory"); }

// Not from the first-level cache.
DEVICE u64 load_fresh(const u64* address) {
    u64 v;
    asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(v) : "l"(address) : "memory");
    return v;
}

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
    sampler_barrier();
    if (lane == 31) {
        shared[warp] = value;
    }
    sampler_barrier();
    all = 0;
    u64 before = 0;
#pragma unroll
    for (int w = 0; w < Threads / 32; w++) {
        before += w < warp ? shared[w] : 0;
        all += shared[w];
    }
    return before + value;
}

// One step of a search: the first of 256 parts at which the running sum of shared sums[256] reaches `need`, which becomes what is
// still missing there. Leaves the sums zero.
DEVICE int find_part(u64* sums, u64* scan, u64& need) {
    __shared__ u64 rest;
    __shared__ int found;
    sampler_barrier();
    u64 mine = sums[thread_index()], all;
    u64 until = block_scan(mine, scan, all);
    if (until - mine < need && need <= until) {
        found = thread_index();
        rest = need - (until - mine);
    }
    sums[thread_index()] = 0;
    sampler_barrier();
    need = rest;
    return found;
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

DEVICE float load_logit(const float* address) {
    float v;
    asm volatile("ld.relaxed.gpu.global.f32 %0, [%1];" : "=f"(v) : "l"(address) : "memory");
    return v;
}

// What is known of a nucleus before its last member is sought.
struct Nucleus {
    const float* logits; // FP32, of all ids
    const i32* list;     // ids of the bucket in which the nucleus ends, in any order
    i32 listed;
    i32 bucket;
    float most;  // the largest logit
    float scale; // log2(e) / temperature
    u64 target;  // what the nucleus must reach
    u64 above;   // sum of the buckets before the last one
    u64 seed;
    i32 step;
};

// Shared memory of choose_member; the list is searched several times, so what fits of it is kept here.
template <int Cached> struct ChoiceShared {
    u64 sums[256];
    u64 scan[Threads / 32];
    u32 ids[Cached], keys[Cached], weights[Cached];
    i32 chosen;
};

// Finds the last member (by key, then id), the nucleus' sum S, r = ⌊draw · S / 2⁶⁴⌋, the part of the ids in which the running sum passes
// r, and the id. `Parts` cuts the ids into at most 256 runs: of(id), begin(part), end(part), count(), and members(part), the sum of the
// members in buckets before the last one. All threads of one block.
template <int Cached, class Parts> DEVICE i32 choose_member(const Nucleus& n, const Parts& parts, ChoiceShared<Cached>& c) {
    // The last member's key: the range of keys is cut into 256 parts again and again.
    for (int i = thread_index(); i < minimum(n.listed, Cached); i += Threads) {
        u32 id = (u32)n.list[i];
        c.ids[i] = id;
        c.keys[i] = key_of(load_logit(n.logits + id));
        c.weights[i] = weight_of(load_logit(n.logits + id), n.most, n.scale);
    }
    auto listed_id = [&](int i) { return i < Cached ? c.ids[i] : (u32)n.list[i]; };
    auto listed_key = [&](int i) { return i < Cached ? c.keys[i] : key_of(load_logit(n.logits + n.list[i])); };
    auto listed_weight = [&](int i) { return i < Cached ? c.weights[i] : weight_of(load_logit(n.logits + n.list[i]), n.most, n.scale); };
    u64 need = n.target - n.above;
    u32 high = 0, notLow = 0;
    for (int i = thread_index(); i < n.listed; i += Threads) {
        u32 k = listed_key(i);
        high = k > high ? k : high;
        notLow = ~k > notLow ? ~k : notLow;
    }
    block_max(high, notLow, c.scan);
    u32 low = ~notLow;
    c.sums[thread_index()] = 0;
    sampler_barrier();
    while (high > low) {
        int shift = 24 - count_leading_zeros(high - low);
        shift = shift > 0 ? shift : 0;
        for (int i = thread_index(); i < n.listed; i += Threads) {
            u32 k = listed_key(i);
            if (k <= high && k >= low) {
                add_shared(&c.sums[(high - k) >> shift], listed_weight(i));
            }
        }
        high -= (u32)find_part(c.sums, c.scan, need) << shift;
        u32 span = (1u << shift) - 1;
        low = high - low > span ? high - span : low;
    }
    u32 key = high;
    u32 each = weight_of(ordered_float(key), n.most, n.scale);
    u64 ties = (need + each - 1) / each; // equal logits have equal weights
    u64 nucleus = n.target - need + ties * each;

    // The id of the last of them; mostly all are members.
    u64 equal = 0;
    for (int i = thread_index(); i < n.listed; i += Threads) {
        equal += listed_key(i) == key ? 1 : 0;
    }
    u64 all;
    block_scan(equal, c.scan, all);
    bool some = all != ties;
    u32 tie = some ? 0 : 0x7fffffffu;
    u64 rank = ties;
    for (int shift = 24; shift >= 0 && some; shift -= 8) {
        for (int i = thread_index(); i < n.listed; i += Threads) {
            u32 id = listed_id(i);
            if (listed_key(i) == key && (shift == 24 || (id >> (shift + 8)) == (tie >> (shift + 8)))) {
                add_shared(&c.sums[(id >> shift) & 255], 1);
            }
        }
        tie |= (u32)find_part(c.sums, c.scan, rank) << shift;
    }

    // SplitMix64's output number `step` for the seed.
    u64 z = n.seed + 0x9E3779B97F4A7C15ull * ((u64)n.step + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    u64 draw = multiply_high(z ^ (z >> 31), nucleus);

    // The part of the ids, then the id, at which the running sum passes the draw.
    for (int i = thread_index(); i < n.listed; i += Threads) {
        u32 id = listed_id(i), k = listed_key(i);
        if (k > key || (k == key && id <= tie)) {
            add_shared(&c.sums[parts.of((int)id)], listed_weight(i));
        }
    }
    sampler_barrier();
    if (thread_index() < parts.count()) {
        c.sums[thread_index()] += parts.members(thread_index());
    }
    u64 remaining = draw + 1; // the running sum must reach it
    int part = find_part(c.sums, c.scan, remaining);
    int end = parts.end(part);
    for (int first = parts.begin(part); first < end; first += 2 * Threads) {
        int id = first + 2 * thread_index();
        u64 weights[2];
#pragma unroll
        for (int i = 0; i < 2; i++) {
            weights[i] = 0;
            if (id + i < end) {
                float logit = load_logit(n.logits + id + i);
                u32 k = key_of(logit);
                int bucket = bucket_of(logit, n.most, n.scale);
                bool member = bucket < n.bucket || (bucket == n.bucket && (k > key || (k == key && (u32)(id + i) <= tie)));
                weights[i] = member ? weight_of(logit, n.most, n.scale) : 0;
            }
        }
        u64 until = block_scan(weights[0] + weights[1], c.scan, all), before = until - weights[1] - weights[0];
        if (before < remaining && remaining <= until) {
            c.chosen = remaining <= before + weights[0] ? id : id + 1;
        }
        if (remaining <= all) {
            break;
        }
        remaining -= all;
    }
    sampler_barrier();
    return c.chosen;
}
