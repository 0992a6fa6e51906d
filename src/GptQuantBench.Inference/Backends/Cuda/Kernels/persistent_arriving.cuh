// How a warp of the persistent kernel gets the words that other blocks hand over: which columns a lane asks for, what four columns look like
// in words, and asking until they are there.
//
// A lane has four neighbouring columns: columns 4 · lane … of the slice, and the same 128 columns further on. Lanes beyond the slice read
// what its last lane reads and write nothing, so that all lanes take the same way.
#pragma once
#include "persistent_product.cuh"

struct Quads {
    i32 first, count, columns; // the slice's first column and quads; of the whole input

    DEVICE Quads(Slice s, int all) : first(s.first * 32), count(minimum(s.count * 32, all - s.first * 32) >> 2), columns(all) {}
    DEVICE static int place(int i) { return lane_index() + 32 * i; }
    DEVICE bool exists(int i) const { return place(i) < count; }

    DEVICE int column(int i) const {
        int c = first + 4 * minimum(place(i), count - 1);
        return c < 0 ? 0 : c;
    }
};

// Four columns in two words of value_word.
struct ValueFour {
    WordPair words;

    DEVICE void load(const u64* from, int column) { words.load(from + (column >> 1)); }
    DEVICE void load_missing(u32 missing, const u64* from, int column) { words.load_missing(missing, from + (column >> 1)); }

    DEVICE u32 missing(u32 epoch) const {
        u32 next = epoch >> 8;
        return (((u32)words.a ^ epoch) | ((u32)(words.a >> 32) ^ next) | ((u32)words.b ^ epoch) | ((u32)(words.b >> 32) ^ next)) & 0xff;
    }

    DEVICE float value(int k) const { return bits_float((u32)((k < 2 ? words.a : words.b) >> (k & 1 ? 32 : 0)) & 0xffffff00u); }
};

// Four columns in two words {epoch, two halves}.
struct PairedFour {
    WordPair words;

    DEVICE void load(const u64* from, int column) { words.load(from + (column >> 1)); }
    DEVICE void load_missing(u32 missing, const u64* from, int column) { words.load_missing(missing, from + (column >> 1)); }
    DEVICE u32 missing(u32 epoch) const { return words.missing(epoch); }
    DEVICE u32 low() const { return (u32)words.a; }
    DEVICE u32 high() const { return (u32)words.b; }
};

// Quads start, start + 1, … of a slice, asked for until they are there.
template <class Four, int N> struct Arriving {
    Four fours[N];

    DEVICE void request(const u64* words, const Quads& quads, int start) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            fours[i].load(words, quads.column(start + i));
        }
    }

    // IsAsked: whether `request` was called before. Whole warps wait.
    template <bool IsAsked> DEVICE void wait(const u64* words, const Quads& quads, int start, u32 epoch, Patience& patience, u32 where) {
        if (!IsAsked) {
            request(words, quads, start);
        }
        u32 tried = 1;
#pragma unroll 1
        for (;; tried++) {
            u32 missing[N], any = 0;
#pragma unroll
            for (int i = 0; i < N; i++) {
                missing[i] = fours[i].missing(epoch);
                any |= missing[i];
            }
            if (warp_all(patience.is_done(any, tried))) {
                break;
            }
#pragma unroll
            for (int i = 0; i < N; i++) {
                fours[i].load_missing(missing[i], words, quads.column(start + i));
            }
        }
        patience.end(tried, where);
    }
};
