// How the weights reach the blocks: the block's rows stream into a ring in shared memory, in the order in which they are multiplied, across
// products, layers and steps, as far ahead as the ring is long. Weights depend on nothing that blocks hand over. The warps ask for them in
// turn, whenever a product has made room, while the block waits for the others.
//
//   stage   up to 24 rows of one matrix, as they lie in device memory, by one copy: a copy costs the warp that asks for it about 130 clocks,
//           however small it is; grouped formats: then the rows' scales, and their minima, from the 16 bytes on in which the first of them lies
//   ring    slots as long as the longest stage; a stage's slot gets the stage that comes as many stages later as there are slots
//   full    a barrier a slot: the weights are there; empty: every warp has read them
#pragma once
#include "persistent_exchange.cuh"

static const int StageRows = 24;        // three tiles
static const int MaxSlots = 32;         // of the ring
static const int MaxStages = 128;       // of a layer and the head
static const int MaxStageBytes = 49152; // unless one row has more

DEVICE u32 shared_address(const void* pointer) {
    u32 address;
    asm("{ .reg .u64 t; cvta.to.shared.u64 t, %1; cvt.u32.u64 %0, t; }" : "=r"(address) : "l"(pointer));
    return address;
}

DEVICE void barrier_start(u32 barrier, int arrivals) { asm volatile("mbarrier.init.shared.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory"); }

DEVICE void barrier_arrive(u32 barrier) {
    asm volatile("{ .reg .b64 state; mbarrier.arrive.shared.b64 state, [%0]; }" ::"r"(barrier) : "memory");
}

template <class Format> DEVICE int scale_bytes(int rows, int groups) { return Format::HasGroups ? (rows * groups * 2 + 31) & ~15 : 0; }

template <class Format> DEVICE int stage_bytes(const Share& s, int rows, int groups) {
    return rows * s.pitch + (Format::HasMinimum ? 2 : 1) * scale_bytes<Format>(rows, groups);
}

// C#: PersistentKernel.StagesRefusal counts the same.
template <class Format> DEVICE Share share_of(const Matrix& m, int block, int blocks, int ringBytes) {
    int pairs = (m.rows + 1) >> 1;
    int begin = (int)((u64)pairs * block / blocks), end = (int)((u64)pairs * (block + 1) / blocks);
    Share s;
    s.first = begin * 2;
    s.rows = minimum(end * 2, m.rows) - s.first;
    s.pitch = m.pitch;
    int most = minimum(MaxStageBytes, ringBytes >> 1) / (s.pitch + (Format::HasMinimum ? 2 : 1) * scale_bytes<Format>(1, m.groups));
    most = minimum(most < 1 ? 1 : most, StageRows);
    s.stageRows = most < 8 ? most : most & ~7; // whole tiles
    return s;
}

// What warps need to know of a stage that is there.
struct alignas(16) StageView {
    u32 at, scales; // shared addresses of the first row's codes and scales
    i32 row;        // of the share
    i32 rows;

    static const i32 Last = 1 << 16; // in rows: the product ends with this stage
};

// A stage; the same in all layers.
struct alignas(16) Stage {
    i32 product;    // 0 to 3, or 4: the head
    i32 row, rows;  // of the share
    u32 codes;      // bytes from the matrix's first row
    u32 codeBytes;
    u32 scales;     // and from its first scale, rounded down to 16
    u32 scaleBytes; // that are copied, a multiple of 16
    u32 skip;       // bytes of them before the first row's
    i32 last;       // StageView::Last if the share ends with it, or 0
    i32 stays;      // in the L2 cache, or 0
};

// keptBytes: of the head's last rows, that stay in the L2 cache from one token to the next.
template <class Format> DEVICE Stage stage_of(const Matrix& m, const Share& s, int product, int number, int keptBytes) {
    Stage stage;
    stage.product = product;
    stage.row = number * s.stageRows;
    stage.rows = minimum(s.stageRows, s.rows - stage.row);
    stage.last = stage.row + stage.rows == s.rows ? StageView::Last : 0;
    u32 row = (u32)(s.first + stage.row);
    stage.codes = row * m.pitch;
    stage.codeBytes = stage.rows * m.pitch;
    stage.stays = product == 4 && (s.rows - stage.row) * m.pitch <= keptBytes;
    stage.scales = stage.scaleBytes = stage.skip = 0;
    if (Format::HasGroups) {
        u32 start = row * m.groups * 2, end = start + stage.rows * m.groups * 2;
        stage.scales = start & ~15u;
        stage.scaleBytes = ((end + 15) & ~15u) - stage.scales;
        stage.skip = start & 15;
    }
    return stage;
}

// A place in the sequence of stages: all layers', the head's, the next step's.
struct Place {
    i32 number; // in the table
    i32 layer;
};

struct Request {
    const u8 *codes, *scales, *minima;
    u32 codeBytes, scaleBytes, minimaAt, to, slot, skip;
    i32 row, rows; // of the view
    bool isBegun;  // a part of it is made
    i32 stays;     // in the L2 cache, or 0
};

// What all warps know of the ring.
struct Ring {
    const PersistentLayer* layers; // shared
    const Stage* stages;           // shared: of a layer, then of the head
    u32 first;                     // shared address
    u32 slots, slotBytes;
    u32 barriers; // [MaxSlots] full, then empty
    u32 views;    // StageView [MaxSlots]
    i32 layerCount, layerStages, allStages;

    DEVICE u32 full(u32 slot) const { return barriers + slot * 8; }
    DEVICE u32 empty(u32 slot) const { return barriers + (MaxSlots + slot) * 8; }

