// What the persistent kernel adds to products instead of running the norms before them. Once, at load.
#pragma once
#include "persistent_exchange.cuh"

// What the norm before a product adds to its rows (Norm): out[r] = {Σ W · gain, Σ W · shift + bias}, FP32. biases: null for 0. A warp a row.
template <class Format> DEVICE void fold(const Matrix& m, const float* gain, const float* shift, const float* biases, float* out) {
    int row = block_x() * (block_size() >> 5) + (thread_index() >> 5), lane = lane_index();
    if (row >= m.rows) {
        return;
    }
    float gains = 0, shifts = 0;
    for (int column = lane; column < m.columns; column += 32) {
        float w = weight_value<Format>(m, row, column);
        gains += w * gain[column];
        shifts += w * shift[column];
    }
    gains = warp_sum(gains);
    shifts = warp_sum(shifts);
    if (lane == 0) {
        out[2 * row] = gains;
        out[2 * row + 1] = biases ? shifts + biases[row] : shifts;
    }
}
