// What a product of the persistent kernel reads: the residual stream normalised, attention's results, or hidden activations; gathered by
// every block into its shared memory.
#pragma once
#include "persistent_product.cuh"

// The residual stream, FP32: thread t has columns 4t … 4t + 3, and the same 4 · threads further on. Every block keeps its own copy.
struct Residual {
    static const int Fours = (MaxWidth / 4 + PersistentThreads - 1) / PersistentThreads;
    float x[Fours][4];
    WordPair arriving[Fours][2];

    DEVICE static int column(int i) { return 4 * (thread_index() + i * PersistentThreads); }

    template <class Format> DEVICE void embed(const Matrix& table, const Matrix& positions, int id, int position) {
#pragma unroll
        for (int i = 0; i < Fours; i++) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                int c = column(i) + k;
                x[i][k] = 0;
                if (c < table.columns) {
                    x[i][k] = weight_value<Format>(table, id, c) + weight_value<Fp16>(positions, position, c);
                }
            }
        }
    }

    // The first look at what is to be added.
    DEVICE void look(const u64* words, int width) {
#pragma unroll
        for (int i = 0; i < Fours; i++) {
            if (column(i) < width) {
                arriving[i][0].load(words + column(i));
                arriving[i][1].load(words + column(i) + 2);
            }
        }
    }

    DEVICE void add(const u64* words, int width, u32 epoch, Patience& patience, u32 where) {
#pragma unroll
        for (int i = 0; i < Fours; i++) {
            if (column(i) < width) {
                WordPair &low = arriving[i][0], &high = arriving[i][1];
                u32 tried = 0;
#pragma unroll 1
                while (!(low.is(epoch) && high.is(epoch)) && !patience.is_over(tried, where)) {
                    low.load(words + column(i));
                    high.load(words + column(i) + 2);
                }
                x[i][0] += bits_float((u32)low.a);
                x[i][1] += bits_float((u32)low.b);
                x[i][2] += bits_float((u32)high.a);
                x[i][3] += bits_float((u32)high.b);
            }
        }
    }
};

// Gain and shift of this thread's columns.
struct Gains {
    float4_t gain[Residual::Fours], shift[Residual::Fours];

    DEVICE void request(const float* gains, const float* shifts, int width) {
#pragma unroll
        for (int i = 0; i < Residual::Fours; i++) {
            int c = Residual::column(i);
            if (c < width) {
                gain[i] = load_float4(gains + c);
                shift[i] = load_float4(shifts + c);
            }
        }
    }
};

// Layer norm as FP16 activations, in one pass: sums of x − r and of its squares, where r is the mean of the norm before (the residual
// stream's mean moves little between norms, so that no large numbers are subtracted). `stats`: shared [PersistentWarps]: both sums.
template <class Format> DEVICE void normalise(
    const Residual& r, const Gains& g, int width, float inverse, float epsilon, float& reference, float2_t* stats, half_t* activations) {
    int lane = thread_index() & 31, warp = thread_index() >> 5;
    float sum = 0, squares = 0;
#pragma unroll
    for (int i = 0; i < Residual::Fours; i++) {
        if (Residual::column(i) < width) {
#pragma unroll
            for (int k = 0; k < 4; k++) {
                float d = r.x[i][k] - reference;
                sum += d;
                squares += d * d;
            }
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
    block_barrier();
    sum = squares = 0;
#pragma unroll
    for (int w = 0; w < PersistentWarps; w += 2) {
        float4_t two = *(const float4_t*)(stats + w);
        sum += two.x + two.z;
        squares += two.y + two.w;
    }
    float shift = sum * inverse, mean = reference + shift;
    float scale = reciprocal_sqrt(squares * inverse - shift * shift + epsilon);
    reference = mean;
#pragma unroll
    for (int i = 0; i < Residual::Fours; i++) {
        int c = Residual::column(i);
        if (c < width) {
            u32 low = float2_to_half2((r.x[i][0] - mean) * scale * g.gain[i].x + g.shift[i].x, (r.x[i][1] - mean) * scale * g.gain[i].y + g.shift[i].y);
            u32 high = float2_to_half2((r.x[i][2] - mean) * scale * g.gain[i].z + g.shift[i].z, (r.x[i][3] - mean) * scale * g.gain[i].w + g.shift[i].w);
            *(u64*)(activations + activation_offset<Format>(c)) = ((u64)high << 32) | low;
        }
    }
    block_barrier();
}

template <class Format> DEVICE void put_four(half_t* activations, int column, u32 low, u32 high) {
    *(u64*)(activations + activation_offset<Format>(column)) = ((u64)high << 32) | low;
}

// Words of two halves, `count` columns.
template <class Format> DEVICE void gather_hidden(const u64* words, int count, u32 epoch, Patience& patience, u32 where, half_t* activations) {
    const int Together = 4;
    int pairs = count >> 2;
#pragma unroll 1
    for (int start = thread_index(); start < pairs; start += Together * PersistentThreads) {
        WordPair w[Together];
        u32 tried = 0;
        bool there;
#pragma unroll 1
        do {
            there = true;
#pragma unroll
            for (int i = 0; i < Together; i++) {
                if (start + i * PersistentThreads < pairs) {
                    w[i].load(words + 2 * (start + i * PersistentThreads));
                }
            }
#pragma unroll
            for (int i = 0; i < Together; i++) {
                there = there && (start + i * PersistentThreads >= pairs || w[i].is(epoch));
            }
        } while (!there && !patience.is_over(tried, where));
#pragma unroll
        for (int i = 0; i < Together; i++) {
            int pair = start + i * PersistentThreads;
            if (pair < pairs) {
                put_four<Format>(activations, 4 * pair, (u32)w[i].a, (u32)w[i].b);
            }
        }
    }
    block_barrier();
}

// Attention's results of `used` ranges: range r weighs 2^{spread[r] − max}. words: [ranges][width / 2] of two halves; spread: [ranges][heads].
template <class Format> DEVICE void gather_attended(
    const u64* words, const u64* spread, int width, int heads, int headSize, int used, u32 epoch, Patience& patience, u32 where,
    half_t* activations) {
#pragma unroll 1
    for (int column = 4 * thread_index(); column < width; column += 4 * PersistentThreads) {
        const u64* from = words + (column >> 1);
        WordPair w;
        if (used == 1) {
            w.load(from);
            patience.wait(w, from, epoch, where);
            put_four<Format>(activations, column, (u32)w.a, (u32)w.b);
        } else {
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
                        part[i].load(from + (u64)(start + i) * (width >> 1));
                        weight[i] = load_relaxed(spread + (start + i) * heads + head);
                    }
                }
#pragma unroll
                for (int i = 0; i < Together; i++) {
                    if (start + i < used) {
                        patience.wait(part[i], from + (u64)(start + i) * (width >> 1), epoch, where);
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
            put_four<Format>(activations, column, float2_to_half2(v[0] * inverse, v[1] * inverse), float2_to_half2(v[2] * inverse, v[3] * inverse));
        }
    }
    block_barrier();
}
