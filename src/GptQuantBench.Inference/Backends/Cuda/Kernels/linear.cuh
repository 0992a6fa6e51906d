// Matrix products of a few tokens: y[t, r] = Σ_k W[r, k] · a[t, k] + b[r], for 1 to 16 tokens, with what stands before and after the
// product in a transformer block fused into it. Every weight is read once, whatever the number of tokens.
//
// Work: a tile is 8 rows of W; a chunk is 64 bytes of each of these rows (32 weights in FP16, 64 in 8-bit, 128 in 4-bit). Lane
// l = 4g + q of a warp reads 16 bytes: row g of the tile, quarter q of the chunk. The 16 bytes become FP16 and are the B operand of
// 2, 4 or 8 mma m16n8k16, the tokens' activations are A. A lane's weights are consecutive inputs, so the order of the inputs inside an
// mma is not 0…15; A is read with the same permutation, and the sum does not care.
//
//              ┌ chunk 0: q=0 q=1 q=2 q=3 │ chunk 1 │ chunk 2 │ …
//   row  g=0   │ [16 B][16 B][16 B][16 B] │         │
//   row  g=1   │ [16 B][16 B][16 B][16 B] │  warp s of a tile's `slices` warps takes
//    …         │                          │  chunks s, s + slices, s + 2·slices, …
//   row  g=7   │ [16 B][16 B][16 B][16 B] │         │
//
// Launch: grid = ⌈rows / (8 · tiles)⌉, block = 32 · tiles · slices threads (at most 256): `tiles` tiles a block, `slices` warps share
// one tile's inputs and add their sums through shared memory. Small matrices take many slices, so that every SM has a tile.
// Shared memory, dynamic: activations FP16 [tokens, inputPitch], unless they come as halves and are too many (sharedInput = 0);
// static: 4 KB of partial sums.
// Weights, biases and gains are requested before the previous kernel's results are waited for: they depend on nothing.
#pragma once
#include "linear_inputs.cuh"

DEVICE vec4 load_chunk(const u8* row, bool inside, int pitch, int chunk, int quarter) {
    int offset = chunk * 64 + quarter * 16;
    vec4 zero = {0, 0, 0, 0};
    return inside && offset < pitch ? load_constant(row + offset) : zero;
}

// Scale and minimum of the group that a lane's 16 bytes of a chunk belong to, each twice in a register.
template <class Format> DEVICE void load_group(const Matrix& m, int row, bool inside, int chunk, int quarter, u32& scale, u32& minimum) {
    scale = 0;
    minimum = 0;
    if (Format::HasGroups) {
        int column = (chunk * 4 + quarter) * Format::Weights;
        if (inside && column < m.columns) {
            u64 index = (u64)row * m.groups + (column >> m.groupShift);
            scale = half2_of(((const half_t*)m.scales)[index]);
            if (Format::HasMinimum) {
                minimum = half2_of(m.minima[index]);
            }
        }
    }
}

// One chunk: low and high point at this lane's first input of the chunk, for tokens g and g + 8. Where there is no such token they
// point at another's: a row of A makes that row of D alone, and rows without a token are not stored.
template <class Format> DEVICE void multiply_chunk(
    const vec4& raw, u32 scale, u32 minimum, const half_t* low, const half_t* high, bool wide, float (&even)[4], float (&odd)[4]) {
    u32 weight[Format::Weights / 2];
    Format::unpack(raw, scale, minimum, weight);
#pragma unroll
    for (int part = 0; part < Format::Weights / 8; part++) {
        vec4 l = *(const vec4*)(low + part * 8);
        vec4 h = l;
        if (wide) {
            h = *(const vec4*)(high + part * 8);
        }
        multiply_accumulate(even, l.x, h.x, l.y, h.y, weight[part * 4], weight[part * 4 + 1]);
        multiply_accumulate(odd, l.z, h.z, l.w, h.w, weight[part * 4 + 2], weight[part * 4 + 3]);
    }
}

