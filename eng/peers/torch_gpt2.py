#!/usr/bin/env python3
"""GPT-2 in PyTorch on the GPU, batch 1, random weights of the exact shapes: what a user would run instead.

  torch_gpt2.py MODEL [MODEL ...] > peers.json      models: gpt2 gpt2-medium gpt2-large gpt2-xl

Two ways, each over the 5-token prompt and 50 new tokens, medians of several runs:
  generate   transformers' generate(), FP16, temperature 0.8, top-p 0.9; first token greedy. Left out where transformers is missing.
  graph      one decode step in plain PyTorch (cuBLAS, scaled_dot_product_attention over a fixed cache, greedy) replayed as a CUDA graph: what
             PyTorch reaches without its launches. No tokenizer and no sampling are in it, so it is a harder peer than it looks.
"""
import json
import statistics
import sys
import time

import torch
import torch.nn.functional as functional

SHAPES = {"gpt2": (12, 12, 768), "gpt2-medium": (24, 16, 1024), "gpt2-large": (36, 20, 1280), "gpt2-xl": (48, 25, 1600)}  # layers, heads, width
VOCABULARY, POSITIONS = 50257, 1024
PROMPT, NEW_TOKENS = [464, 2003, 286, 9552, 318], 50
RUNS = 9


def median_seconds(work, runs=RUNS):
    """Median wall time of work that ends with an idle device."""
    samples = []
    for _ in range(runs):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        samples.append(time.perf_counter() - start)
    return statistics.median(samples)


def by_generate(layers, heads, width):
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(n_layer=layers, n_head=heads, n_embd=width)).half().cuda().eval()
    ids = torch.tensor([PROMPT], device="cuda")

    def generate(count, **sampling):
        with torch.no_grad():
            model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, min_new_tokens=count, pad_token_id=50256, **sampling)

    sampled = {"do_sample": True, "temperature": 0.8, "top_p": 0.9}
    generate(10, **sampled)
    first = median_seconds(lambda: generate(1, do_sample=False))
    total = median_seconds(lambda: generate(NEW_TOKENS, **sampled))
    return {"first_token_latency_ms": first * 1e3, "throughput_tokens_per_sec": NEW_TOKENS / total}


class Decoder:
    """One greedy decode step over static buffers."""

    def __init__(self, layers, heads, width):
        half = {"device": "cuda", "dtype": torch.float16}
        self.heads, self.width, self.size = heads, width, width // heads
        random = lambda *shape: torch.randn(*shape, **half) * 0.02
        norm = lambda: (torch.ones(width, **half), torch.zeros(width, **half))
        linear = lambda inputs, outputs: (random(outputs, inputs), torch.zeros(outputs, **half))
        self.tokens, self.positions, self.final = random(VOCABULARY, width), random(POSITIONS, width), norm()
        self.capacity = 64  # the prompt and the new tokens, as the program's cache
        cache = lambda: torch.zeros(1, heads, self.capacity, self.size, **half)
        self.blocks = [
            (norm(), linear(width, 3 * width), linear(width, width), norm(), linear(width, 4 * width), linear(4 * width, width), cache(), cache())
            for _ in range(layers)
        ]
        self.token = torch.zeros(1, dtype=torch.long, device="cuda")
        self.position = torch.zeros(1, dtype=torch.long, device="cuda")
        self.slots = torch.arange(self.capacity, device="cuda")

    def step(self):
        x = self.tokens[self.token] + self.positions[self.position]
        mask = (self.slots <= self.position)[None, None, None, :]
        split = lambda values: values.view(1, self.heads, 1, self.size)
        for norm1, qkv, out, norm2, up, down, keys, values in self.blocks:
            query, key, value = functional.linear(functional.layer_norm(x, (self.width,), *norm1), *qkv).split(self.width, dim=1)
            keys.index_copy_(2, self.position, split(key))
            values.index_copy_(2, self.position, split(value))
            attended = functional.scaled_dot_product_attention(split(query), keys, values, attn_mask=mask).reshape(1, self.width)
            x = x + functional.linear(attended, *out)
            hidden = functional.gelu(functional.linear(functional.layer_norm(x, (self.width,), *norm2), *up), approximate="tanh")
            x = x + functional.linear(hidden, *down)
        logits = functional.linear(functional.layer_norm(x, (self.width,), *self.final), self.tokens)
        self.token.copy_(logits.argmax(-1))
        self.position.add_(1).remainder_(self.capacity)


def by_graph(layers, heads, width):
    decoder = Decoder(layers, heads, width)
    with torch.no_grad():
        warm = torch.cuda.Stream()
        warm.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(warm):
            for _ in range(3):
                decoder.step()
        torch.cuda.current_stream().wait_stream(warm)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            decoder.step()

        def replay():
            for _ in range(NEW_TOKENS):
                graph.replay()

        replay()
        return {"throughput_tokens_per_sec": NEW_TOKENS / median_seconds(replay)}


def main():
    torch.manual_seed(0)
    names = sys.argv[1:]
    unknown = [name for name in names if name not in SHAPES]
    if not names or unknown:
        sys.exit(f"torch_gpt2.py: name models of {', '.join(SHAPES)}" + (f"; there is no {unknown[0]}" if unknown else ""))
    if not torch.cuda.is_available():
        sys.exit("torch_gpt2.py: PyTorch sees no CUDA device; install a CUDA build of torch on a machine with an NVIDIA GPU")
    report = {"device": torch.cuda.get_device_name(), "torch": torch.__version__, "cuda": torch.version.cuda, "models": {}}
    for name in names:
        ways = report["models"][name] = {}
        try:
            ways["generate"] = by_generate(*SHAPES[name])
        except ImportError:
            print("torch_gpt2.py: transformers is missing, so its generate() is left out", file=sys.stderr)
        torch.cuda.empty_cache()
        ways["graph"] = by_graph(*SHAPES[name])
        torch.cuda.empty_cache()
    json.dump(report, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
