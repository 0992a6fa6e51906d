// The warp that asks for the weights, on sm_90: the warps that multiply never wait for a request to be made. Stages lie in the ring one behind
// the other, each as long as it is, and not over its end.
//
// While memory is read, a word that blocks hand over takes up to twice as long, and longer where requests pile up: so a stage is asked for in
// parts, which have their clocks (PersistentPace.cs): those of the head hardly more than memory takes, those of the layers more where the blocks'
// own work takes longer, also for keys and values (depthClocks).
#pragma once
#include "persistent_ring.cuh"

#if PERSISTENT_BULK
static const u32 PartBytes = 12288; // a request takes this thread some 200 clocks, however small it is
static const u32 SamplingPause = 10000; // clocks for which nothing is asked for while the blocks sample an id
static const i32 LateClocks = 500;  // how late a part may be without the next ones being put off, too

// A block of LaunchThreads starts with 168 registers a thread. The warps that multiply need more, and the others give them theirs.
DEVICE void registers_down() { asm volatile("setmaxnreg.dec.sync.aligned.u32 40;"); }
DEVICE void registers_up() { asm volatile("setmaxnreg.inc.sync.aligned.u32 232;"); }

// As the one thread sees it that asks.
template <class Format> struct Stream {
    const Ring& ring;            // shared: registers are few
    const volatile u32* stopped; // not 0: nobody reads any more
    u32 slot, oldest, live;      // the next slot, the oldest that is not known to be free, and how many there are from that one on
    u32 phases;                  // bit s: the phase of slot s's barriers
    u32 head;                    // where the next stage may lie, from the ring's first byte
    u32 due;                     // clock at which the next part may be asked for

    // Asks for so many stages, and waits for them: a block must not end before. position: of the first step; depthClocks: of PersistentArguments;
    // pause: clocks behind the head's last part.
    DEVICE void run(u32 stages, u32 position, u32 depthClocks, u32 pause) {
        Place place = {0, 0};
        u32 more = position * depthClocks >> 10;
#pragma unroll 1
        for (; stages; stages--) {
            Request r = ring.template request<Format>(place);
            if (!make_room(r.template room<Format>())) {
                break;
            }
            r.clocks += place.number < ring.layerStages ? more : 0;
            ask(r);
            ring.next(place);
            if (place.number == 0 && place.layer == 0) {
                due += pause;
                more = ++position * depthClocks >> 10;
            }
        }
#pragma unroll 1
        for (; live; live--) {
            while (!barrier_over(ring.full(oldest), phases >> oldest & 1)) {
            }
            free_oldest();
        }
    }

    DEVICE void free_oldest() {
        phases ^= 1u << oldest;
        oldest = (oldest + 1) & (MaxSlots - 1);
    }

    // Frees slots until a stage of so many bytes has its place at `head`; false if nobody reads any more.
    DEVICE bool make_room(u32 bytes) {
#pragma unroll 1
        for (;;) {
            if (live == 0) {
                head = 0;
                return true;
            }
            u32 tail = ring.view(oldest).at - ring.first;
            if (live < ring.slots) {
                if (head > tail && head + bytes > ring.bytes) {
                    head = 0;
                }
                if (head > tail ? head + bytes <= ring.bytes : head + bytes <= tail) {
                    return true;
                }
            }
#pragma unroll 1
            while (!barrier_over(ring.empty(oldest), phases >> oldest & 1)) {
                if (*stopped) {
                    return false;
                }
                asm volatile("nanosleep.u32 40;" ::: "memory");
            }
            free_oldest();
            live--;
        }
    }

    // Its room is free, from `head` on.
    DEVICE void ask(const Request& r) {
        u32 to = ring.first + head, barrier = ring.full(slot), bytes = r.codeBytes;
        ring.show(r, slot, to);
        u32 all = bytes + (Format::HasGroups ? r.scaleBytes : 0) + (Format::HasMinimum ? r.scaleBytes : 0);
        asm volatile("{ .reg .b64 state; mbarrier.arrive.expect_tx.shared.b64 state, [%0], %1; }" ::"r"(barrier), "r"(all) : "memory");
        if (Format::HasGroups) {
            copy(to + bytes, r.scales, r.scaleBytes, barrier, r.stays);
        }
        if (Format::HasMinimum) {
            copy(to + bytes + r.minimaAt, r.minima, r.scaleBytes, barrier, r.stays);
        }
        const u8* from = r.codes;
#pragma unroll 1
        for (;;) {
            u32 now = bytes < PartBytes ? bytes : PartBytes;
            pace(now, r.clocks);
            copy(to, from, now, barrier, r.stays);
            bytes -= now;
            if (bytes == 0) {
                break;
            }
            to += now;
            from += now;
        }
        head += r.template room<Format>();
        slot = (slot + 1) & (MaxSlots - 1);
        live++;
    }

    // Waits until memory has had time for what was asked for before.
    DEVICE void pace(u32 bytes, u32 partClocks) {
        u32 now;
#pragma unroll 1
        do {
            now = clocks();
        } while ((i32)(now - due) < 0 && !*stopped);
        if ((i32)(now - due) > LateClocks) {
            due = now - LateClocks;
        }
        due += bytes * partClocks / PartBytes;
    }

    // Weights are the first to leave the L2 cache: they are read once a token, and everything else several times. `stays`: these are the last.
    DEVICE static void copy(u32 to, const void* from, u32 size, u32 barrier, i32 stays) {
        asm volatile(
            "{ .reg .b64 first, last, policy; .reg .pred p; setp.ne.s32 p, %4, 0;"
            " createpolicy.fractional.L2::evict_first.b64 first, 1.0;"
            " createpolicy.fractional.L2::evict_last.b64 last, 1.0;"
            " selp.b64 policy, last, first, p;"
            " cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], policy; }" ::"r"(to),
            "l"(from), "r"(size), "r"(barrier), "r"(stays)
            : "memory");
    }
};
#endif
