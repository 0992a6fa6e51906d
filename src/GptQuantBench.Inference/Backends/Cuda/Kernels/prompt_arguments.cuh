// What the kernel for short prompts is asked for, and where the words lie that its blocks hand over.
//
// Up to eight tokens are the eight columns of the matrix unit's B: lane 4g + q has columns of token g alone. Words of a product's input lie as
// the lanes load them, two at a time: of every 32 columns,
//
//   [loads of a lane][8 tokens][lanes that share the columns, 32 / Format::Weights][2]
//
// so that a warp's load is one run, and what it loads is B as it stands: no input passes through shared memory.
#pragma once
#include "persistent_arguments.cuh"

static const int PromptTokens = 8;
static const int BlockWords = 16 * PromptTokens; // of 32 columns

// C#: PromptArguments, field for field.
struct PromptArguments : PersistentArguments { // steps: 1; id, position: unused; words: both slots and the best logits' (locate_prompt)
    i32 tokens; // 1 to PromptTokens, from position 0 on
    i32 prompt[PromptTokens];
};

// Where the words of a slot lie, counted from the slot's first.
struct PromptWords {
    i32 projected, forward, hidden, attended, slot; // queries, keys and values: 0, [token][3 · width / 2]; slot: words of a slot

    // The best logits' words, behind both slots: [blocks][2].
    DEVICE int best() const { return 2 * slot; }
};

// C#: PersistentDecoder.PromptWordCount counts the same.
DEVICE PromptWords locate_prompt(const PersistentArguments& a) {
    int width = a.table.columns, narrow = ((width + 31) >> 5) * BlockWords;
    PromptWords w;
    w.projected = PromptTokens * 3 * (width >> 1);
    w.forward = w.projected + narrow;
    w.hidden = w.forward + narrow;
    w.attended = w.hidden + ((a.inner + 31) >> 5) * BlockWords;
    w.slot = w.attended + narrow;
    return w;
}

// The word of columns 2 · pair and 2 · pair + 1 of a token.
template <class Format> DEVICE int prompt_place(int pair, int token) {
    const int Sharing = 32 / Format::Weights, Each = 16 / Sharing; // lanes that share 32 columns; pairs of one
    int own = pair & (Each - 1), q = (pair & 15) / Each;
    return (pair >> 4) * BlockWords + (((own >> 1) * PromptTokens + token) * Sharing + q) * 2 + (own & 1);
}
