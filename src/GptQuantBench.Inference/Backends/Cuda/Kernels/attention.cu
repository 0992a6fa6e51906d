// Attention of new tokens over the FP16 cache: softmax(q · Kᵀ) V, causal; query t of the pass sees positions 0 … state.position + t
// or, in a pass over several sequences (attention_rows), positions 0 … rows[t].position of its own sequence.
//
// The positions are cut into ranges of `rangeSize`, one block each, so that a long context is read by many SMs; the partial results
// are brought together by whoever reads them (linear.cuh, Combine) or, for one range, normalised here.
//
//   cache of one layer, FP16           head 0: [position 0: headPitch][position 1: headPitch] … [capacity − 1]
//                                      head 1: …
//   a position is read by `lanes` neighbouring lanes, 16 bytes (8 dimensions) each; a warp reads 32 / lanes positions at a time:
//     lane       0 … lanes−1 │ lanes … 2·lanes−1 │ …
//     position   j           │ j + 1             │ …
//   Each group of lanes keeps its own running maximum, sum and output (online softmax); groups, then warps, are joined at the end.
//
// Nothing past the last position is read, so slots that nobody wrote may hold anything.
// Launch: grid = (heads, ranges, tokens), block = 128 threads; static shared memory: 4.2 KB.
#include "state.cuh"

static const int Warps = 4;
static const int MaxHead = 256;

// C#: AttentionArguments, field for field.
struct AttentionArguments {
    const float* queries;  // FP32 [tokens, heads · headSize], already scaled by 1/√headSize
    const half_t* keys;    // FP16 [heads, capacity, headPitch] of this layer
    const half_t* values;  // FP16 [heads, capacity, headPitch] of this layer
    float* partial;        // FP32 [tokens, heads, ranges, headSize]: Σ e^{s − maximum} v (attention_partial)
    float2_t* weights;     // FP32 pairs (maximum, Σ e^{s − maximum}) [tokens, heads, ranges] (attention_partial)
    half_t* output;        // FP16 [tokens, outputPitch] (attention_whole)
    const DecodeState* state;
    i32 heads;
    i32 headSize;  // at most 256
    i32 headPitch; // halves from one position to the next, a multiple of 8
    i32 capacity;
    i32 ranges;
    i32 rangeSize;
    i32 lanes; // lanes a position: the least power of two that is at least headPitch / 8
    i32 outputPitch;
    const BatchRow* rows; // [tokens] (attention_rows)
    u64 sequencePitch;    // halves from a sequence's cache to the next one's (attention_rows)
};

// Joins another running softmax of the same dimensions.
DEVICE void join(float& best, float& sum, float (&acc)[8], float otherBest, float otherSum, const float (&other)[8]) {
    float top = maximum(best, otherBest);
    // Both may be empty: −∞ − −∞ would be NaN.
    float mine = best == top ? 1.0f : exp_fast(best - top);
    float theirs = otherBest == top ? 1.0f : exp_fast(otherBest - top);
    sum = sum * mine + otherSum * theirs;
#pragma unroll
    for (int i = 0; i < 8; i++) {
        acc[i] = acc[i] * mine + other[i] * theirs;
    }
    best = top;
}