// All chunks of a warp; `low`, `high` as in multiply_chunk, of chunk 0.
template <class Format> struct Stream {
    static const int Depth = Format::Depth; // 16-byte loads in flight per lane, twice in the loop
    vec4 raw[Depth];
    u32 scale[Depth], minimum[Depth];

    DEVICE void request(const LinearArguments& a, const u8* weights, int row, bool inside, int quarter, int first) {
#pragma unroll
        for (int u = 0; u < Depth; u++) {
            raw[u] = load_chunk(weights, inside, a.matrix.pitch, first + u * a.slices, quarter);
            load_group<Format>(a.matrix, row, inside, first + u * a.slices, quarter, scale[u], minimum[u]);
        }
    }

    DEVICE void multiply(
        const LinearArguments& a, const u8* weights, int row, bool inside, int quarter, int slice, const half_t* low, const half_t* high,
        float (&even)[4], float (&odd)[4]) {
        int chunks = (a.matrix.pitch + 63) >> 6;
        bool wide = a.tokens > 8;
#pragma unroll 1
        for (int chunk = slice; chunk < chunks; chunk += Depth * a.slices) {
            Stream next;
            next.request(a, weights, row, inside, quarter, chunk + Depth * a.slices);
#pragma unroll
            for (int u = 0; u < Depth; u++) {
                int c = chunk + u * a.slices;
                if (c < chunks) {
                    int offset = c * 4 * Format::Weights;
                    multiply_chunk<Format>(raw[u], scale[u], minimum[u], low + offset, high + offset, wide, even, odd);
                }
            }
            *this = next;
        }
    }
};

// One result of a block: which it is, and what its end needs besides the sum.
struct Result {
    int token, row;
    bool inside;
    float bias, rowScale, old;
    int position;

    DEVICE void locate(const LinearArguments& a, int index, int tiles) {
        int rest = index >> 3, tile = a.tokens == 1 ? rest : rest / a.tokens;
        token = rest - tile * a.tokens;
        row = (block_x() * tiles + tile) * 8 + (index & 7);
        inside = tile < tiles && row < a.matrix.rows;
    }

    template <class Format> DEVICE void load_constants(const LinearArguments& a) {
        bias = inside && a.bias ? a.bias[row] : 0.0f;
        rowScale = Format::HasRowScale && inside ? ((const float*)a.matrix.scales)[row] : 1.0f;
    }

    template <int End> DEVICE void load_state(const LinearArguments& a) {
        old = End == AddToResidual && inside ? ((const float*)a.output)[(u64)token * a.matrix.rows + row] : 0.0f;
        position = End == SplitHeads ? a.state->position : 0;
    }
};

// What becomes of y.
template <int End> DEVICE void finish(const LinearArguments& a, const Result& r, float y) {
    if (End == ToFloat || End == Logits || End == AddToResidual) {
        ((float*)a.output)[(u64)r.token * a.matrix.rows + r.row] = r.old + y;
    } else if (End == Gelu) {
        ((half_t*)a.output)[(u64)r.token * a.outputPitch + r.row] = float_to_half(gelu_tanh(y));
    } else {
        int width = a.matrix.rows / 3;
        int part = r.row / width, i = r.row - part * width;
        if (part == 0) {
            ((float*)a.output)[(u64)r.token * width + i] = y * a.queryScale;
            return;
        }
        int head = i / a.headSize, d = i - head * a.headSize;
        half_t* cache = part == 1 ? a.keys : a.values;
        half_t* slot = cache + ((u64)head * a.capacity + r.position + r.token) * a.headPitch;
        slot[d] = float_to_half(y);
        if (d == a.headSize - 1) {
#pragma unroll 1
            for (int rest = a.headSize; rest < a.headPitch; rest++) {
                slot[rest] = 0; // attention reads whole 16-byte pieces
            }
        }
    }
}

