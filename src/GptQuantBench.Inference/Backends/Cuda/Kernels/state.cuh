// Where a sequence stands.
#pragma once
#include "device.cuh"

// Lives in device memory so that one captured graph serves every token. C#: DecodeState.
struct DecodeState {
    u64 best;     // greatest key of the token being chosen: ordered logit << 32 | ~id
    i32 position; // of the first token of this pass
    i32 step;     // index of the id that this pass chooses
    i32 token;    // id that the next pass reads
};

// One row of a pass over several sequences. C#: BatchRow, field for field.
struct BatchRow {
    i32 sequence; // whose cache
    i32 position;
    i32 token; // id that stands there
};

// Whether a token can be chosen: the best logit is a finite number (−infinity has the order 0x007fffff).
DEVICE bool has_choice(const DecodeState* state) {
    u32 order = (u32)(state->best >> 32);
    return order != NotANumberKey && order > 0x007fffffu;
}
