// What a product of the persistent kernel reads: the residual stream normalised, attention's results, or hidden activations; gathered by
// every block into its shared memory.
#pragma once
#include "persistent_product.cuh"

// The residual stream, FP32: thread t has columns 2t, 2t + 1, and so on every 2 · threads columns. Every block keeps its own copy.
struct Residual {
    static const int Pairs = MaxWidth / 2 / PersistentThreads;
    float2_t x[Pairs];

    DEVICE static int column(int i) { return 2 * (thread_index() + i * PersistentThreads); }

    // How many columns this thread's warp has.
    DEVICE static float columns_of_warp(int width) {
        float n = 0;
        for (int i = 0; i < Residual::Pairs; i++) {
            int left = (width >> 1) - (thread_index() & ~31) - i * PersistentThreads;
            n += 2.0f * (float)(left < 0 ? 0 : left > 32 ? 32 : left);
        }
        return n;
    }

    template <class Format> DEVICE void embed(const Matrix& table, const Matrix& positions, int id, int position) {
#pragma unroll
        for (int i = 0; i < Residual::Pairs; i++) {
            x[i] = float2_t{0, 0};
            int c = column(i);
            if (c < table.columns) {
                x[i].x = weight_value<Format>(table, id, c) + weight_value<Fp16>(positions, position, c);
                x[i].y = weight_value<Format>(table, id, c + 1) + weight_value<Fp16>(positions, position, c + 1);
            }
        }
    }

    DEVICE void add(const u64* words, int width, u32 epoch, Patience& patience, u32 where) {
        WordPair w[Pairs];
#pragma unroll
        for (int i = 0; i < Residual::Pairs; i++) {
            if (column(i) < width) {
                w[i].load(words + column(i));
            }
        }
#pragma unroll
        for (int i = 0; i < Residual::Pairs; i++) {
            if (column(i) < width) {
                patience.wait(w[i], words + column(i), epoch, where);
                x[i].x += bits_float((u32)w[i].a);
                x[i].y += bits_float((u32)w[i].b);
            }
        }
    }
};

// Gain and shift of this thread's columns.
struct Gains {
    float2_t gain[Residual::Pairs], shift[Residual::Pairs];

    DEVICE void request(const float* gains, const float* shifts, int width) {
#pragma unroll
        for (int i = 0; i < Residual::Pairs; i++) {
            gain[i] = shift[i] = float2_t{0, 0};
            int c = Residual::column(i);
            if (c < width) {
                gain[i] = load_float2(gains + c);
                shift[i] = load_float2(shifts + c);
            }
        }
    }
};

// Layer norm as FP16 activations. Every warp finds the mean and the squared distances from it of its own columns; put together they are
// the whole row's without subtracting large numbers. `stats`: shared [PersistentWarps]: columns, mean, squares.
DEVICE float sum_of_warps(float value) {
#pragma unroll
    for (int offset = PersistentWarps / 2; offset > 0; offset >>= 1) {
        value += shuffle_xor(value, offset);
    }
    return value;
}

template <class Format> DEVICE void normalise(
    const Residual& r, const Gains& g, int width, float inverse, float columns_of_warp, float columns_inverse, float epsilon, float4_t* stats, half_t* activations) {
    int lane = thread_index() & 31, warp = thread_index() >> 5;
    float sum = 0;
#pragma unroll
    for (int i = 0; i < Residual::Pairs; i++) {
        sum += r.x[i].x + r.x[i].y; // zero beyond the columns
    }
    float n = columns_of_warp, mean = n > 0 ? warp_sum(sum) * columns_inverse : 0.0f;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < Residual::Pairs; i++) {
        if (Residual::column(i) < width) {
            float a = r.x[i].x - mean, b = r.x[i].y - mean;
            squares += a * a + b * b;
        }
    }
    squares = warp_sum(squares);
    if (lane == 0) {
        stats[warp] = float4_t{n, n * mean, squares, mean};
    }
    block_barrier();
    float4_t part = stats[lane & (PersistentWarps - 1)];
    mean = sum_of_warps(part.y) * inverse;
    float scale = reciprocal_sqrt(sum_of_warps(part.z + part.x * (part.w - mean) * (part.w - mean)) * inverse + epsilon);
#pragma unroll
    for (int i = 0; i < Residual::Pairs; i++) {
        int c = Residual::column(i);
        if (c < width) {
            u32 pair = float2_to_half2(
                (r.x[i].x - mean) * scale * g.gain[i].x + g.shift[i].x, (r.x[i].y - mean) * scale * g.gain[i].y + g.shift[i].y);
            *(u32*)(activations + activation_offset<Format>(c)) = pair;
        }
    }
    block_barrier();
}

template <class Format> DEVICE void put_four(half_t* activations, int column, u32 low, u32 high) {
    *(u64*)(activations + activation_offset<Format>(column)) = ((u64)high << 32) | low;
}

// Words of two halves, `count` columns.
template <class Format> DEVICE void gather_hidden(const u64* words, int count, u32 epoch, Patience& patience, u32 where, half_t* activations) {
    int pairs = count >> 2;
    for (int start = thread_index(); start < pairs; start += 4 * PersistentThreads) {
        WordPair w[4];
#pragma unroll
        for (int i = 0; i < 4; i++) {
            if (start + i * PersistentThreads < pairs) {
                w[i].load(words + 2 * (start + i * PersistentThreads));
            }
        }
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int pair = start + i * PersistentThreads;
            if (pair < pairs) {
                patience.wait(w[i], words + 2 * pair, epoch, where);
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
        w.load(from);
        if (used == 1) {
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
            float inverse = 1.0f / total;
            put_four<Format>(activations, column, float2_to_half2(v[0] * inverse, v[1] * inverse), float2_to_half2(v[2] * inverse, v[3] * inverse));
        }
    }
    block_barrier();
}
