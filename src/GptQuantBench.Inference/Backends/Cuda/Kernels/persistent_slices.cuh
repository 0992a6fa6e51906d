// Which columns a warp of the persistent kernel multiplies, where their activations lie in shared memory, and how lanes get those that go with
// their weights. Nothing here asks for a GPU by itself: a test runs it on the host.
//
//   activations   FP16, of every warp its slice, padded with zeros to whole chunks. Of a chunk's 256 bytes, 16 at a time, those of the second half
//                 are swapped in pairs (activation_place): so the lanes that read together meet at no bank in any format
#pragma once
#include "persistent_exchange.cuh"

// This warp's columns of a product's input, in blocks of 32.
struct Slice {
    i32 first, count;

    DEVICE int chunks() const { return (count + 3) >> 2; }
};

DEVICE Slice slice_of(int columns) {
    int blocks = (columns + 31) >> 5, warp = warp_index();
    int first = blocks * warp / PersistentWarps;
    return {first, blocks * (warp + 1) / PersistentWarps - first};
}

// The same in whole chunks from the second warp on, where no warp has more of them by that: the first one, which hands over what the warps
// have multiplied, is late for the next product, and then has no part in it.
DEVICE Slice late_slice_of(int columns) {
    int blocks = (columns + 31) >> 5, each = 4 * ((blocks + 31) >> 5), first = each * (warp_index() - 1);
    if (each * (PersistentWarps - 1) < blocks) {
        return slice_of(columns);
    }
    return {first < 0 ? 0 : first, first < 0 || first > blocks ? 0 : minimum(each, blocks - first)};
}

// Bytes of a warp's activations. C#: PersistentShape counts the same.
DEVICE int slice_bytes(int columns) {
    int blocks = (columns + 31) >> 5, most = (blocks + PersistentWarps - 1) / PersistentWarps;
    return ((most + 3) & ~3) * 64;
}

// How a lane's pieces of a chunk lie.
template <class Format> struct Pieces {
    static const int Loads = 32 / Format::Weights; // pieces of a lane
    static const int Each = Format::Weights / 2;   // registers of two halves

    // Piece i's number among the lane's.
    DEVICE static int number(int i) { return Loads > 1 ? i ^ (lane_index() >> 2 & 1) : i; }
};

DEVICE void load_four(u32 address, u32* out) {
    vec4 v = load_shared_vector(address);
    out[0] = v.x;
    out[1] = v.y;
    out[2] = v.z;
    out[3] = v.w;
}

// Where byte `at` of a chunk's activations lies in it.
DEVICE u32 activation_place(u32 at) { return at ^ (at >> 3 & 16); }

// Activations of a chunk that go with a lane's 32 weights. `chunk`: its shared address.
template <class Format> DEVICE void load_inputs(u32 chunk, u32 (&x)[16]) {
    typedef Pieces<Format> P;
    int q = lane_index() & 3;
#pragma unroll
    for (int i = 0; i < P::Loads; i++) {
        u32 at = (P::number(i) * 4 + q) * Format::Weights * 2;
#pragma unroll
        for (int k = 0; k < P::Each; k += 4) {
            load_four(chunk + activation_place(at + 4 * k), x + i * P::Each + k);
        }
    }
}

// Those of load_half_inputs, from all.
DEVICE void half_inputs(const u32 (&x)[16], u32 (&y)[8]) {
    bool isSecond = lane_index() & 16;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        u32 first = x[i], second = x[8 + i];
        y[i] = isSecond ? second : first;
    }
}

// The half of them that goes with this lane's column of B where A has eight rows.
template <class Format> DEVICE void load_half_inputs(u32 chunk, u32 (&x)[8]) {
    typedef Pieces<Format> P;
    int q = lane_index() & 3, half = lane_index() >> 4;
    if (P::Loads == 1) {
        load_four(chunk + activation_place(q * 64 + half * 32), x);
        load_four(chunk + activation_place(q * 64 + half * 32 + 16), x + 4);
        return;
    }
#pragma unroll
    for (int i = 0; i < P::Loads / 2; i++) {
        u32 at = (P::number(P::Loads / 2 * half + i) * 4 + q) * Format::Weights * 2;
#pragma unroll
        for (int k = 0; k < P::Each; k += 4) {
            load_four(chunk + activation_place(at + 4 * k), x + i * P::Each + k);
        }
    }
}
