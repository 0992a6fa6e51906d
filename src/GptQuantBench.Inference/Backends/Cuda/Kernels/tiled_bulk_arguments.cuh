// What the products by the tensor copy engine are asked for.
#pragma once
#include "tensor_copies.cuh"
#include "tiled.cuh"

// C#: BulkArguments, field for field.
struct BulkArguments {
    TensorMap codes;  // boxes of 64 bytes and as many rows as a block has room for
    TensorMap scales; // boxes of 16 groups and as many rows, where there are groups
    TensorMap minima;
    TiledArguments product; // partial: FP32 [splits, tiles, warps of a stage, RowTiles · Groups, 32, 4]; arrived: [tiles, warps of a stage]
    i32 ring;               // stages
    i32 scaleRing;          // boxes
    i32 each;               // stages of a split, a multiple of those that share a box of scales
    i32 early;
};
