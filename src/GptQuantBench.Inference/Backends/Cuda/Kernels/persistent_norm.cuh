// What stands between a product's partial sums and its outputs in the persistent kernel: the norm before it, and what a row has of its own.
#pragma once
#include "persistent_operand.cuh"

// A block's layer norm, folded into the product behind it: the activations are scale · gain · (x − reference), where reference is the mean and
// scale a part of the reciprocal deviation of the norm before (both move little between norms), and y = W · norm(x) + bias comes out as
// factor · Σ W a − offset · G + B with G = Σ W · gain and B = Σ W · shift + bias, which persistent_fold has made.
struct Norm {
    float reference, scale, inverse, factor, offset; // inverse: of scale

    // For the first norm of a step.
    DEVICE void begin() {
        reference = 0;
        scale = Part;
        inverse = 1 / Part;
    }

    // Takes the sums of all warps: [PersistentWarps] of x − reference and of its square. part: 1 / columns.
    DEVICE void take(const float2_t* stats, float part, float epsilon) {
        float4_t s[PersistentWarps / 2];
#pragma unroll
        for (int w = 0; w < PersistentWarps / 2; w++) {
            s[w] = *(const float4_t*)(stats + 2 * w);
        }
        float sum = ((s[0].x + s[0].z) + (s[1].x + s[1].z)) + ((s[2].x + s[2].z) + (s[3].x + s[3].z));
        float squares = ((s[0].y + s[0].w) + (s[1].y + s[1].w)) + ((s[2].y + s[2].w) + (s[3].y + s[3].w));
        float shift = sum * part;
        float deviation = reciprocal_sqrt(squares * part - shift * shift + epsilon);
        factor = deviation * inverse;
        offset = deviation * shift;
        reference += shift;
        scale = deviation * Part;
        inverse = reciprocal(scale); // for the next norm: its outputs do not wait for it
    }

    static constexpr float Part = 0.125f; // so that a stream that has grown some thousand times since still fits into halves
};

// What an output needs besides its sum; of row r.
struct RowConstants {
    float scale;     // of the row's codes
    float gain, bias; // G and B of Norm, or 0 and the bias

    // IsFolded: `values` are [rows][2] of both; else biases.
    template <class Format, bool IsFolded> DEVICE void request(const Matrix& m, const float* values, int row) {
        if (IsFolded) {
            float2_t both = load_float2(values + 2 * row);
            gain = both.x;
            bias = both.y;
        } else {
            gain = 0;
            bias = load_float(values + row);
        }
        scale = Format::HasRowScale ? load_float((const float*)m.scales + row) : 1.0f;
    }

    DEVICE float output(float sum, float factor, float offset) const { return sum * scale * factor + (bias - offset * gain); }
};

// Row r's sum.
DEVICE float row_sum(const float* sums, int r) {
    float4_t y = *(const float4_t*)(sums + r * PersistentWarps), z = *(const float4_t*)(sums + r * PersistentWarps + 4);
    return ((y.x + y.y) + (y.z + y.w)) + ((z.x + z.y) + (z.z + z.w));
}
