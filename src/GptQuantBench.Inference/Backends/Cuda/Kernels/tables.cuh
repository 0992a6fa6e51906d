// Kernels besides the products that read a packed matrix: token embedding, and a matrix as plain FP16 for a library's matrix product.
#pragma once
#include "formats.cuh"
#include "state.cuh"

// x[t] = row ids[t] of the embedding + position p + t.
// Launch: grid = tokens, block = 256. No shared memory.
template <class Format> DEVICE void embed(
    const Matrix& table,       // [vocabulary, columns]
    const Matrix& positions,   // FP16 [context, columns]
    const i32* ids,            // [tokens]
    float* x,                  // FP32 [tokens, columns]
    const DecodeState* state) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    int token = block_x();
    int row = ids[token];
    int position = state->position + token;
    for (int i = thread_index(); i < table.columns; i += block_size()) {
        x[(u64)token * table.columns + i] = weight_value<Format>(table, row, i) + weight_value<Fp16>(positions, position, i);
    }
}

// What the host reads instead of an id where the logits are not finite. C#: ArrivingIds.NoChoice.
static const i32 NoChoice = -2;

// The last kernel of a step: takes the chosen id, hands it to the host, moves on, and embeds it for the next step.
// Launch: grid = 1, block = 256. Shared memory: 8 bytes.
template <class Format> DEVICE void advance(
    const Matrix& table,     // [vocabulary, columns]
    const Matrix& positions, // FP16 [context, columns]
    float* x,                // FP32 [1, columns]
    DecodeState* state,
    i32* ids,    // mapped host memory [steps]; each id is written once
    i32 tokens)  // of the pass that ends
{
    __shared__ i32 next[2];
    wait_for_previous_kernel();
    let_next_kernel_start();
    if (thread_index() == 0) {
        // Without a finite logit the host is told, and any id lets the steps already queued run out.
        bool finite = has_choice(state);
        i32 id = finite ? (i32)~(u32)state->best : 0;
        i32 position = state->position + tokens;
        i32 step = state->step;
        state->best = 0;
        state->token = id;
        state->position = position;
        state->step = step + 1;
        store_system(ids + step, finite ? id : NoChoice);
        next[0] = id;
        next[1] = position;
    }
    block_barrier();
    int row = next[0], position = next[1];
    if (position >= positions.rows) {
        return; // the sequence is full: nothing can follow
    }
    for (int i = thread_index(); i < table.columns; i += block_size()) {
        x[i] = weight_value<Format>(table, row, i) + weight_value<Fp16>(positions, position, i);
    }
}

// x[t] = row of rows[t]'s token + its position.
// Launch: grid = rows, block = 256. No shared memory.
template <class Format> DEVICE void embed_batch(
    const Matrix& table,     // [vocabulary, columns]
    const Matrix& positions, // FP16 [context, columns]
    const BatchRow* rows,    // [grid]
    float* x)                // FP32 [grid, columns]
{
    wait_for_previous_kernel();
    let_next_kernel_start();
    BatchRow row = rows[block_x()];
    for (int i = thread_index(); i < table.columns; i += block_size()) {
        x[(u64)block_x() * table.columns + i] = weight_value<Format>(table, row.token, i) + weight_value<Fp16>(positions, row.position, i);
    }
}

// The last kernel of a step of several sequences: what advance does, for every row.
// Launch: grid = rows, block = 256. Shared memory: 8 bytes.
template <class Format> DEVICE void advance_batch(
    const Matrix& table,     // [vocabulary, columns]
    const Matrix& positions, // FP16 [context, columns]
    float* x,                // FP32 [grid, columns]
    BatchRow* rows,          // [grid]
    DecodeState* states,     // [grid]; position is not used
    i32* ids,                // mapped host memory [grid, idPitch]
    i32 idPitch) {
    __shared__ i32 next[2];
    wait_for_previous_kernel();
    let_next_kernel_start();
    if (thread_index() == 0) {
        DecodeState* state = states + block_x();
        bool finite = has_choice(state);
        i32 id = finite ? (i32)~(u32)state->best : 0;
        i32 position = rows[block_x()].position + 1;
        i32 step = state->step;
        state->best = 0;
        state->step = step + 1;
        rows[block_x()].token = id;
        rows[block_x()].position = position;
        store_system(ids + (u64)block_x() * idPitch + step, finite ? id : NoChoice);
        next[0] = id;
        next[1] = position;
    }
    block_barrier();
    int row = next[0], position = next[1];
    if (position >= positions.rows) {
        return; // the sequence is full: nothing can follow
    }
    for (int i = thread_index(); i < table.columns; i += block_size()) {
        x[(u64)block_x() * table.columns + i] = weight_value<Format>(table, row, i) + weight_value<Fp16>(positions, position, i);
    }
}

