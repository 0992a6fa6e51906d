// A step of the model by naive kernels in FP32, on the same weights: what the persistent kernel is checked against.
#pragma once
#include "weights.cuh"

// y[r] = (add ? y[r] : 0) + f(Σ W x + bias); f: GELU, or nothing. A warp a row.
template <class Format> __global__ void reference_product(Matrix m, const float* x, const float* bias, float* y, bool isGelu, bool add) {
    int row = blockIdx.x * 8 + threadIdx.x / 32;
    if (row >= m.rows) {
        return;
    }
    float sum = 0;
    for (int column = threadIdx.x & 31; column < m.columns; column += 32) {
        sum += weight_value<Format>(m, row, column) * x[column];
    }
    sum = warp_sum(sum);
    if ((threadIdx.x & 31) == 0) {
        sum += bias ? bias[row] : 0;
        sum = isGelu ? gelu_tanh(sum) : sum;
        y[row] = add ? y[row] + sum : sum;
    }
}

template <class Format> __global__ void reference_embedding(Matrix tokens, Matrix positions, int id, int position, float* x) {
    for (int column = threadIdx.x; column < tokens.columns; column += 256) {
        x[column] = weight_value<Format>(tokens, id, column) + weight_value<Fp16>(positions, position, column);
    }
}

__global__ void reference_norm(const float* x, const float* gain, const float* shift, float* y, int count, float epsilon) {
    __shared__ double mean, scale;
    if (threadIdx.x == 0) {
        double sum = 0, squares = 0;
        for (int i = 0; i < count; i++) {
            sum += x[i];
        }
        sum /= count;
        for (int i = 0; i < count; i++) {
            squares += (x[i] - sum) * (x[i] - sum);
        }
        mean = sum;
        scale = 1 / sqrt(squares / count + epsilon);
    }
    __syncthreads();
    for (int i = threadIdx.x; i < count; i += 256) {
        y[i] = (float)((x[i] - mean) * scale) * gain[i] + shift[i];
    }
}

// A block a head, a thread a dimension. keys, values: FP32 [heads, capacity, size].
__global__ void reference_attention(const float* projected, float* keys, float* values, int position, int width, int size, int capacity, float* out) {
    const int MostPositions = 1100;
    __shared__ float scores[MostPositions], total;
    int head = blockIdx.x, d = threadIdx.x;
    const float* query = projected + head * size;
    float *k = keys + (u64)head * capacity * size, *v = values + (u64)head * capacity * size;
    k[position * size + d] = projected[width + head * size + d];
    v[position * size + d] = projected[2 * width + head * size + d];
    __syncthreads();
    for (int p = d; p <= position; p += size) {
        float score = 0;
        for (int i = 0; i < size; i++) {
            score += query[i] * k[p * size + i];
        }
        scores[p] = score / sqrtf((float)size);
    }
    __syncthreads();
    if (d == 0) {
        float most = scores[0];
        for (int p = 1; p <= position; p++) {
            most = fmaxf(most, scores[p]);
        }
        total = 0;
        for (int p = 0; p <= position; p++) {
            scores[p] = expf(scores[p] - most);
            total += scores[p];
        }
    }
    __syncthreads();
    float sum = 0;
    for (int p = 0; p <= position; p++) {
        sum += scores[p] * v[p * size + d];
    }
    out[head * size + d] = sum / total;
}