    DEVICE StageView view(u32 slot) const {
        StageView v;
        asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(v.at), "=r"(v.scales), "=r"(v.row), "=r"(v.rows)
                     : "r"(views + slot * 16)
                     : "memory");
        return v;
    }

    DEVICE void prepare() const {
        if (thread_index() < MaxSlots) {
            barrier_start(full(thread_index()), PERSISTENT_BULK ? 1 : 33);
            barrier_start(empty(thread_index()), PersistentWarps);
#if PERSISTENT_BULK
            asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
#endif
        }
    }

    DEVICE void next(Place& p) const {
        p.number++;
        if (p.number == layerStages && p.layer + 1 < layerCount) {
            p.number = 0;
            p.layer++;
        } else if (p.number == allStages) {
            p.number = p.layer = 0;
        }
    }

    // Weights are the first to leave the L2 cache: they are read once a token, and everything else several times. `stays`: these are the last.
    DEVICE static void copy_bulk(u32 to, const void* from, u32 size, u32 barrier, i32 stays) {
        asm volatile(
            "{ .reg .b64 first, last, policy; .reg .pred p; setp.ne.s32 p, %4, 0;"
            " createpolicy.fractional.L2::evict_first.b64 first, 1.0;"
            " createpolicy.fractional.L2::evict_last.b64 last, 1.0;"
            " selp.b64 policy, last, first, p;"
            " cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.L2::cache_hint [%0], [%1], %2, [%3], policy; }" ::"r"(to),
            "l"(from), "r"(size), "r"(barrier), "r"(stays)
            : "memory");
    }

    DEVICE static void copy_sixteens(u32 to, const u8* from, int size) {
        for (int at = lane_index() * 16; at < size; at += 512) {
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to + at), "l"(from + at) : "memory");
        }
    }

    // What asking for a stage takes.
    template <class Format> DEVICE Request prepare(const Place& next, u32 slot) const {
        const Stage s = stages[next.number];
        const Matrix& m = (&layers[s.product == 4 ? layerCount : next.layer].queryKeyValue)[s.product & 3];
        Request r;
        r.codes = m.codes + s.codes;
        r.codeBytes = s.codeBytes;
        r.to = first + slot * slotBytes;
        r.slot = slot;
        r.row = s.row;
        r.rows = s.rows | s.last;
        r.skip = s.skip;
        r.isBegun = false;
        r.stays = s.stays;
        if (Format::HasGroups) {
            r.scales = (const u8*)m.scales + s.scales;
            r.scaleBytes = s.scaleBytes;
        }
        if (Format::HasMinimum) {
            r.minima = (const u8*)m.minima + s.scales;
            r.minimaAt = scale_bytes<Format>(s.rows, m.groups);
        }
        return r;
    }

    // Asks for a stage, whose slot is free; of one warp.
    template <class Format> DEVICE void ask(const Request& r) const {
        int lane = lane_index();
        if (!PERSISTENT_BULK || lane == 0) {
            u32 barrier = full(r.slot), scales = r.to + r.codeBytes;
            if (lane == 0) {
                asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(views + r.slot * 16), "r"(r.to), "r"(scales + r.skip), "r"(r.row), "r"(r.rows)
                             : "memory");
            }
#if PERSISTENT_BULK
            u32 all = r.codeBytes + (Format::HasGroups ? r.scaleBytes : 0) + (Format::HasMinimum ? r.scaleBytes : 0);
            asm volatile("{ .reg .b64 state; mbarrier.arrive.expect_tx.shared.b64 state, [%0], %1; }" ::"r"(barrier), "r"(all) : "memory");
            copy_bulk(r.to, r.codes, r.codeBytes, barrier, r.stays);
            if (Format::HasGroups) {
                copy_bulk(scales, r.scales, r.scaleBytes, barrier, r.stays);
            }
            if (Format::HasMinimum) {
                copy_bulk(scales + r.minimaAt, r.minima, r.scaleBytes, barrier, r.stays);
            }
#else
            copy_sixteens(r.to, r.codes, r.codeBytes);
            if (Format::HasGroups) {
                copy_sixteens(scales, r.scales, r.scaleBytes);
            }
            if (Format::HasMinimum) {
                copy_sixteens(scales + r.minimaAt, r.minima, r.scaleBytes);
            }
            if (lane == 0) {
                barrier_arrive(barrier); // with what it has stored
            }
            asm volatile("cp.async.mbarrier.arrive.noinc.shared.b64 [%0];" ::"r"(barrier) : "memory");
#endif
        }
        warp_barrier();
    }

    // Makes a part of a request, of formats without groups: at most so many bytes. Returns whether that was all.
    DEVICE bool ask_part(Request& r, u32 most) const {
        u32 bytes = r.codeBytes < most ? r.codeBytes : most, barrier = full(r.slot);
        if (lane_index() == 0) {
            if (!r.isBegun) {
                asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(views + r.slot * 16), "r"(r.to), "r"(0), "r"(r.row), "r"(r.rows) : "memory");
                asm volatile("{ .reg .b64 state; mbarrier.arrive.expect_tx.shared.b64 state, [%0], %1; }" ::"r"(barrier), "r"(r.codeBytes) : "memory");
            }
            copy_bulk(r.to, r.codes, bytes, barrier, r.stays);
        }
        warp_barrier();
        r.isBegun = true;
        r.codes += bytes;
        r.to += bytes;
        r.codeBytes -= bytes;
        return r.codeBytes == 0;
    }

    // Without patience: all that it needs is the block's own warps, which come in any case, and the copies.
    DEVICE static void wait(u32 barrier, u32 phase) {
#pragma unroll 1
        while (!warp_all(barrier_over(barrier, phase))) {
        }
    }
};