// out[r, k] = W[firstRow + r, k] as FP16; for a library's product.
// A warp has a row, a lane 8 neighbouring columns of every 256, so that warps store whole lines of memory.
// Launch: grid = ⌈rows / 8⌉, block = 256. No shared memory.
template <class Format> DEVICE void to_half(
    const Matrix& matrix, // [at least firstRow + rows, columns]
    half_t* out,          // FP16 [rows, outPitch]; outPitch = columns rounded up to 32
    i32 firstRow, i32 rows, i32 outPitch) {
    wait_for_previous_kernel();
    let_next_kernel_start();
    int line = block_x() * 8 + (thread_index() >> 5);
    if (line >= rows) {
        return;
    }
    int row = firstRow + line;
    const u8* codes = matrix.codes + (u64)row * matrix.pitch;
    u64 groups = (u64)row * matrix.groups;
    float rowScale = Format::HasRowScale ? ((const float*)matrix.scales)[row] : 1.0f;
    vec4* target = (vec4*)(out + (u64)line * outPitch);
    const int Together = 4; // loads of a lane that are on their way
    int pieces = outPitch >> 3;
#pragma unroll 1
    for (int first = thread_index() & 31; first < pieces; first += 32 * Together) {
        u32 w[Together][4];
#pragma unroll
        for (int u = 0; u < Together; u++) {
            int piece = minimum(first + u * 32, pieces - 1);
            u32 scale = 0, offset = 0;
            if (Format::HasGroups) {
                u64 group = groups + (piece * 8 >> matrix.groupShift);
                scale = half2_of(((const half_t*)matrix.scales)[group]);
                offset = Format::HasMinimum ? half2_of(matrix.minima[group]) : 0;
            }
            Format::unpack_eight(codes, piece, scale, offset, w[u]);
        }
#pragma unroll
        for (int u = 0; u < Together; u++) {
            if (Format::HasRowScale) {
#pragma unroll
                for (int i = 0; i < 4; i++) {
                    w[u][i] = float2_to_half2(half2_low(w[u][i]) * rowScale, half2_high(w[u][i]) * rowScale);
                }
            }
            if (first + u * 32 < pieces) {
                target[first + u * 32] = vec4{w[u][0], w[u][1], w[u][2], w[u][3]};
            }
        }
    }
}

#define TABLE_KERNELS(Format)                                                                                                    \
    KERNEL(256) embed_tokens(const Matrix table, const Matrix positions, const i32* ids, float* x, const DecodeState* state) {   \
        embed<Format>(table, positions, ids, x, state);                                                                          \
    }                                                                                                                            \
    KERNEL(256) advance_step(const Matrix table, const Matrix positions, float* x, DecodeState* state, i32* ids, i32 tokens) {   \
        advance<Format>(table, positions, x, state, ids, tokens);                                                                \
    }                                                                                                                            \
    KERNEL(256) embed_batch_rows(const Matrix table, const Matrix positions, const BatchRow* rows, float* x) {                   \
        embed_batch<Format>(table, positions, rows, x);                                                                          \
    }                                                                                                                            \
    KERNEL(256) advance_batch_rows(                                                                                              \
        const Matrix table, const Matrix positions, float* x, BatchRow* rows, DecodeState* states, i32* ids, i32 idPitch) {      \
        advance_batch<Format>(table, positions, x, rows, states, ids, idPitch);                                                  \
    }                                                                                                                            \
    KERNEL(256) unpack_rows(const Matrix matrix, half_t* out, i32 firstRow, i32 rows, i32 outPitch) {                            \
        to_half<Format>(matrix, out, firstRow, rows, outPitch);                                                                  \
    }
