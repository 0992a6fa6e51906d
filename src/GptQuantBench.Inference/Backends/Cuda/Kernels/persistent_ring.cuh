// How the weights reach the blocks: the block's rows stream into a ring in shared memory, in the order in which they are multiplied, across
// products, layers and steps, as far ahead as the ring is long. Weights depend on nothing that blocks hand over.
//
//   stage   some rows of one matrix, as they lie in device memory; grouped formats: then the rows' scales, and their minima, from the 16
//           bytes on in which the first of them lies
//   slot    a stage's barriers and its view. full: the weights are there; empty: every warp has read them
//
// On sm_90 a warp of its own asks for the stages (persistent_stream.cuh); elsewhere the warps that multiply ask in turn (persistent_turns.cuh).
#pragma once
#include "persistent_exchange.cuh"

static const int MaxSlots = 32;   // of the ring; a power of two
static const int FullArrivals = PERSISTENT_BULK ? 1 : 33; // who asks; elsewhere what every lane of its warp has copied, too
static const int MaxStages = 128; // of a layer and the head

// How long a stage may be. Bytes: unless one row has more. C#: PersistentShape counts the same.
template <int UpTiles> struct DecodeStages {
    static const int Rows = 24, UpRows = 8 * UpTiles, Bytes = 53248;
};
struct PromptStages {
    static const int Rows = 32, UpRows = Rows, Bytes = 92160; // two tiles; long, because the input is loaded again for every stage
};

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

// mostRows, mostBytes: of a stage.
template <class Format> DEVICE Share share_of(const Matrix& m, int block, int blocks, int mostRows, int mostBytes) {
    Share s;
    i32 end;
    rows_of_block(m.rows, block, blocks, s.first, end);
    s.rows = end - s.first;
    s.pitch = m.pitch;
    int most = mostBytes / (s.pitch + (Format::HasMinimum ? 2 : 1) * scale_bytes<Format>(1, m.groups));
    most = minimum(most < 1 ? 1 : most, mostRows);
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
    u32 clocks;     // that memory is given for a part of it to every block (persistent_stream.cuh)
};

// keptBytes: of the head's last rows, that stay in the L2 cache from one token to the next.
template <class Format> DEVICE Stage stage_of(const Matrix& m, const Share& s, int product, int number, int keptBytes, u32 clocks) {
    Stage stage;
    stage.product = product;
    stage.row = number * s.stageRows;
    stage.rows = minimum(s.stageRows, s.rows - stage.row);
    stage.last = stage.row + stage.rows == s.rows ? StageView::Last : 0;
    u32 row = (u32)(s.first + stage.row);
    stage.codes = row * m.pitch;
    stage.codeBytes = stage.rows * m.pitch;
    stage.stays = product == 4 && (s.rows - stage.row) * m.pitch <= keptBytes;
    stage.clocks = clocks;
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

// A stage that is asked for.
struct Request {
    const u8 *codes, *scales, *minima;
    u32 codeBytes, scaleBytes, minimaAt, skip;
    i32 row, rows; // of the view
    i32 stays;     // in the L2 cache, or 0
    u32 clocks;    // of Stage

    // Bytes of the ring, where stages lie one behind the other.
    template <class Format> DEVICE u32 room() const {
        return (codeBytes + (Format::HasMinimum ? minimaAt : 0) + (Format::HasGroups ? scaleBytes : 0) + 127) & ~127u;
    }
};

// What all warps know of the ring.
struct Ring {
    const PersistentLayer* layers; // shared
    const Stage* stages;           // shared: of a layer, then of the head
    u32 first, bytes;              // shared address
    u32 slots, slotBytes;          // slotBytes: where every slot is as long as the longest stage
    u32 barriers;                  // [MaxSlots] full, then empty
    u32 views;                     // StageView [MaxSlots]
    i32 layerCount, layerStages, allStages;

    DEVICE u32 stages_of(int steps) const { return (u32)steps * (layerCount * layerStages + allStages - layerStages); }
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
            barrier_start(full(thread_index()), FullArrivals);
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

    // What asking for a stage takes.
    template <class Format> DEVICE Request request(const Place& next) const {
        const Stage s = stages[next.number];
        const Matrix& m = (&layers[s.product == 4 ? layerCount : next.layer].queryKeyValue)[s.product & 3];
        Request r;
        r.codes = m.codes + s.codes;
        r.codeBytes = s.codeBytes;
        r.row = s.row;
        r.rows = s.rows | s.last;
        r.skip = s.skip;
        r.stays = s.stays;
        r.clocks = s.clocks;
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

    // For who waits for the slot. to: shared address of the stage's first row.
    DEVICE void show(const Request& r, u32 slot, u32 to) const {
        asm volatile("st.shared.v4.u32 [%0], {%1, %2, %3, %4};" ::"r"(views + slot * 16), "r"(to), "r"(to + r.codeBytes + r.skip), "r"(r.row), "r"(r.rows)
                     : "memory");
    }

    // Without patience: all that it needs is the block's own warps, which come in any case, and the copies.
    DEVICE static void wait(u32 barrier, u32 phase) {
#pragma unroll 1
        while (!warp_all(barrier_over(barrier, phase))) {
        }
    }
};
