// What the fused products are asked for.
#pragma once
#include "formats.cuh"
#include "state.cuh"

static const int MaxTokens = 16;
static const int MaxWarps = 8;

// What comes before the product.
enum Before {
    FromHalf,  // a = input, FP16 [tokens, inputPitch]
    Normalise, // a = layer norm of the residual stream, FP32 [tokens, columns]
    Combine,   // a = attention's partial results of several ranges of positions, brought together; one token
};

// What comes after the product.
enum After {
    ToFloat,        // FP32 [tokens, rows], nothing else
    SplitHeads,     // queries FP32, keys and values FP16 into the cache
    AddToResidual,  // residual stream FP32 [tokens, rows] += y
    Gelu,           // FP16 [tokens, outputPitch] = gelu(y)
    Logits,         // FP32 [tokens, rows], and the last token's best id into the state
};

// C#: LinearArguments, field for field.
struct LinearArguments {
    Matrix matrix;
    const float* bias;       // FP32 [rows]; null: none
    const void* input;       // FP16 [tokens, inputPitch] (FromHalf), FP32 [tokens, columns] (Normalise), else null
    const float* gain;       // FP32 [columns] (Normalise)
    const float* shift;      // FP32 [columns] (Normalise)
    const float* partial;    // FP32 [heads, ranges, headSize] (Combine)
    const float2_t* weights; // FP32 pairs (maximum, sum) [heads, ranges] (Combine)
    void* output;            // FP32 [tokens, rows]: product, queries [tokens, rows / 3], residual or logits; FP16 for Gelu
    half_t* keys;            // FP16 [heads, capacity, headPitch] of this layer (SplitHeads)
    half_t* values;          // FP16 [heads, capacity, headPitch] of this layer (SplitHeads)
    DecodeState* state;
    i32 tokens;      // 1…16
    i32 slices;      // warps that share a tile
    i32 inputPitch;  // halves from one token's activations to the next; covers whole chunks, finite everywhere, zero beyond `columns`
    i32 outputPitch; // halves (Gelu)
    i32 heads;
    i32 headSize;
    i32 headPitch; // halves of one position of one head in the cache, a multiple of 8
    i32 capacity;  // positions in the cache
    i32 ranges;    // ranges of positions that attention is cut into
    i32 rangeSize; // positions in a range
    float epsilon; // of the norm
    float queryScale;
    i32 sharedInput; // 1: activations go through shared memory
};
