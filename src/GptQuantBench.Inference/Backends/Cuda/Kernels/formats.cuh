// How weight matrices lie in device memory, and how 16 bytes of them become FP16 for the matrix unit.
//
// A matrix is [rows = outputs, columns = inputs], row-major, byte for byte as PackedLayout.cs draws it; a row is `pitch` bytes, in
// blocks of 32 columns:
//
//   Fp16          64 bytes a block: halves                            value = weight
//   Int8          32 bytes a block: signed codes −127…127             value = code · FP32 scale[row]
//   Int8Grouped   the same                                            value = code · FP16 scale[row, group]
//   Int4          16 bytes a block: byte j has column j in its low    value = (code − 8) · FP16 scale[row, group]
//   Int4WithMin   nibble and column j + 16 in its high one            value = code · FP16 scale[row, group] + FP16 minimum[row, group]
//
// Groups run along the columns and are 32, 64 or 128 long, so one lane's 16 bytes never straddle two groups.
#pragma once
#include "device.cuh"

// 0x6400 is 1024.0, whose lowest bits count units: with a code u as low byte the half is 1024 + u.
static const u32 Bias = 0x64006400u;        // 1024.0, 1024.0
static const u32 BiasPlus8 = 0x64086408u;   // 1032.0, 1032.0
static const u32 BiasPlus128 = 0x64806480u; // 1152.0, 1152.0

// Bytes 0 and 1 (low) or 2 and 3 (high) of a word, each as the half 1024 + byte.
DEVICE u32 biased_low(u32 bytes) { return permute_bytes(bytes, Bias, 0x7170); }
DEVICE u32 biased_high(u32 bytes) { return permute_bytes(bytes, Bias, 0x7372); }

// Of every format: Weights = weights in 16 bytes; Depth = 16-byte loads of a lane in flight, enough for the bytes of GPT-2's rows;
// unpack = those as Weights / 2 registers of two halves, in column order; scale and
// minimum are the group's, twice in a register; unpack_eight = columns 8 · piece to 8 · piece + 7 of a row; code = one weight before
// scaling.
struct Fp16 {
    static const int Weights = 8, Depth = 4;
    static const bool HasRowScale = false, HasGroups = false, HasMinimum = false;

    DEVICE static void unpack(const vec4& raw, u32, u32, u32* out) {
        out[0] = raw.x;
        out[1] = raw.y;
        out[2] = raw.z;
        out[3] = raw.w;
    }

    DEVICE static void unpack_eight(const u8* row, int piece, u32, u32, u32* out) { unpack(load_constant(row + piece * 16), 0, 0, out); }

    DEVICE static float code(const u8* row, int column) { return half_to_float(((const half_t*)row)[column]); }
};

template <bool Grouped> struct Int8Codes {
    static const int Weights = 16, Depth = 3;
    static const bool HasRowScale = !Grouped, HasGroups = Grouped, HasMinimum = false;

    DEVICE static void unpack_word(u32 raw, u32 scale, u32* out) {
        u32 biased = raw ^ 0x80808080u;
        out[0] = half2_sub(biased_low(biased), BiasPlus128);
        out[1] = half2_sub(biased_high(biased), BiasPlus128);
        if (Grouped) {
            out[0] = half2_mul(out[0], scale);
            out[1] = half2_mul(out[1], scale);
        }
    }

    DEVICE static void unpack(const vec4& raw, u32 scale, u32, u32* out) {
        unpack_word(raw.x, scale, out);
        unpack_word(raw.y, scale, out + 2);
        unpack_word(raw.z, scale, out + 4);
        unpack_word(raw.w, scale, out + 6);
    }

    DEVICE static void unpack_eight(const u8* row, int piece, u32 scale, u32, u32* out) {
        vec2 raw = load_constant8(row + piece * 8);
        unpack_word(raw.x, scale, out);
        unpack_word(raw.y, scale, out + 2);
    }

    DEVICE static float code(const u8* row, int column) { return (float)((const signed char*)row)[column]; }
};
typedef Int8Codes<false> Int8;
typedef Int8Codes<true> Int8Grouped;