template <bool Whole, int Lanes, bool Rows> DEVICE void attend(const AttentionArguments& a) {
    int lanes = Lanes ? Lanes : a.lanes;
    __shared__ float bests[Warps];
    __shared__ float totals[Warps];
    __shared__ float outputs[Warps][MaxHead];

    let_next_kernel_start();
    wait_for_previous_kernel();
    int head = block_x(), range = block_y(), token = block_z();
    int count = (Rows ? a.rows[token].position : a.state->position + token) + 1;
    u64 sequence = Rows ? a.rows[token].sequence * a.sequencePitch : 0;
    int begin = range * a.rangeSize;
    int end = minimum(count, begin + a.rangeSize);
    if (begin >= count) {
        return;
    }

    int warp = thread_index() >> 5, lane = thread_index() & 31;
    int group = lane / lanes, part = lane - group * lanes;
    int groups = 32 / lanes;
    bool active = part * 8 < a.headPitch;
    const half_t* keys = a.keys + sequence + (u64)head * a.capacity * a.headPitch + part * 8;
    const half_t* values = a.values + sequence + (u64)head * a.capacity * a.headPitch + part * 8;
    float query[8];
#pragma unroll
    for (int i = 0; i < 8; i++) {
        int d = part * 8 + i;
        query[i] = d < a.headSize ? a.queries[(u64)(token * a.heads + head) * a.headSize + d] : 0.0f;
    }

    float best = minus_infinity(), sum = 0, acc[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    const int Together = 4; // positions of one group whose loads are in flight at once
    vec4 zero = {0, 0, 0, 0};
#pragma unroll 1
    for (int first = begin + warp * groups; first < end; first += Warps * groups * Together) {
        vec4 k[Together], v[Together];
#pragma unroll
        for (int u = 0; u < Together; u++) {
            int j = first + u * Warps * groups + group;
            bool load = active && j < end;
            k[u] = load ? *(const vec4*)(keys + (u64)j * a.headPitch) : zero;
            v[u] = load ? *(const vec4*)(values + (u64)j * a.headPitch) : zero;
        }
#pragma unroll
        for (int u = 0; u < Together; u++) {
            int j = first + u * Warps * groups + group;
            float key[8], value[8];
            unpack_halves(k[u], key);
            unpack_halves(v[u], value);
            float score = 0;
#pragma unroll
            for (int i = 0; i < 8; i++) {
                score += query[i] * key[i];
            }
            for (int offset = 1; offset < lanes; offset <<= 1) {
                score += shuffle_xor(score, offset);
            }
            if (j < end) {
                float top = maximum(best, score);
                float keep = exp_fast(best - top), weight = exp_fast(score - top);
                sum = sum * keep + weight;
#pragma unroll
                for (int i = 0; i < 8; i++) {
                    acc[i] = acc[i] * keep + weight * value[i];
                }
                best = top;
            }
        }
    }

    for (int offset = lanes; offset < 32; offset <<= 1) {
        float otherBest = shuffle_xor(best, offset), otherSum = shuffle_xor(sum, offset), other[8];
#pragma unroll
        for (int i = 0; i < 8; i++) {
            other[i] = shuffle_xor(acc[i], offset);
        }
        join(best, sum, acc, otherBest, otherSum, other);
    }
    if (group == 0) {
        if (part == 0) {
            bests[warp] = best;
            totals[warp] = sum;
        }
#pragma unroll
        for (int i = 0; i < 8; i++) {
            outputs[warp][part * 8 + i] = acc[i];
        }
    }
    block_barrier();

    float top = minus_infinity();
#pragma unroll
    for (int w = 0; w < Warps; w++) {
        top = maximum(top, bests[w]);
    }
    float total = 0, factor[Warps];
#pragma unroll
    for (int w = 0; w < Warps; w++) {
        factor[w] = exp_fast(bests[w] - top);
        total += totals[w] * factor[w];
    }
    u64 index = ((u64)token * a.heads + head) * a.ranges + range;
    for (int d = thread_index(); d < a.headSize; d += block_size()) {
        float value = 0;
#pragma unroll
        for (int w = 0; w < Warps; w++) {
            value += outputs[w][d] * factor[w];
        }
        if (Whole) {
            a.output[(u64)token * a.outputPitch + head * a.headSize + d] = float_to_half(value / total);
        } else {
            a.partial[index * a.headSize + d] = value;
        }
    }
    if (!Whole && thread_index() == 0) {
        float2_t pair = {top, total};
        a.weights[index] = pair;
    }
}

// Heads of 57 to 64 dimensions, as all of GPT-2's sizes have, with everything known in advance.
template <bool Whole, bool Rows> DEVICE void attend_any(const AttentionArguments& a) {
    if (a.lanes == 8) {
        attend<Whole, 8, Rows>(a);
    } else {
        attend<Whole, 0, Rows>(a);
    }
}

// One range of positions; grid.y = ranges.
KERNEL(128) attention_partial(const AttentionArguments a) { attend_any<false, false>(a); }

// All positions in one range; grid.y = 1, ranges = 1, rangeSize = capacity.
KERNEL(128) attention_whole(const AttentionArguments a) { attend_any<true, false>(a); }

// The same for rows of several sequences.
KERNEL(128) attention_rows(const AttentionArguments a) { attend_any<true, true>(a); }
