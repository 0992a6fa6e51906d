// How blocks of the persistent kernel hand over results and wait for them.
#pragma once
#include "persistent_arguments.cuh"

DEVICE int lane_index() { return thread_index() & 31; }
DEVICE int warp_index() { return thread_index() >> 5; }

DEVICE u32 clocks() {
    u32 t;
    asm volatile("mov.u32 %0, %%clock;" : "=r"(t));
    return t;
}

DEVICE u64 nanoseconds() {
    u64 t;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
    return t;
}

DEVICE u32 pack_halves(float low, float high) {
    u32 r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}

// Two neighbouring words; each is whole by itself.
struct WordPair {
    u64 a, b;

    DEVICE void load(const u64* address) { load_pair(address, a, b); }

    DEVICE void load_missing(u32 missing, const u64* address) { load_missing_pair(missing, address, a, b); }

    DEVICE void store(u64* address) const { store_pair(address, a, b); }

    // 0 if both are of this epoch; no branches, as && would make them.
    DEVICE u32 missing(u32 epoch) const { return ((u32)(a >> 32) ^ epoch) | ((u32)(b >> 32) ^ epoch); }
};

// {epoch, payload}: for words that are not written in every layer, and for those of which few are read.
DEVICE u64 word(u32 epoch, u32 payload) { return ((u64)epoch << 32) | payload; }

// The value rounded to sixteen bits, so that the last eight of a float's are 0; no compiler fuses these operations.
DEVICE float round_to_sixteen(float value) {
    float more = mul_rn(value, 257.0f);
    return add_rn(more, -add_rn(more, -value));
}

// Two values, each without its last eight bits, where sixteen of the epoch are; the error is below 2⁻¹⁶ of the value, and that of the
// activations which it becomes 2⁻¹¹.
DEVICE u64 value_word(u32 epoch, float first, float second) {
    return (u64)permute_bytes(float_bits(round_to_sixteen(second)), epoch, 0x3215) << 32 |
        permute_bytes(float_bits(round_to_sixteen(first)), epoch, 0x3214);
}

// Of the block; sampler_barrier of sample.cuh is the same one.
DEVICE void compute_barrier() { barrier_of_256(); }

// Whether the phase of this parity is over, of a barrier in shared memory; returns at once.
DEVICE bool barrier_over(u32 barrier, u32 parity) {
    u32 over;
    asm volatile("{ .reg .pred p; mbarrier.test_wait.parity.shared.b64 p, [%1], %2; selp.u32 %0, 1, 0, p; }"
                 : "=r"(over)
                 : "r"(barrier), "r"(parity)
                 : "memory");
    return over != 0;
}

// Ends waits that take too long: a wait is over after `tries` loads. A thread that has given up goes on with whatever it reads, so that all
// threads meet at the block's barriers, and the step's last barrier ends the kernel. Tries and not time, because tools that slow a kernel
// down slow the tries down with it.
struct Patience {
    u32 tries; // 0 once given up
    u32 lost;  // 0, or where: Waits | layer << 8

    // For loops with a way out of their own beside the last: where registers are scarce (the wide kernel for prompts) they cost fewer.
    DEVICE bool is_over(u32& tried, u32 where) {
        if (++tried <= tries) {
            return false;
        }
        end(tried, where);
        return true;
    }

    // Whole warps wait, until `missing`, which looks again, is 0 in all lanes.
    template <class Look> DEVICE void wait(Look missing, u32 where) {
        u32 tried = 1;
#pragma unroll 1
        while (!warp_all(is_done(missing(), tried))) {
            tried++;
        }
        end(tried, where);
    }

    // For loops that whole warps leave together. One way out alone: behind two, the compilers take a warp's lanes for scattered.
    DEVICE bool is_done(u32 missing, u32 tried) const { return missing == 0 || tried > tries; }

    // Behind such a loop.
    DEVICE void end(u32 tried, u32 where) {
        bool isOver = tried > tries;
        lost = isOver && tries ? where : lost;
        tries = isOver ? 0 : tries;
    }

    // As wait, for one lane.
    template <class Look> DEVICE void wait_alone(Look missing, u32 where) {
        u32 tried = 0;
#pragma unroll 1
        while (missing() && !is_over(tried, where)) {
        }
    }

    // Tells the host where this thread has given up. The earliest place stays, because later waits fail where an earlier one has.
    DEVICE void report(u64* fault, u32 step) const {
        if (lost) {
            u64 mine = ((u64)(step & 0xffff) << 48) | ((u64)(u32)block_x() << 32) | lost, seen = 0;
            for (;;) {
                u64 there = compare_and_swap(fault, seen, mine);
                if (there == seen || order(there) <= order(mine)) {
                    break;
                }
                seen = there;
            }
        }
    }

    // Of faults, by when a step comes to them. What the layer before has added is waited for at a layer's begin, and all behind the layers has none.
    DEVICE static u64 order(u64 fault) {
        u32 wait = (u32)fault & 0xff, layer = (u32)fault >> 8;
        u32 within = wait >= WaitBest ? 0xffffff00u | wait : layer << 8 | (wait == WaitForward ? 0 : wait);
        return (fault >> 48) << 32 | within;
    }
};
