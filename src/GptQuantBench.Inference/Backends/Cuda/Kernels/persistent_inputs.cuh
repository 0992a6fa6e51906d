// What a product of the persistent kernel reads: the residual stream, attention's results, or hidden activations. Every warp
// gathers the slice of the columns that it multiplies (Slice), into its own part of the block's activations.
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

// Pairs of words that a lane asks for until they are there.
template <int N> struct Arriving {
    WordPair words[N];

    DEVICE u32 missing(u32 epoch) const {
        u32 missing = 0;
#pragma unroll
        for (int i = 0; i < N; i++) {
            missing |= words[i].missing(epoch);
        }
        return missing;
    }

    // IsAsked: whether request was called before.
    template <bool IsAsked, class Request> DEVICE void wait(Request request, u32 epoch, Patience& patience, u32 where) {
        if (!IsAsked || !warp_all(missing(epoch) == 0)) {
            patience.wait([&] { return request(), missing(epoch); }, where);
        }
    }
};

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

    // IsAsked: whether `arriving` was requested before.
    template <bool IsAsked> DEVICE void add(Arriving<2 * N>& arriving, const u64* words, u32 epoch, Patience& patience, u32 where) {
        arriving.template wait<IsAsked>([&] { request(arriving, words); }, epoch, patience, where);
#pragma unroll
        for (int i = 0; i < N; i++) {
            x[i][0] += arriving.words[2 * i].first();
            x[i][1] += arriving.words[2 * i].second();
            x[i][2] += arriving.words[2 * i + 1].first();
            x[i][3] += arriving.words[2 * i + 1].second();
        }
    }

    DEVICE void request(Arriving<2 * N>& arriving, const u64* words) const {
#pragma unroll
        for (int i = 0; i < N; i++) {
            arriving.words[2 * i].load(words + quads.column(i));
            arriving.words[2 * i + 1].load(words + quads.column(i) + 2);
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

// The residual stream as activations of a product with a norm folded into it (Norm), and this warp's part of the norm's sums. `stats`: its own.
template <int N> DEVICE void put_residual(const Residual<N>& r, const Gains<N>& g, const Norm& norm, u32 activations, float2_t* stats) {
    float sum = 0, squares = 0;
#pragma unroll
    for (int i = 0; i < N; i++) {
        float d[4];
#pragma unroll
        for (int k = 0; k < 4; k++) {
            d[k] = r.quads.exists(i) ? r.x[i][k] - norm.reference : 0.0f;
        }
        u32 low = float2_to_half2(d[0] * (norm.scale * g.gain[i].x), d[1] * (norm.scale * g.gain[i].y));
        u32 high = float2_to_half2(d[2] * (norm.scale * g.gain[i].z), d[3] * (norm.scale * g.gain[i].w));
        put_quad(r.quads, i, low, high, activations);
        sum += (d[0] + d[1]) + (d[2] + d[3]);
        squares += (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
    }
    warp_barrier();
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        sum += shuffle_xor(sum, offset);
        squares += shuffle_xor(squares, offset);
    }
    if (lane_index() == 0) {
        *stats = float2_t{sum, squares};
    }
}

// Asks for words of two halves: of N quads a lane, from quad `start` on.
template <int N> DEVICE void request_halves(Arriving<N>& arriving, const u64* words, const Quads& quads, int start) {
#pragma unroll
    for (int i = 0; i < N; i++) {
        arriving.words[i].load(words + (quads.column(start + i) >> 1));
    }
}

// Words of two halves, N quads a lane at once. IsAsked: whether the first of them were.
template <bool IsAsked, int N> DEVICE void gather_halves(
    Arriving<N>& arriving, const u64* words, const Quads& quads, u32 epoch, Patience& patience, u32 where, u32 activations) {
#pragma unroll 1
    for (int start = 0; start * 32 < quads.count;) {
        arriving.template wait<IsAsked>([&] { request_halves(arriving, words, quads, start); }, epoch, patience, where);
#pragma unroll
        for (int i = 0; i < N; i++) {
            put_quad(quads, start + i, (u32)arriving.words[i].a, (u32)arriving.words[i].b, activations);
        }
        start += N;
        if (IsAsked && start * 32 < quads.count) {
            request_halves(arriving, words, quads, start);
        }
    }
    warp_barrier();
}

// Attention's results of `used` ranges, more than one: range r weighs 2^{spread[r] − max}. words: [ranges][width / 2] of two halves; spread:
// [ranges][heads].
DEVICE void gather_ranges(
    const u64* words, const u64* spread, const Quads& quads, int heads, int headSize, int used, u32 epoch, Patience& patience, u32 where,
    u32 activations) {
#pragma unroll 1
    for (int q = 0; q * 32 < quads.count; q++) {
        int column = quads.column(q), head = column / headSize;
        const u64* from = words + (column >> 1);
        float top = minus_infinity(), total = 0, v[4] = {0, 0, 0, 0};
        const int Together = 4;
#pragma unroll 1
        for (int start = 0; start < used; start += Together) {
            WordPair part[Together];
            u64 weight[Together];
            patience.wait([&] {
                u32 missing = 0;
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    int range = minimum(start + i, used - 1);
                    part[i].load(from + range * (quads.columns >> 1));
                    weight[i] = load_relaxed(spread + range * heads + head);
                }
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    missing |= part[i].missing(epoch) | ((u32)(weight[i] >> 32) ^ epoch);
                }
                return missing;
            }, where);
#pragma unroll
            for (int i = 0; i < Together; i++) {
                float s = start + i < used ? bits_float((u32)weight[i]) : minus_infinity();
                float next = maximum(top, s), keep = exp2_fast(top - next), e = exp2_fast(s - next);
                total = total * keep + e;
                v[0] = v[0] * keep + e * half2_low((u32)part[i].a);
                v[1] = v[1] * keep + e * half2_high((u32)part[i].a);
                v[2] = v[2] * keep + e * half2_low((u32)part[i].b);
                v[3] = v[3] * keep + e * half2_high((u32)part[i].b);
                top = next;
            }
        }
        float inverse = reciprocal(total);
        put_quad(quads, q, float2_to_half2(v[0] * inverse, v[1] * inverse), float2_to_half2(v[2] * inverse, v[3] * inverse), activations);
    }
    warp_barrier();
}
