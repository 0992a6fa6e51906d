// Weights as a checkpoint has them to weights as the products read them, by the rules of RowPacker.cs, bit for bit: every division is
// an IEEE division, every rounding goes to the nearest, ties to even.
//
//   checkpoint tensor ──widen──▶ FP32 [outputs, inputs] (scratch) ──pack_*──▶ codes, scales, minima (formats.cuh)
//
// What is wrong with a tensor's values is OR-ed into its word of `faults`; the host reads all words once, at the end of the load.
#include "device.cuh"

static const u32 NotFinite = 1; // NaN or infinity
static const u32 TooLarge = 2;  // a value or scale beyond FP16's largest

enum Source { Float32 = 0, Float16 = 1, BFloat16 = 2 };

DEVICE float read_source(const void* source, i32 type, u64 index) {
    if (type == Float32) {
        return ((const float*)source)[index];
    }
    half_t bits = ((const half_t*)source)[index];
    return type == Float16 ? half_to_float(bits) : bits_float((u32)bits << 16);
}

// FP32 [rows, columns] of a tensor stored [rows, columns].
// Launch: any grid, block = 256. No shared memory.
KERNEL(256) widen(
    const void* source, // `type` [rows, columns]
    float* out,         // FP32 [rows, columns]
    u32* faults, u64 count, i32 type) {
    u32 fault = 0;
    for (u64 i = (u64)block_x() * block_size() + thread_index(); i < count; i += (u64)grid_x() * block_size()) {
        float value = read_source(source, type, i);
        fault |= is_finite(value) ? 0 : NotFinite;
        out[i] = value;
    }
    if (fault) {
        atomic_or(faults, fault);
    }
}

// FP32 [outputs, inputs] of a tensor stored [inputs, outputs], in tiles of 32 × 32 through shared memory.
//
//      inputs →                outputs →
//   o ┌────────┐            i ┌────────┐
//   u │  tile  │    from    n │  tile  │   read along outputs, written along inputs: both in whole lines
//   t └────────┘            p └────────┘
//
// Launch: grid = (⌈outputs / 32⌉, ⌈inputs / 32⌉), block = 256. Shared memory: 4.2 KB.
KERNEL(256) widen_transposed(
    const void* source, // `type` [inputs, outputs]
    float* out,         // FP32 [outputs, inputs]
    u32* faults, i32 inputs, i32 outputs, i32 type) {
    __shared__ float tile[32][33];
    int x = thread_index() & 31, y = thread_index() >> 5;
    u32 fault = 0;
    for (int i = y; i < 32; i += 8) {
        int input = block_y() * 32 + i, output = block_x() * 32 + x;
        if (input < inputs && output < outputs) {
            float value = read_source(source, type, (u64)input * outputs + output);
            fault |= is_finite(value) ? 0 : NotFinite;
            tile[i][x] = value;
        }
    }
    if (fault) {
        atomic_or(faults, fault);
    }
    block_barrier();
    for (int i = y; i < 32; i += 8) {
        int output = block_x() * 32 + i, input = block_y() * 32 + x;
        if (input < inputs && output < outputs) {
            out[(u64)output * inputs + input] = tile[x][i];
        }
    }
}

// Halves; zero beyond the columns.
// Launch: grid = rows, block = 256. No shared memory.
KERNEL(256) pack_fp16(
    const float* values, // FP32 [rows, columns]
    half_t* out,         // FP16 [rows, pitch]
    u32* faults, i32 columns, i32 pitch) {
    u32 fault = 0;
    for (int i = thread_index(); i < pitch; i += block_size()) {
        float value = i < columns ? values[(u64)block_x() * columns + i] : 0.0f;
        fault |= absolute(value) > 65504.0f ? TooLarge : 0;
        out[(u64)block_x() * pitch + i] = float_to_half(value);
    }
    if (fault) {
        atomic_or(faults, fault);
    }
}

DEVICE int clamped_code(float value, float scale, float minimum, float offset, float lowest, float highest) {
    float code = add_rn(round_even(div_rn(add_rn(value, -minimum), scale)), offset);
    code = code < lowest ? lowest : code;
    return (int)(code > highest ? highest : code);
}

// Largest magnitude of a warp's values.
DEVICE float warp_magnitude(float magnitude) {
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        magnitude = maximum(magnitude, shuffle_xor(magnitude, offset));
    }
    return magnitude;
}

// 8 bits, FP32 scale = absmax / 127 for the row.
// Launch: grid = rows, block = 32 (one warp a row). No shared memory.
KERNEL(32) pack_int8(
    const float* values, // FP32 [rows, columns]
    signed char* codes,  // [rows, pitch], 0 beyond columns
    float* scales,       // FP32 [rows]
    i32 columns, i32 pitch) {
    const float* row = values + (u64)block_x() * columns;
    int lane = thread_index();
    float magnitude = 0;
    for (int i = lane; i < columns; i += 32) {
        magnitude = maximum(magnitude, absolute(row[i]));
    }
    float scale = div_rn(warp_magnitude(magnitude), 127.0f);
    if (lane == 0) {
        scales[block_x()] = scale;
    }
    for (int i = lane; i < pitch; i += 32) {
        float value = i < columns ? row[i] : 0.0f;
        codes[(u64)block_x() * pitch + i] = (signed char)(scale != 0.0f ? clamped_code(value, scale, 0, 0, -127, 127) : 0);
    }
}

