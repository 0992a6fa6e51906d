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

// Quad i of the slice in a warp's activations, counted from quad 32 · start, whose chunk is at `chunk`.
DEVICE void put_quad(const Quads& quads, int start, int i, u32 low, u32 high, u32 chunk) {
    if (32 * i < quads.count - 32 * start - lane_index()) {
        asm volatile("st.shared.v2.u32 [%0], {%1, %2};" ::"r"(chunk + activation_place(8 * lane_index()) + 256 * i), "r"(low), "r"(high) : "memory");
    }
}

// The residual stream on its way to be activations of a product with a norm folded into it (Norm).
template <int N> struct Feed {
    float apart[N][4]; // from the reference

    DEVICE Feed(const Residual<N>& r, const Norm& norm) {
#pragma unroll
        for (int i = 0; i < N; i++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                apart[i][k] = r.x[i][k] - norm.reference;
                asm volatile("" : "+f"(apart[i][k])); // here, not behind the wait for what is added
            }
        }
    }

    // What is added, once it is there.
    DEVICE void add(const Arriving<ValueFour, N>& arriving, Residual<N>& r) {
#pragma unroll
        for (int i = 0; i < N; i++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                float value = arriving.fours[i].value(k);
                apart[i][k] += value;
                r.x[i][k] += value;
            }
        }
    }

    DEVICE void put(const Gains<N>& gains, const Norm& norm, const Quads& quads, u32 activations) const {
#pragma unroll
        for (int i = 0; i < N; i++) {
            const float(&d)[4] = apart[i];
            const float4_t& gain = gains.gain[i];
            u32 low = pack_halves(d[0] * (norm.scale * gain.x), d[1] * (norm.scale * gain.y));
            u32 high = pack_halves(d[2] * (norm.scale * gain.z), d[3] * (norm.scale * gain.w));
            put_quad(quads, 0, i, low, high, activations);
        }
        warp_barrier();
    }
};

// A warp's sums for the norm, of x − reference and of its square, in steps.
struct NormSums {
    float2_t sums;

    template <int N> DEVICE NormSums(const Feed<N>& feed, const Quads& quads) {
        sums = {0, 0};
#pragma unroll
        for (int i = 0; i < N; i++) {
            const float(&d)[4] = feed.apart[i];
            float sum = (d[0] + d[1]) + (d[2] + d[3]), squares = (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
            sums.x += quads.exists(i) ? sum : 0;
            sums.y += quads.exists(i) ? squares : 0;
        }
    }

    // Steps 0 to 5.
    DEVICE void step(int i, float2_t* stats) {
        if (i < 5) {
            sums.x += shuffle_xor(sums.x, 16 >> i);
            sums.y += shuffle_xor(sums.y, 16 >> i);
        } else if (i == 5 && lane_index() == 0) {
            *stats = sums;
        }
    }
};

// Words of halves, N quads a lane at once, as activations. IsAsked: whether the first of them were asked for.
template <bool IsAsked, class Four, int N> DEVICE void gather_halves(
    Arriving<Four, N>& arriving, const u64* words, const Quads& quads, u32 epoch, Patience& patience, u32 where, u32 activations) {
#pragma unroll 1
    for (int start = 0; start * 32 < quads.count;) {
        arriving.template wait<IsAsked>(words, quads, start, epoch, patience, where);
#pragma unroll
        for (int i = 0; i < N; i++) {
            put_quad(quads, start, i, arriving.fours[i].low(), arriving.fours[i].high(), activations + 256 * start);
        }
        start += N;
        if (IsAsked && start * 32 < quads.count) {
            arriving.request(words, quads, start);
        }
    }
    warp_barrier();
}