template <bool WithMinimum> struct Int4Codes {
    static const int Weights = 32, Depth = 2;
    static const bool HasRowScale = false, HasGroups = true, HasMinimum = WithMinimum;

    DEVICE static u32 scaled(u32 biased, u32 scale, u32 minimum) {
        return WithMinimum ? half2_fma(half2_sub(biased, Bias), scale, minimum) : half2_mul(half2_sub(biased, BiasPlus8), scale);
    }

    // Four columns from the low nibbles, four (16 columns further) from the high ones.
    DEVICE static void unpack_word(u32 raw, u32 scale, u32 minimum, u32* out) {
        u32 low = raw & 0x0f0f0f0fu, high = (raw >> 4) & 0x0f0f0f0fu;
        out[0] = scaled(biased_low(low), scale, minimum);
        out[1] = scaled(biased_high(low), scale, minimum);
        out[8] = scaled(biased_low(high), scale, minimum);
        out[9] = scaled(biased_high(high), scale, minimum);
    }

    // Pieces 0 and 1 of a block are the low nibbles of its two halves, 2 and 3 the high ones.
    DEVICE static void unpack_eight(const u8* row, int piece, u32 scale, u32 minimum, u32* out) {
        vec2 raw = load_constant8(row + (piece >> 2) * 16 + (piece & 1) * 8);
        int shift = (piece & 2) * 2;
        u32 first = (raw.x >> shift) & 0x0f0f0f0fu, second = (raw.y >> shift) & 0x0f0f0f0fu;
        out[0] = scaled(biased_low(first), scale, minimum);
        out[1] = scaled(biased_high(first), scale, minimum);
        out[2] = scaled(biased_low(second), scale, minimum);
        out[3] = scaled(biased_high(second), scale, minimum);
    }

    DEVICE static void unpack(const vec4& raw, u32 scale, u32 minimum, u32* out) {
        unpack_word(raw.x, scale, minimum, out);
        unpack_word(raw.y, scale, minimum, out + 2);
        unpack_word(raw.z, scale, minimum, out + 4);
        unpack_word(raw.w, scale, minimum, out + 6);
    }

    DEVICE static float code(const u8* row, int column) {
        u32 pair = row[(column >> 5) * 16 + (column & 15)];
        int code = (int)((column & 16) ? pair >> 4 : pair & 15u);
        return (float)(WithMinimum ? code : code - 8);
    }
};
typedef Int4Codes<false> Int4;
typedef Int4Codes<true> Int4WithMin;

// One matrix. C#: MatrixView, field for field.
struct Matrix {
    const u8* codes;      // [rows, pitch] bytes
    const void* scales;   // FP32 [rows] (Int8), FP16 [rows, groups] (grouped formats), null (Fp16)
    const half_t* minima; // FP16 [rows, groups] (Int4WithMin), else null
    i32 rows;
    i32 columns;
    i32 pitch;      // bytes from a row to the next
    i32 groups;     // scales in a row
    i32 groupShift; // log2 of the columns that share a scale
};

// The value of one weight in FP32.
template <class Format> DEVICE float weight_value(const Matrix& matrix, int row, int column) {
    float value = Format::code(matrix.codes + (u64)row * matrix.pitch, column);
    if (Format::HasRowScale) {
        value = mul_rn(value, ((const float*)matrix.scales)[row]);
    }
    if (Format::HasGroups) {
        u64 group = (u64)row * matrix.groups + (column >> matrix.groupShift);
        value = mul_rn(value, half_to_float(((const half_t*)matrix.scales)[group]));
        if (Format::HasMinimum) {
            value = add_rn(value, half_to_float(matrix.minima[group]));
        }
    }
    return value;
}