// Formats with FP16 scales for groups of 32, 64 or 128 columns: 8 bits symmetric, 4 bits symmetric, 4 bits with a minimum.
//
//   lane l of the row's warp has column 32·b + l of block b; a 4-bit byte joins lanes j and j + 16
//
enum Grouped { Bits8, Bits4, Bits4WithMinimum };

template <int Kind> DEVICE void pack_groups(
    const float* values, // FP32 [rows, columns]
    u8* codes,           // [rows, pitch]
    half_t* scales,      // FP16 [rows, groups]
    half_t* minima,      // FP16 [rows, groups] (Bits4WithMinimum)
    u32* faults, i32 columns, i32 pitch, i32 groups, i32 groupShift) {
    const float* row = values + (u64)block_x() * columns;
    u8* rowCodes = codes + (u64)block_x() * pitch;
    int lane = thread_index();
    int size = 1 << groupShift;
    for (int group = 0; group < groups; group++) {
        int begin = group << groupShift;
        int end = minimum(begin + size, (columns + 31) & ~31);
        u64 largest = 0; // magnitude << 32 | ~column: the first of several
        u32 low = 0xffffffffu, high = 0;
        for (int i = begin + lane; i < end && i < columns; i += 32) {
            u64 key = ((u64)float_bits(absolute(row[i])) << 32) | (u32)~i;
            largest = key > largest ? key : largest;
            u32 ordered = ordered_bits(row[i]);
            low = ordered < low ? ordered : low;
            high = ordered > high ? ordered : high;
        }
        float scale, least = 0;
        if (Kind == Bits4WithMinimum) {
            high = (u32)(warp_max((u64)high));
            low = ~(u32)(warp_max((u64)~low & 0xffffffffu));
            float smallest = ordered_float(low);
            float range = div_rn(add_rn(ordered_float(high), -smallest), 15.0f);
            half_t roundedLeast = float_to_half(smallest), roundedScale = float_to_half(range);
            scale = half_to_float(roundedScale);
            least = half_to_float(roundedLeast);
            if (lane == 0) {
                scales[(u64)block_x() * groups + group] = roundedScale;
                minima[(u64)block_x() * groups + group] = roundedLeast;
            }
        } else {
            float value = row[~(u32)warp_max(largest)];
            half_t rounded = float_to_half(Kind == Bits8 ? div_rn(absolute(value), 127.0f) : div_rn(value, -8.0f));
            scale = half_to_float(rounded);
            if (lane == 0) {
                scales[(u64)block_x() * groups + group] = rounded;
            }
        }
        if (lane == 0 && (!is_finite(scale) || !is_finite(least))) {
            atomic_or(faults, TooLarge);
        }
        for (int i = begin + lane; i < end; i += 32) {
            float value = i < columns ? row[i] : 0.0f;
            int code;
            if (Kind == Bits8) {
                code = scale != 0.0f ? clamped_code(value, scale, 0, 0, -127, 127) : 0;
                rowCodes[i] = (u8)code;
                continue;
            }
            if (Kind == Bits4) {
                code = scale != 0.0f ? clamped_code(value, scale, 0, 8, 0, 15) : 8;
            } else {
                code = scale != 0.0f && i < columns ? clamped_code(value, scale, least, 0, 0, 15) : 0;
            }
            u32 partner = shuffle_xor((u32)code, 16);
            if (lane < 16) {
                rowCodes[(i >> 5) * 16 + lane] = (u8)((u32)code | partner << 4);
            }
        }
    }
}

// Each: launch: grid = rows, block = 32 (one warp a row). No shared memory. Parameters: pack_groups.
KERNEL(32) pack_int8_grouped(
    const float* values, u8* codes, half_t* scales, half_t* minima, u32* faults, i32 columns, i32 pitch, i32 groups, i32 groupShift) {
    pack_groups<Bits8>(values, codes, scales, minima, faults, columns, pitch, groups, groupShift);
}

KERNEL(32) pack_int4(
    const float* values, u8* codes, half_t* scales, half_t* minima, u32* faults, i32 columns, i32 pitch, i32 groups, i32 groupShift) {
    pack_groups<Bits4>(values, codes, scales, minima, faults, columns, pitch, groups, groupShift);
}

KERNEL(32) pack_int4_minimum(
    const float* values, u8* codes, half_t* scales, half_t* minima, u32* faults, i32 columns, i32 pitch, i32 groups, i32 groupShift) {
    pack_groups<Bits4WithMinimum>(values, codes, scales, minima, faults, columns, pitch, groups, groupShift);
}