template <class Format, int Start, int End> DEVICE void linear(const LinearArguments& a) {
    __shared__ float sums[MaxWarps][MaxTokens][8];
    extern __shared__ vec4 activations[];

    let_next_kernel_start();
    const Matrix& m = a.matrix;
    int warp = thread_index() >> 5, lane = thread_index() & 31;
    int g = lane >> 2, q = lane & 3;
    int local = warp / a.slices, slice = warp - local * a.slices;
    int tiles = (block_size() >> 5) / a.slices;
    int row = (block_x() * tiles + local) * 8 + g;
    bool inside = row < m.rows;
    const u8* weights = m.codes + (u64)row * m.pitch;

    Stream<Format> stream;
    stream.request(a, weights, row, inside, q, slice);
    Result result;
    result.locate(a, thread_index(), tiles);
    result.load_constants<Format>(a);

    NormConstants constants;
    if (Start == Normalise && normalises_together(a)) {
        constants.load(a);
    }

    wait_for_previous_kernel();
    result.load_state<End>(a);
    if (Start == Normalise) {
        if (normalises_together(a)) {
            normalise_together(a, constants, (half_t*)activations);
        } else {
            normalise(a, (half_t*)activations);
        }
    } else if (Start == Combine) {
        combine(a, (half_t*)activations);
    } else if (a.sharedInput) {
        for (int i = thread_index(); i < (a.tokens * a.inputPitch) >> 3; i += block_size()) {
            activations[i] = ((const vec4*)a.input)[i];
        }
    }
    block_barrier();

    float even[4] = {0, 0, 0, 0}, odd[4] = {0, 0, 0, 0};
    int low = minimum(g, a.tokens - 1) * a.inputPitch + q * Format::Weights;
    int high = minimum(g + 8, a.tokens - 1) * a.inputPitch + q * Format::Weights;
    if (Start != FromHalf || a.sharedInput) {
        const half_t* act = (const half_t*)activations;
        stream.multiply(a, weights, row, inside, q, slice, act + low, act + high, even, odd);
    } else {
        const half_t* act = (const half_t*)a.input;
        stream.multiply(a, weights, row, inside, q, slice, act + low, act + high, even, odd);
    }

    if (g < a.tokens) {
        sums[warp][g][2 * q] = even[0] + odd[0];
        sums[warp][g][2 * q + 1] = even[1] + odd[1];
    }
    if (g + 8 < a.tokens) {
        sums[warp][g + 8][2 * q] = even[2] + odd[2];
        sums[warp][g + 8][2 * q + 1] = even[3] + odd[3];
    }
    block_barrier();

    u64 best = 0;
#pragma unroll 1
    for (int i = thread_index(); i < tiles * a.tokens * 8; i += block_size()) {
        if (i != thread_index()) {
            result.locate(a, i, tiles);
            result.load_constants<Format>(a);
            result.load_state<End>(a);
        }
        if (!result.inside) {
            continue;
        }
        float y = 0;
        int first = (i >> 3) / a.tokens * a.slices;
        for (int s = 0; s < a.slices; s++) {
            y += sums[first + s][result.token][i & 7];
        }
        y = y * result.rowScale + result.bias;
        finish<End>(a, result, y);
        if (End == Logits && result.token == a.tokens - 1) {
            u64 key = best_key(y, result.row);
            best = key > best ? key : best;
        }
    }
    if (End == Logits) {
        best = warp_max(best);
        if (lane == 0 && best != 0) {
            atomic_max(&a.state->best, best);
        }
    }
}

// Every kernel of one format, with so few registers that `Blocks` blocks fit a multiprocessor (3: 80, 2: 128).
#define LINEAR_KERNEL(Blocks) extern "C" __global__ void __launch_bounds__(256, Blocks)
#define LINEAR_KERNELS(Format, Blocks)                                                                                            \
    LINEAR_KERNEL(Blocks) linear_norm_heads(const LinearArguments a) { linear<Format, Normalise, SplitHeads>(a); }                \
    LINEAR_KERNEL(Blocks) linear_combine_residual(const LinearArguments a) { linear<Format, Combine, AddToResidual>(a); }         \
    LINEAR_KERNEL(Blocks) linear_norm_gelu(const LinearArguments a) { linear<Format, Normalise, Gelu>(a); }                       \
    LINEAR_KERNEL(Blocks) linear_residual(const LinearArguments a) { linear<Format, FromHalf, AddToResidual>(a); }                \
    LINEAR_KERNEL(Blocks) linear_norm_logits(const LinearArguments a) { linear<Format, Normalise, Logits>(a); }                   \
    LINEAR_KERNEL(Blocks) linear_product(const LinearArguments a) { linear<Format, FromHalf, ToFloat>(a); }
