// The kernel for short prompts, for one format (formats.cuh).
#include "prompt.cuh"

PROMPT_KERNEL(Int4)
