// The warp of a block of tiled_bulk.cuh that asks for stages and boxes of scales.
#pragma once
#include "tiled_bulk_arguments.cuh"

template <class Tile> struct BulkProducer {
    const Tile& t;
    typename Tile::Run stages;
    int scaleSlot;

    DEVICE void start() {
        if (t.lane == 0) {
            for (int i = 0; i < t.b.ring; i++) {
                barrier_start(t.full + i * 8, 33); // one for the bytes of the box, and a warp's copies
                barrier_start(t.empty + i * 8, t.warps);
            }
            for (int i = 0; i < t.b.scaleRing; i++) {
                barrier_start(t.scalesFull + i * 8, 1);
            }
            barriers_are_started();
        }
        warp_barrier();
        for (int i = 0; i < t.b.ring && i < stages.count; i++) {
            request_constants(i, i);
        }
    }

    // All that no earlier kernel writes.
    DEVICE void request_constants(int i, int slot) {
        if (t.lane == 0) {
            int stage = stages.at(i);
            barrier_expect(t.full + slot * 8, t.tileRows * Tile::RowBytes);
            copy_box(t.slots + slot * t.slotBytes, t.maps, stage * Tile::RowBytes, t.firstRow, t.full + slot * 8);
            if (t.opens_box(i)) {
                u32 to = t.scales + scaleSlot * t.scaleBytes * Tile::Arrays, barrier = t.scalesFull + scaleSlot * 8;
                int group = (stage >> t.scaleShift) * Tile::ScaleGroups;
                barrier_expect(barrier, t.scaleBytes * Tile::Arrays);
                copy_box(to, t.maps + sizeof(TensorMap), group, t.firstRow, barrier);
                if (Tile::Arrays > 1) {
                    copy_box(to + t.scaleBytes, t.maps + 2 * sizeof(TensorMap), group, t.firstRow, barrier);
                }
                scaleSlot = scaleSlot + 1 == t.b.scaleRing ? 0 : scaleSlot + 1;
            }
        }
        warp_barrier();
    }

    DEVICE void request_inputs(int i, int slot) const {
        int piece = t.lane % Tile::TokenPieces, token = t.lane / Tile::TokenPieces, column = stages.at(i) * Tile::Columns + piece * 8;
        u32 bytes = column < t.a.inputPitch ? 16 : 0;
        const half_t* from = t.a.input + (bytes ? column : 0);
        u32 to = t.slots + slot * t.slotBytes + t.tileRows * Tile::RowBytes;
#pragma unroll
        for (int line = token; line < Tile::Tokens; line += Tile::TokensApart) {
            if (line < t.a.tokens) {
                copy16(to + line * Tile::TokenBytes + Tile::place(piece, line) * 16, from + (u64)line * t.a.inputPitch, bytes);
            }
        }
        barrier_arrive_with_copies(t.full + slot * 8);
    }

    DEVICE void run() {
        int ring = t.b.ring, ahead = minimum(ring, stages.count), slot = 0;
        u32 parity = 0;
        wait_for_previous_kernel();
        if (stages.count - t.b.early < ring) {
            let_next_kernel_start();
        }
#pragma unroll 1
        for (int i = 0; i < ahead; i++) {
            request_inputs(i, i);
        }
#pragma unroll 1
        for (int i = ring; i < stages.count; i++) {
            if (i == stages.count - t.b.early) {
                let_next_kernel_start();
            }
            barrier_wait(t.empty + slot * 8, parity);
            request_constants(i, slot);
            request_inputs(i, slot);
            if (++slot == ring) {
                slot = 0;
                parity ^= 1;
            }
        }
        wait_for_copies<0>();
    }
};
