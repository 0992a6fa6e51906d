// Keys and values on their way into the L2 cache, a layer before attention reads them there: from memory they would come later than the query.
// Nothing here asks for a GPU by itself: a test runs it on the host.
#pragma once
#include "persistent_exchange.cuh"

// Of the block's first item of attention (attend_item): a lane's line of 128 bytes, the first sixteen lanes' of the warp's keys and the others' of
// its values. Every block has one of four places in a layer at which it asks, so that memory is not asked for all of them at once.
struct CacheAhead {
    static const int Places = 4;
    u32 line;       // halves from the layer's first key or value
    i32 position;   // of the line's first half
    i32 place, now; // of the block; the same, or −1 in steps that do not read the line

    DEVICE CacheAhead(const PersistentArguments& a) {
        int block = block_x(), range = block / a.heads, lane = lane_index();
        u32 within = warp_index() * 1024 + (lane & 15) * 64, first = range * 8192;
        line = (u32)((block - range * a.heads) * a.capacity * a.headSize) + first + within;
        position = (i32)(first + within) / a.headSize;
        place = block & (Places - 1);
        now = -1;
    }

    // newest: the position that the step reads and that is not in the cache.
    DEVICE void begin(int newest) { now = position < newest ? place : -1; }

    // At a place of the layer before this one.
    DEVICE void ask(int at, const PersistentLayer& layer) const {
        if (at == now) {
            prefetch_line((&layer.keys)[lane_index() >> 4] + line);
        }
    }
};
