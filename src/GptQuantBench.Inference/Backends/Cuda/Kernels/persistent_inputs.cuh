// What a product of the persistent kernel reads: the residual stream, attention's results, or hidden activations. Every warp
// gathers the slice of the columns that it multiplies (Slice), into its own part of the block's activations.
#pragma once
#include "persistent_arriving.cuh"
#include "persistent_norm.cuh"

// Four columns of a row of the embedding. `column`: a multiple of 4.
template <class Format> DEVICE void embed_four(const Matrix& table, int row, int column, float (&out)[4]) {
    const u8* codes = table.codes + (u64)(u32)row * table.pitch;
    float scale = 1, least = 0;
    if (Format::HasRowScale) {
        scale = load_float((const float*)table.scales + row);
    }
    if (Format::HasGroups) {
        u64 group = (u64)(u32)row * table.groups + (column >> table.groupShift);
        scale = half_to_float(((const half_t*)table.scales)[group]);
        least = Format::HasMinimum ? half_to_float(table.minima[group]) : 0.0f;
    }
    if (Format::Weights == 8) {
        u64 four = *(const u64*)(codes + column * 2);
        out[0] = half2_low((u32)four);
        out[1] = half2_high((u32)four);
        out[2] = half2_low((u32)(four >> 32));
        out[3] = half2_high((u32)(four >> 32));
    } else {
        u32 four = *(const u32*)(codes + (Format::Weights == 16 ? column : (column >> 5) * 16 + (column & 15)));
        if (Format::Weights == 32) {
            four = (column & 16 ? four >> 4 : four) & 0x0f0f0f0fu;
        }
#pragma unroll
        for (int k = 0; k < 4; k++) {
            u32 code = four >> (8 * k) & 0xffu;
            float value = Format::Weights == 16 ? (float)(signed char)code : (float)((int)code - (Format::HasMinimum ? 0 : 8));
            out[k] = mul_rn(value, scale);
            if (Format::HasMinimum) {
                out[k] = add_rn(out[k], least);
            }
        }
    }
}

// The residual stream, FP32, of this warp's slice: N quads a lane. Every block keeps its own copy.
template <int N> struct Residual {
    Quads quads;
    float x[N][4];

    template <class Format> DEVICE void embed(const Matrix& table, const Matrix& positions, int id, int position) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            float place[4];
            embed_four<Format>(table, id, quads.column(i), x[i]);
            embed_four<Fp16>(positions, position, quads.column(i), place);
#pragma unroll
            for (int k = 0; k < 4; k++) {
                x[i][k] += place[k];
            }
        }
    }

    // `arriving`: what is added, once it is there.
    DEVICE void add(const Arriving<ValueFour, N>& arriving) {
#pragma unroll
        for (int i = 0; i < N; i++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                x[i][k] += arriving.fours[i].value(k);
            }
        }
    }
};

// Gains of this lane's columns.
template <int N> struct Gains {
    float4_t gain[N];

    DEVICE void request(const float* gains, const Quads& quads) {
#pragma unroll
        for (int i = 0; i < N; i++) {
            gain[i] = load_float4(gains + quads.column(i));
        }
    }
};

// Quad i of the slice in a warp's activations.
DEVICE void put_quad(const Quads& quads, int i, u32 low, u32 high, u32 activations) {
    if (quads.exists(i)) {
        asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(activations + 8 * Quads::place(i)), "r"(low), "r"(high) : "memory");
    }
}

// The residual stream as activations of a product with a norm folded into it (Norm); returns this lane's part of the norm's sums.
template <int N> DEVICE float2_t put_residual(const Residual<N>& r, const Gains<N>& g, const Norm& norm, u32 activations) {
    float sum = 0, squares = 0;
#pragma unroll
    for (int i = 0; i < N; i++) {
        float d[4];
#pragma unroll
        for (int k = 0; k < 4; k++) {
            d[k] = r.quads.exists(i) ? r.x[i][k] - norm.reference : 0.0f;
        }
        u32 low = pack_halves(d[0] * (norm.scale * g.gain[i].x), d[1] * (norm.scale * g.gain[i].y));
        u32 high = pack_halves(d[2] * (norm.scale * g.gain[i].z), d[3] * (norm.scale * g.gain[i].w));
        put_quad(r.quads, i, low, high, activations);
        sum += (d[0] + d[1]) + (d[2] + d[3]);
        squares += (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
    }
    warp_barrier();
    return {sum, squares};
}

// The warp's sums, from those of its lanes.
DEVICE void put_stats(float2_t own, float2_t* stats) {
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        own.x += shuffle_xor(own.x, offset);
        own.y += shuffle_xor(own.y, offset);
    }
    if (lane_index() == 0) {
        *stats = own;
    }
}

// Words of halves, N quads a lane at once, as activations. IsAsked: whether the first of them were asked for.
template <bool IsAsked, class Four, int N> DEVICE void gather_halves(
    Arriving<Four, N>& arriving, const u64* words, const Quads& quads, u32 epoch, Patience& patience, u32 where, u32 activations) {
#pragma unroll 1
    for (int start = 0; start * 32 < quads.count;) {
        arriving.template wait<IsAsked>(words, quads, start, epoch, patience, where);
#pragma unroll
        for (int i = 0; i < N; i++) {
            put_quad(quads, start + i, arriving.fours[i].low(), arriving.fours[i].high(), activations);
        }
        start += N;
        if (IsAsked && start * 32 < quads.count) {
            arriving.request(words, quads, start);
        }
    }
    warp_barrier();
}
