// The operations between matrix products, one kernel each: for the decode paths that launch operation by operation and for prompts
// whose products are a library's. `tokens` is the number of rows, any number.
#include "state.cuh"

// out = layer norm of x, row by row. Two passes, so that a large mean does not eat the variance.
// Launch: grid = tokens, block = 256. Shared memory: 64 bytes.
KERNEL(256) norm_rows(
    const float* x,     // FP32 [tokens, columns]
    const float* gain,  // FP32 [columns]
    const float* shift, // FP32 [columns]
    half_t* out,        // FP16 [tokens, outPitch], zero beyond columns
    i32 columns, i32 outPitch, float epsilon) {
    __shared__ float sums[2][8];
    wait_for_previous_kernel();
    let_next_kernel_start();
    const float* row = x + (u64)block_x() * columns;
    int warp = thread_index() >> 5, lane = thread_index() & 31;
    float sum = 0;
    for (int i = thread_index(); i < columns; i += block_size()) {
        sum += row[i];
    }
    sum = warp_sum(sum);
    if (lane == 0) {
        sums[0][warp] = sum;
    }
    block_barrier();
    float mean = 0;
    for (int w = 0; w < 8; w++) {
        mean += sums[0][w];
    }
    mean /= (float)columns;
    float squares = 0;
    for (int i = thread_index(); i < columns; i += block_size()) {
        float d = row[i] - mean;
        squares += d * d;
    }
    squares = warp_sum(squares);
    if (lane == 0) {
        sums[1][warp] = squares;
    }
    block_barrier();
    float variance = 0;
    for (int w = 0; w < 8; w++) {
        variance += sums[1][w];
    }
    float scale = reciprocal_sqrt(variance / (float)columns + epsilon);
    for (int i = thread_index(); i < outPitch; i += block_size()) {
        float value = i < columns ? (row[i] - mean) * scale * gain[i] + shift[i] : 0.0f;
        out[(u64)block_x() * outPitch + i] = float_to_half(value);
    }
}

// Queries, keys and values from one product; keys and values go into the cache at their positions.
// Launch: grid = tokens, block = 256. No shared memory.
KERNEL(256) split_heads(
    const float* product, // FP32 [tokens, 3 · heads · headSize]: queries, keys, values
    const float* bias,    // FP32 [3 · heads · headSize]
    float* queries,       // FP32 [tokens, heads · headSize], scaled
    half_t* keys,         // FP16 [heads, capacity, headPitch] of this layer
    half_t* values,       // FP16 [heads, capacity, headPitch] of this layer
    const DecodeState* state,
    i32 heads, i32 headSize, i32 headPitch, i32 capacity, float queryScale) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    int token = block_x(), width = heads * headSize, position = state->position + token;
    for (int i = thread_index(); i < heads * headPitch; i += block_size()) {
        int head = i / headPitch, d = i - head * headPitch;
        u64 slot = ((u64)head * capacity + position) * headPitch + d;
        if (d >= headSize) {
            keys[slot] = 0; // attention reads whole 16-byte pieces
            values[slot] = 0;
            continue;
        }
        int column = head * headSize + d;
        const float* y = product + (u64)token * 3 * width + column;
        queries[(u64)token * width + column] = (y[0] + bias[column]) * queryScale;
        keys[slot] = float_to_half(y[width] + bias[width + column]);
        values[slot] = float_to_half(y[2 * width] + bias[2 * width + column]);
    }
}

// x += product + bias. Launch: grid = tokens, block = 256. No shared memory.
KERNEL(256) add_residual(
    const float* product, // FP32 [tokens, columns]
    const float* bias,    // FP32 [columns]
    float* x,             // FP32 [tokens, columns]
    i32 columns) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    u64 row = (u64)block_x() * columns;
    for (int i = thread_index(); i < columns; i += block_size()) {
        x[row + i] += product[row + i] + bias[i];
    }
}

// out = gelu(product + bias). Launch: grid = tokens, block = 256. No shared memory.
KERNEL(256) gelu_rows(
    const float* product, // FP32 [tokens, columns]
    const float* bias,    // FP32 [columns]
    half_t* out,          // FP16 [tokens, outPitch], zero beyond columns
    i32 columns, i32 outPitch) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    for (int i = thread_index(); i < outPitch; i += block_size()) {
        float value = i < columns ? gelu_tanh(product[(u64)block_x() * columns + i] + bias[i]) : 0.0f;
        out[(u64)block_x() * outPitch + i] = float_to_half(value);
    }
}

// The best id of one row of logits into the state. Launch: any grid, block = 256. No shared memory.
KERNEL(256) best_logit(
    const float* logits, // FP32 [count]
    i32 count, DecodeState* state) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    u64 best = 0;
    for (int i = block_x() * block_size() + thread_index(); i < count; i += grid_x() * block_size()) {
        u64 key = best_key(logits[i], i);
        best = key > best ? key : best;
    }
    best = warp_max(best);
    if ((thread_index() & 31) == 0 && best != 0) {
        atomic_max(&state->best, best);
    }
}

// The state at the start of a sequence or between two parts of a prompt. Launch: grid = 1, block = 32. No shared memory.
KERNEL(32) set_state(DecodeState* state, i32 position, i32 step) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    if (thread_index() == 0) {
        state->best = 0;
        state->position = position;
        state->step = step;
    }
}
