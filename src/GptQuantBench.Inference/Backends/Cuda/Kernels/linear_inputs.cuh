// What comes before a fused product: layer norm, or attention's last step, into shared memory as FP16.
#pragma once
#include "linear_arguments.cuh"

// Gain and shift of a thread's columns, when the whole block normalises one token.
struct NormConstants {
    float4_t gain[2], shift[2];

    DEVICE void load(const LinearArguments& a) {
#pragma unroll
        for (int i = 0; i < 2; i++) {
            int index = thread_index() + i * block_size();
            gain[i] = float4_t{0, 0, 0, 0};
            shift[i] = float4_t{0, 0, 0, 0};
            if (index * 4 < a.matrix.columns) {
                gain[i] = ((const float4_t*)a.gain)[index];
                shift[i] = ((const float4_t*)a.shift)[index];
            }
        }
    }
};

// One token, at most two float4 a thread.
DEVICE bool normalises_together(const LinearArguments& a) {
    return a.tokens == 1 && (a.matrix.columns & 3) == 0 && a.matrix.columns <= 8 * block_size();
}

DEVICE float block_sum(float value, float* parts) {
    value = warp_sum(value);
    if ((thread_index() & 31) == 0) {
        parts[thread_index() >> 5] = value;
    }
    block_barrier();
    float sum = 0;
    for (int w = 0; w < block_size() >> 5; w++) {
        sum += parts[w];
    }
    return sum;
}

// Layer norm into shared memory, FP16; zeros beyond the columns. Two passes, so that a large mean does not eat the variance.
DEVICE void normalise_together(const LinearArguments& a, const NormConstants& constants, half_t* shared) {
    __shared__ float parts[2][MaxWarps];
    int columns = a.matrix.columns;
    float4_t v[2];
    float sum = 0;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int index = thread_index() + i * block_size();
        v[i] = float4_t{0, 0, 0, 0}; // no ?: on memory: clang would choose between addresses, and keep the array in local memory
        if (index * 4 < columns) {
            v[i] = ((const float4_t*)a.input)[index];
        }
        sum += (v[i].x + v[i].y) + (v[i].z + v[i].w);
    }
    float mean = block_sum(sum, parts[0]) / (float)columns;
    float squares = 0;
#pragma unroll
    for (int i = 0; i < 2; i++) {
        v[i].x -= mean;
        v[i].y -= mean;
        v[i].z -= mean;
        v[i].w -= mean;
        if ((thread_index() + i * block_size()) * 4 < columns) {
            squares += (v[i].x * v[i].x + v[i].y * v[i].y) + (v[i].z * v[i].z + v[i].w * v[i].w);
        }
    }
    float scale = reciprocal_sqrt(block_sum(squares, parts[1]) / (float)columns + a.epsilon);
#pragma unroll
    for (int i = 0; i < 2; i++) {
        int index = thread_index() + i * block_size();
        const float4_t &g = constants.gain[i], &b = constants.shift[i];
        if (index * 4 < columns) {
            ((u32*)shared)[index * 2] = float2_to_half2(v[i].x * scale * g.x + b.x, v[i].y * scale * g.y + b.y);
            ((u32*)shared)[index * 2 + 1] = float2_to_half2(v[i].z * scale * g.z + b.z, v[i].w * scale * g.w + b.w);
        }
    }
    for (int i = columns + thread_index(); i < a.inputPitch; i += block_size()) {
        shared[i] = 0;
    }
}

// The same for several tokens or odd widths, a warp a token.
DEVICE void normalise(const LinearArguments& a, half_t* shared) {
    int warp = thread_index() >> 5, lane = thread_index() & 31;
    int columns = a.matrix.columns;
    for (int t = warp; t < a.tokens; t += block_size() >> 5) {
        const float* x = (const float*)a.input + (u64)t * columns;
        half_t* out = shared + t * a.inputPitch;
        float sum = 0;
#pragma unroll 8
        for (int i = lane; i < columns; i += 32) {
            sum += x[i];
        }
        float mean = warp_sum(sum) / (float)columns;
        float squares = 0;
#pragma unroll 8
        for (int i = lane; i < columns; i += 32) {
            float d = x[i] - mean;
            squares += d * d;
        }
        float scale = reciprocal_sqrt(warp_sum(squares) / (float)columns + a.epsilon);
        for (int i = lane; i < columns; i += 32) {
            out[i] = float_to_half((x[i] - mean) * scale * a.gain[i] + a.shift[i]);
        }
        for (int i = columns + lane; i < a.inputPitch; i += 32) {
            out[i] = 0;
        }
    }
}

// Attention's result of one token from its ranges: range s weighs e^{m_s − max m}. Four ranges are read at once; the first does not
// wait for the position.
template <int Width> DEVICE void combine_columns(const LinearArguments& a, half_t* shared, int position) {
    int used = position / a.rangeSize + 1;
    int columns = a.matrix.columns;
#pragma unroll 1
    for (int column = thread_index() * Width; column < columns; column += block_size() * Width) {
        int head = column / a.headSize;
        const float2_t* weights = a.weights + head * a.ranges;
        const float* partial = a.partial + (u64)head * a.ranges * a.headSize + (column - head * a.headSize);
        float best = minus_infinity(), total = 0, value[Width];
#pragma unroll
        for (int i = 0; i < Width; i++) {
            value[i] = 0;
        }
#pragma unroll 1
        for (int first = 0; first < used; first += 4) {
            float2_t w[4];
            float v[4][Width];
#pragma unroll
            for (int u = 0; u < 4; u++) {
                bool inside = first + u < used;
                w[u] = float2_t{minus_infinity(), 0};
#pragma unroll
                for (int i = 0; i < Width; i++) {
                    v[u][i] = 0;
                }
                if (inside) {
                    w[u] = weights[first + u];
                    const float* from = partial + (u64)(first + u) * a.headSize;
                    if (Width == 4) {
                        float4_t four = *(const float4_t*)from;
                        v[u][0] = four.x;
                        v[u][1 % Width] = four.y;
                        v[u][2 % Width] = four.z;
                        v[u][3 % Width] = four.w;
                    } else {
                        v[u][0] = from[0];
                    }
                }
            }
            float top = maximum(maximum(maximum(w[0].x, w[1].x), maximum(w[2].x, w[3].x)), best);
            float keep = exp_fast(best - top);
            total *= keep;
#pragma unroll
            for (int i = 0; i < Width; i++) {
                value[i] *= keep;
            }
#pragma unroll
            for (int u = 0; u < 4; u++) {
                float e = exp_fast(w[u].x - top);
                total += e * w[u].y;
#pragma unroll
                for (int i = 0; i < Width; i++) {
                    value[i] += e * v[u][i];
                }
            }
            best = top;
        }
        float inverse = 1.0f / total;
#pragma unroll
        for (int i = 0; i < Width; i++) {
            shared[column + i] = float_to_half(value[i] * inverse);
        }
    }
    for (int i = columns + thread_index(); i < a.inputPitch; i += block_size()) {
        shared[i] = 0;
    }
}

DEVICE void combine(const LinearArguments& a, half_t* shared) {
    int position = a.state->position;
    if ((a.headSize & 3) == 0) {
        combine_columns<4>(a, shared, position);
    } else {
        combine_columns<1>(a, shared, position);
    }
}
