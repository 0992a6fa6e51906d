// What a product of the persistent kernel reads: the residual stream normalised, attention's results, or hidden activations. Every warp
// gathers the slice of the columns that it multiplies (Slice), into its own part of the block's activations.
//
// A lane has four neighbouring columns: columns 4 · lane … of the slice, and the same 128 columns further on.
#pragma once
#include "persistent_product.cuh"

struct Quad {
    Slice slice;
    i32 columns; // of the whole input

    DEVICE int column(int i) const { return slice.first * 32 + 4 * ((thread_index() & 31) + 32 * i); }
    DEVICE bool exists(int i) const { return (thread_index() & 31) + 32 * i < slice.count * 8 && column(i) < columns; }
};

// The activations of a product in shared memory.
struct Activations {
    u32 halves, sums; // shared addresses

    // Four columns; all lanes come, those with `there` have some.
    template <class Format> DEVICE void put(int column, u32 low, u32 high, bool there) const {
        typedef Operand<Format> O;
        int block = column >> 5, j = column >> 2 & 7;
        if (there) {
            O::put(halves + block * 64, j, low, high);
        }
        if (O::HasSums) {
            float sum = there ? (half2_low(low) + half2_high(low)) + (half2_low(high) + half2_high(high)) : 0.0f;
            sum += shuffle_xor(sum, 1);
            sum += shuffle_xor(sum, 2);
            sum += shuffle_xor(sum, 4);
            if (there && j == 0) {
                asm volatile("st.shared.f32 [%0], %1;" ::"r"(sums + block * 4), "f"(sum) : "memory");
            }
        }
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

// The residual stream, FP32, of this warp's slice. Every block keeps its own copy.
struct Residual {
    static const int Quads = MaxWidth / (4 * PersistentThreads);
    Quad quad;
    float x[Quads][4];
    WordPair arriving[Quads][2];

    template <class Format> DEVICE void embed(const Matrix& table, const Matrix& positions, int id, int position) {
#pragma unroll
        for (int i = 0; i < Quads; i++) {
            x[i][0] = x[i][1] = x[i][2] = x[i][3] = 0;
            if (quad.exists(i)) {
                float place[4];
                embed_four<Format>(table, id, quad.column(i), x[i]);
                embed_four<Fp16>(positions, position, quad.column(i), place);
#pragma unroll
                for (int k = 0; k < 4; k++) {
                    x[i][k] += place[k];
                }
            }
        }
    }

    DEVICE void add(const u64* words, u32 epoch, Patience& patience, u32 where) {
#pragma unroll
        for (int i = 0; i < Quads; i++) {
            if (quad.exists(i)) {
                arriving[i][0].load(words + quad.column(i));
                arriving[i][1].load(words + quad.column(i) + 2);
            }
        }
#pragma unroll
        for (int i = 0; i < Quads; i++) {
            if (quad.exists(i)) {
                WordPair &low = arriving[i][0], &high = arriving[i][1];
                u32 tried = 0;
#pragma unroll 1
                while (!(low.is(epoch) && high.is(epoch)) && !patience.is_over(tried, where)) {
                    low.load(words + quad.column(i));
                    high.load(words + quad.column(i) + 2);
                }
                x[i][0] += bits_float((u32)low.a);
                x[i][1] += bits_float((u32)low.b);
                x[i][2] += bits_float((u32)high.a);
                x[i][3] += bits_float((u32)high.b);
            }
        }
        warp_barrier();
    }
};

// Gain and shift of this lane's columns.
struct Gains {
    float4_t gain[Residual::Quads], shift[Residual::Quads];

    DEVICE void request(const float* gains, const float* shifts, const Quad& quad) {
#pragma unroll
        for (int i = 0; i < Residual::Quads; i++) {
            if (quad.exists(i)) {
                gain[i] = load_float4(gains + quad.column(i));
                shift[i] = load_float4(shifts + quad.column(i));
            }
        }
    }
};

// Layer norm as FP16 activations, in one pass: sums of x − r and of its squares, where r is the mean of the norm before (the residual
// stream's mean moves little between norms, so that no large numbers are subtracted). `stats`: shared [PersistentWarps]: both sums.
template <class Format> DEVICE void normalise(
    const Residual& r, const Gains& g, float inverse, float epsilon, float& reference, float2_t* stats, const Activations& activations) {
    int lane = thread_index() & 31, warp = thread_index() >> 5;
    float sum = 0, squares = 0;
#pragma unroll
    for (int i = 0; i < Residual::Quads; i++) {
        if (r.quad.exists(i)) {
            float d[4];
#pragma unroll
            for (int k = 0; k < 4; k++) {
                d[k] = r.x[i][k] - reference;
            }
            sum += (d[0] + d[1]) + (d[2] + d[3]);
            squares += (d[0] * d[0] + d[1] * d[1]) + (d[2] * d[2] + d[3] * d[3]);
        }
    }
#pragma unroll
    for (int offset = 16; offset > 0; offset >>= 1) {
        sum += shuffle_xor(sum, offset);
        squares += shuffle_xor(squares, offset);
    }
    if (lane == 0) {
        stats[warp] = float2_t{sum, squares};
    }
    compute_barrier();
    float4_t s[PersistentWarps / 2];
#pragma unroll
    for (int w = 0; w < PersistentWarps / 2; w++) {
        s[w] = *(const float4_t*)(stats + 2 * w);
    }
    sum = ((s[0].x + s[0].z) + (s[1].x + s[1].z)) + ((s[2].x + s[2].z) + (s[3].x + s[3].z));
    squares = ((s[0].y + s[0].w) + (s[1].y + s[1].w)) + ((s[2].y + s[2].w) + (s[3].y + s[3].w));
    float shift = sum * inverse, mean = reference + shift;
    float scale = reciprocal_sqrt(squares * inverse - shift * shift + epsilon);
    reference = mean;
#pragma unroll
    for (int i = 0; i < Residual::Quads; i++) {
        if (i * 32 < r.quad.slice.count * 8) {
            float low = (r.x[i][0] - mean) * scale * g.gain[i].x + g.shift[i].x, next = (r.x[i][1] - mean) * scale * g.gain[i].y + g.shift[i].y;
            float third = (r.x[i][2] - mean) * scale * g.gain[i].z + g.shift[i].z, high = (r.x[i][3] - mean) * scale * g.gain[i].w + g.shift[i].w;
            activations.put<Format>(r.quad.column(i), float2_to_half2(low, next), float2_to_half2(third, high), r.quad.exists(i));
        }
    }
    warp_barrier();
}

// Words of two halves.
template <class Format> DEVICE void gather_hidden(const u64* words, const Quad& quad, u32 epoch, Patience& patience, u32 where, const Activations& activations) {
    const int Together = 4;
#pragma unroll 1
    for (int start = 0; start * 32 < quad.slice.count * 8; start += Together) {
        WordPair w[Together];
        u32 tried = 0;
        bool there;
#pragma unroll 1
        do {
            there = true;
#pragma unroll
            for (int i = 0; i < Together; i++) {
                if (quad.exists(start + i)) {
                    w[i].load(words + (quad.column(start + i) >> 1));
                }
            }
#pragma unroll
            for (int i = 0; i < Together; i++) {
                there = there && (!quad.exists(start + i) || w[i].is(epoch));
            }
        } while (!there && !patience.is_over(tried, where));
        warp_barrier();
#pragma unroll
        for (int i = 0; i < Together; i++) {
            if ((start + i) * 32 < quad.slice.count * 8) {
                activations.put<Format>(quad.column(start + i), (u32)w[i].a, (u32)w[i].b, quad.exists(start + i));
            }
        }
    }
    warp_barrier();
}

// Attention's results of `used` ranges: range r weighs 2^{spread[r] − max}. words: [ranges][width / 2] of two halves; spread: [ranges][heads].
template <class Format> DEVICE void gather_attended(
    const u64* words, const u64* spread, const Quad& quad, int heads, int headSize, int used, u32 epoch, Patience& patience, u32 where,
    const Activations& activations) {
#pragma unroll 1
    for (int q = 0; q * 32 < quad.slice.count * 8; q++) {
        int column = quad.column(q);
        bool exists = quad.exists(q);
        const u64* from = words + (column >> 1);
        WordPair w = {0, 0};
        u32 low = 0, high = 0;
        if (exists && used == 1) {
            w.load(from);
            patience.wait(w, from, epoch, where);
            low = (u32)w.a;
            high = (u32)w.b;
        } else if (exists) {
            const int Together = 4;
            int head = column / headSize;
            float top = minus_infinity(), total = 0, v[4] = {0, 0, 0, 0};
#pragma unroll 1
            for (int start = 0; start < used; start += Together) {
                WordPair part[Together];
                u64 weight[Together];
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    if (start + i < used) {
                        part[i].load(from + (u64)(start + i) * (quad.columns >> 1));
                        weight[i] = load_relaxed(spread + (start + i) * heads + head);
                    }
                }
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    if (start + i < used) {
                        patience.wait(part[i], from + (u64)(start + i) * (quad.columns >> 1), epoch, where);
                        weight[i] = patience.wait(weight[i], spread + (start + i) * heads + head, epoch, where);
                        float s = bits_float((u32)weight[i]);
                        float next = maximum(top, s), keep = exp2_fast(top - next), e = exp2_fast(s - next);
                        total = total * keep + e;
                        v[0] = v[0] * keep + e * half2_low((u32)part[i].a);
                        v[1] = v[1] * keep + e * half2_high((u32)part[i].a);
                        v[2] = v[2] * keep + e * half2_low((u32)part[i].b);
                        v[3] = v[3] * keep + e * half2_high((u32)part[i].b);
                        top = next;
                    }
                }
            }
            float inverse = reciprocal(total);
            low = float2_to_half2(v[0] * inverse, v[1] * inverse);
            high = float2_to_half2(v[2] * inverse, v[3] * inverse);
        }
        warp_barrier();
        activations.put<Format>(column, low, high, exists);
    }
    warp_barrier();
}
