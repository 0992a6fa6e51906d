// Weights to FP16 word by word, for the products by the tensor copy engine: fewer registers at a time than unpacking 16 bytes, and in 4-bit
// 12 instructions for 8 weights in place of 15.
#pragma once
#include "formats.cuh"

// Two words of a lane's 16 bytes as halves: pieces of 8 columns. `offset`: what code 0 is worth.
template <class Format> struct Words {
    static const int Pieces = 1; // of half h: h

    DEVICE static u32 offset_of(u32, u32) { return 0; }
    DEVICE static void unpack(u32 raw, u32 scale, u32, u32* out) { Format::unpack_word(raw, scale, out); }
};

template <bool WithMinimum> struct Words<Int4Codes<WithMinimum>> {
    static const int Pieces = 2; // of half h: h, the low nibbles, and h + 2

    DEVICE static u32 offset_of(u32 scale, u32 minimum) { return WithMinimum ? minimum : half2_mul(scale, 0xc800c800u); } // · −8

    // A byte below 0x54 is the half 64 + high nibble + low nibble / 16, from which both come without rounding and without a shift.
    DEVICE static void unpack_two(u32 bytes, u32 scale, u32 offset, u32& low, u32& high) {
        u32 isLow = bytes & 0x540f540fu; // 64 + low / 16
        u32 code = half2_fma(isLow, 0x4c004c00u, WithMinimum ? 0xe400e400u : 0xe408e408u); // · 16 − 1024 or − 1032
        low = WithMinimum ? half2_fma(code, scale, offset) : half2_mul(code, scale);
        high = half2_fma(half2_sub(bytes, isLow), scale, offset);
    }

    DEVICE static void unpack(u32 raw, u32 scale, u32 offset, u32* out) {
        unpack_two(permute_bytes(raw, 0x54545454u, 0x7170), scale, offset, out[0], out[8]);
        unpack_two(permute_bytes(raw, 0x54545454u, 0x7372), scale, offset, out[1], out[9]);
    }
};
