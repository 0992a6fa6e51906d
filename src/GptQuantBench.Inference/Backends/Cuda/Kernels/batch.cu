// What rows.cu does between matrix products, where the rows of a pass belong to several sequences, each with a cache and a position of
// its own.
#include "state.cuh"

// Queries, keys and values from one product; keys and values go into the cache of the row's sequence at its position.
// Launch: grid = rows, block = 256. No shared memory.
KERNEL(256) split_heads_rows(
    const float* product, // FP32 [rows, 3 · heads · headSize]: queries, keys, values
    const float* bias,    // FP32 [3 · heads · headSize]
    float* queries,       // FP32 [rows, heads · headSize], scaled
    half_t* keys,         // FP16 [heads, capacity, headPitch] of this layer and sequence 0
    half_t* values,       // FP16 [heads, capacity, headPitch] of this layer and sequence 0
    const BatchRow* rows, // [rows]
    u64 sequencePitch,    // halves from a sequence's cache to the next one's
    i32 heads, i32 headSize, i32 headPitch, i32 capacity, float queryScale) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    int width = heads * headSize;
    BatchRow row = rows[block_x()];
    const float* y = product + (u64)block_x() * 3 * width;
    for (int i = thread_index(); i < heads * headPitch; i += block_size()) {
        int head = i / headPitch, d = i - head * headPitch;
        u64 slot = row.sequence * sequencePitch + ((u64)head * capacity + row.position) * headPitch + d;
        if (d >= headSize) {
            keys[slot] = 0; // attention reads whole 16-byte pieces
            values[slot] = 0;
            continue;
        }
        int column = head * headSize + d;
        queries[(u64)block_x() * width + column] = (y[column] + bias[column]) * queryScale;
        keys[slot] = float_to_half(y[width + column] + bias[width + column]);
        values[slot] = float_to_half(y[2 * width + column] + bias[2 * width + column]);
    }
}

// out[i] = x[indices[i]]. Launch: grid = rows to gather, block = 256. No shared memory.
KERNEL(256) gather_rows(
    const float* x,     // FP32 [any, columns]
    const i32* indices, // [grid]
    float* out,         // FP32 [grid, columns]
    i32 columns) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    const float* from = x + (u64)indices[block_x()] * columns;
    for (int i = thread_index(); i < columns; i += block_size()) {
        out[(u64)block_x() * columns + i] = from[i];
    }
}

// The best id of every row of logits into its state. Launch: grid = (any, rows), block = 256. No shared memory.
KERNEL(256) best_logit_rows(
    const float* logits, // FP32 [rows, count]
    i32 count,
    DecodeState* states) // [rows]
{
    wait_for_previous_kernel();
    let_next_kernel_start();
    const float* row = logits + (u64)block_y() * count;
    u64 best = 0;
    for (int i = block_x() * block_size() + thread_index(); i < count; i += grid_x() * block_size()) {
        u64 key = best_key(row[i], i);
        best = key > best ? key : best;
    }
    best = warp_max(best);
    if ((thread_index() & 31) == 0 && best != 0) {
        atomic_max(&states[block_y()].best, best);
    }
}
