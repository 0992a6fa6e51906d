// Asking for the weights where no warp does nothing else: who multiplies asks, in turn, whenever a product has made room. All slots of the
// ring are as long as the longest stage; a stage's slot gets the stage that comes as many stages later as there are slots.
#pragma once
#include "persistent_ring.cuh"

#if PERSISTENT_BULK
// Nothing to do: persistent_stream.cuh.
template <class Format> struct Turns {
    DEVICE static Turns of(const Ring&, u32) { return {}; }
    DEVICE void start() {}
    DEVICE void advance(bool, u32, u32) {}
    DEVICE void pass(u32, u32) {}
    DEVICE void ask() {}
    DEVICE void drain(u32, u32) {}
};
#else
// In 4-bit little is on its way, and a slot of the ring has time: it is asked for when the next stage has been left too.
template <class Format> static const bool AsksLate = Format::Weights == 32;

// As one warp sees it.
template <class Format> struct Turns {
    const Ring& ring;
    Place ahead;  // the stage that comes as many later as there are slots
    Request next; // that this warp has yet to make
    u32 nextSlot;
    u32 freed; // phase of that slot
    u32 left;  // stages from the present one on
    bool isPending;

    // stages: of all steps.
    DEVICE static Turns of(const Ring& ring, u32 stages) { return {ring, {0, 0}, {}, 0, 0, stages, false}; }

    // Asks for the first stages.
    DEVICE void start() {
        for (u32 i = 0; i < ring.slots && i < left; i++) {
            if (warp_index() == 0) {
                ask(ring.template request<Format>(ahead), i);
            }
            ring.next(ahead);
        }
    }

    // The product goes on from this slot. `asks`: whether it is this warp that asks for the stage that gets the slot, which all warps have read.
    DEVICE void advance(bool asks, u32 slot, u32 phase) {
        if (asks && left > ring.slots) {
            if constexpr (AsksLate<Format>) {
                this->ask();
                freed = phase;
            }
            next = ring.template request<Format>(ahead);
            nextSlot = slot;
            isPending = true;
        }
        ring.next(ahead);
        left--;
    }

    // The same inside a product. Where there is time, the slot is asked for when the next stage has been left too, so that nobody waits for the
    // other warps.
    DEVICE void pass(u32 slot, u32 phase) {
        bool asks = warp_index() == (int)(slot & (PersistentWarps - 1));
        if constexpr (AsksLate<Format>) {
            if (isPending) {
                Ring::wait(ring.empty(nextSlot), freed);
                this->ask();
            }
            advance(asks, slot, phase);
        } else {
            if (asks) {
                Ring::wait(ring.empty(slot), phase);
            }
            advance(asks, slot, phase);
            this->ask();
        }
    }

    // Waits for what is on its way: a block must not end before. slot, phase: of the present stage.
    DEVICE void drain(u32 slot, u32 phase) {
        ask();
        for (u32 i = 0; i < ring.slots && i < left; i++) {
            Ring::wait(ring.full(slot), phase);
            if (++slot == ring.slots) {
                slot = 0;
                phase ^= 1;
            }
        }
    }

    // Makes the request.
    DEVICE void ask() {
        if (isPending) {
            ask(next, nextSlot);
            isPending = false;
        }
    }

    // Asks for a stage, whose slot is free; of a whole warp.
    DEVICE void ask(const Request& r, u32 slot) const {
        u32 to = ring.first + slot * ring.slotBytes, barrier = ring.full(slot);
        if (lane_index() == 0) {
            ring.show(r, slot, to);
        }
        copy(to, r.codes, r.codeBytes);
        if (Format::HasGroups) {
            copy(to + r.codeBytes, r.scales, r.scaleBytes);
        }
        if (Format::HasMinimum) {
            copy(to + r.codeBytes + r.minimaAt, r.minima, r.scaleBytes);
        }
        if (lane_index() == 0) {
            barrier_arrive(barrier); // with what it has stored
        }
        asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(barrier) : "memory");
        warp_barrier();
    }

    DEVICE static void copy(u32 to, const u8* from, int size) {
        for (int at = lane_index() * 16; at < size; at += 512) {
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to + at), "l"(from + at) : "memory");
        }
    }
};
#endif
