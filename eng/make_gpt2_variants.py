#!/usr/bin/env python3
"""Makes tests/fixtures/variants: tiny random GPT-2 checkpoints with golden outputs by transformers.

    python3 eng/make_gpt2_variants.py OUT_DIR

Needs torch and transformers, no network and no GPU. Writes OUT_DIR/<variant>/{config.json, model.safetensors (or shards and
model.safetensors.index.json), goldens.json} and OUT_DIR/variants.tar with all of them. Seeds are fixed.

Each variant differs from GPT-2 in what an engine easily gets wrong: head counts and widths that are not powers of two, n_inner that
is not 4 x n_embd, small vocabularies, other epsilons, element types, name prefixes, mask buffers, a stored copy of the tied output
head, shards. Values are wide enough that every layer matters (a default initialisation gives almost uniform logits).

Goldens are float32, eager attention, CPU, on the stored values (rounded to the variant's element types first). They are checked here
twice: against the same model in float64, and against transformers' own from_pretrained of the written folder.
"""

import json
import struct
import sys
import tarfile
import traceback
from pathlib import Path

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel

TYPE_NAMES = {
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.bool: "BOOL",
    torch.uint8: "U8",
}

F32, F16, BF16 = torch.float32, torch.float16, torch.bfloat16

# name: sizes (n_embd, n_head, n_inner, n_layer, n_positions, vocab_size), element types, and how the file is written.
VARIANTS = {
    # Three heads of five: no vector width divides anything.
    "odd-heads-f32": dict(sizes=(15, 3, None, 2, 16, 101), types=F32),
    # Heads wider than GPT-2's 64, inner layer narrower than the embedding.
    "wide-head-f16": dict(sizes=(136, 1, 40, 1, 16, 67), types=F16),
    "prefix-bf16": dict(sizes=(72, 2, 100, 2, 32, 257), types=BF16, prefix="transformer."),
    # As old GPT-2 files: byte masks and the scalar masked_bias beside the weights.
    "u8-buffers-f16": dict(sizes=(40, 5, 52, 2, 24, 131), types=F16, buffers=torch.uint8),
    "f32-buffers": dict(sizes=(24, 4, None, 2, 16, 97), types=F32, buffers=F32),
    # As old fine-tuned models: prefix, BOOL masks, and the tied head stored a second time.
    "prefix-bool-buffers-head": dict(
        sizes=(21, 7, 33, 2, 16, 101), types=F32, prefix="transformer.", buffers=torch.bool, stored_head=True
    ),
    "sharded-bf16": dict(sizes=(50, 2, None, 3, 16, 103), types=BF16, shards=3),
    # Several element types in one file, each by its role.
    "mixed-types": dict(sizes=(33, 3, 65, 2, 20, 109), types="mixed"),
    # Sizes that vector code likes, another epsilon, more layers.
    "deep-f16": dict(sizes=(64, 4, 192, 5, 48, 211), types=F16, epsilon=1e-3),
    # The smallest of everything.
    "smallest-f32": dict(sizes=(8, 1, 7, 1, 16, 5), types=F32, epsilon=1e-6),
}


def element_type(types, name):
    if types != "mixed":
        return types
    if ".ln_" in name or name.startswith("ln_f"):
        return F32
    return F16 if name.startswith("w") else BF16


def random_parameters(model, generator, types):
    """Fills all parameters in place with values that the element types hold exactly; returns them by canonical name."""
    stored = {}
    with torch.no_grad():
        for name, parameter in model.transformer.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("bias"):
                values = 0.1 * noise
            elif ".ln_" in name or name.startswith("ln_f"):
                values = 1.0 + 0.2 * noise
            elif name == "wte.weight":
                values = 0.6 * noise
            elif name == "wpe.weight":
                values = 0.3 * noise
            else:
                values = noise / parameter.shape[0] ** 0.5
            stored[name] = values.to(element_type(types, name))
            parameter.copy_(stored[name].float())
    return stored


def mask_buffers(config, kind):
    """The causal mask and the scalar that old versions of transformers kept in the file, for every layer."""
    n = config.n_positions
    mask = torch.tril(torch.ones(n, n)).view(1, 1, n, n).to(kind)
    tensors = {}
    for layer in range(config.n_layer):
        tensors[f"h.{layer}.attn.bias"] = mask
        tensors[f"h.{layer}.attn.masked_bias"] = torch.tensor(-10000.0)
    return tensors


def tensor_bytes(tensor):
    raw = tensor.contiguous().reshape(-1).view(torch.uint8) if tensor.numel() else tensor
    return bytes(raw.tolist())


def write_safetensors(path, tensors):
    """huggingface/safetensors' layout: u64 header length, JSON header padded to 8 with spaces, contiguous little-endian data."""
    header, parts, end = {"__metadata__": {"format": "pt"}}, [], 0
    for name in sorted(tensors):
        data = tensor_bytes(tensors[name])
        header[name] = {
            "dtype": TYPE_NAMES[tensors[name].dtype],
            "shape": list(tensors[name].shape),
            "data_offsets": [end, end + len(data)],
        }
        parts.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def write_weights(folder, tensors, shards):
    if shards == 1:
        write_safetensors(folder / "model.safetensors", tensors)
        return
    weight_map, names = {}, sorted(tensors)
    for index in range(shards):
        file = f"model-{index + 1:05d}-of-{shards:05d}.safetensors"
        part = {name: tensors[name] for name in names[index::shards]}
        weight_map.update(dict.fromkeys(part, file))
        write_safetensors(folder / file, part)
    total = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")


def all_logits(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def margin(logits):
    top = torch.topk(logits, 2).values
    return float(top[0] - top[1])


def golden(model, exact_model, ids, context):
    logits = all_logits(model, ids)
    exact = all_logits(exact_model, ids)
    greedy, margins, sequence = [], [], list(ids)
    while len(greedy) < 8 and len(sequence) < context:
        last = all_logits(model, sequence)[-1]
        greedy.append(int(last.argmax()))
        margins.append(margin(last))
        sequence.append(greedy[-1])
    return {
        "ids": ids,
        "argmax": [int(i) for i in logits.argmax(-1)],
        "margins_top1_minus_top2": [margin(row) for row in logits],
        "logsumexp": [float(v) for v in torch.logsumexp(logits, -1)],
        "last_logits": [float(v) for v in logits[-1]],
        "greedy": greedy,
        "greedy_margins_top1_minus_top2": margins,
        "fp32_vs_fp64_max_abs_diff": float((logits.double() - exact).abs().max()),
    }


def reload_difference(folder, model, sequences):
    """Largest difference between this model's logits and those of transformers' own reading of the folder."""
    reloaded = GPT2LMHeadModel.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    return max(float((all_logits(reloaded, ids) - all_logits(model, ids)).abs().max()) for ids in sequences)


def make(out, name, seed, sizes, types, prefix="", buffers=None, stored_head=False, shards=1, epsilon=1e-5):
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    embedding, heads, inner, layers, context, vocabulary = sizes
    config = GPT2Config(
        n_embd=embedding, n_head=heads, n_inner=inner, n_layer=layers, n_positions=context, vocab_size=vocabulary,
        layer_norm_epsilon=epsilon, bos_token_id=vocabulary - 1, eos_token_id=vocabulary - 1, attn_implementation="eager",
        architectures=["GPT2LMHeadModel"],
    )
    generator = torch.Generator().manual_seed(seed)
    model = GPT2LMHeadModel(config).eval().float()
    model.tie_weights()
    weights = random_parameters(model, generator, types)
    if model.lm_head.weight.data_ptr() != model.transformer.wte.weight.data_ptr():
        raise SystemExit(f"{name}: the output head is not tied")

    tensors = {prefix + key: value for key, value in weights.items()}
    if buffers is not None:
        tensors.update({prefix + key: value for key, value in mask_buffers(config, buffers).items()})
    if stored_head:
        tensors["lm_head.weight"] = weights["wte.weight"]
    config.to_json_file(folder / "config.json")
    write_weights(folder, tensors, shards)

    exact_model = GPT2LMHeadModel(config).eval().double()
    exact_model.tie_weights()
    exact_model.load_state_dict(model.state_dict())
    lengths = [1, 5, context // 2 + 1, context]
    sequences = [torch.randint(vocabulary, (length,), generator=generator).tolist() for length in lengths]
    goldens = [golden(model, exact_model, ids, context) for ids in sequences]
    try:
        difference = reload_difference(folder, model, sequences)
    except Exception:  # The other variants are still worth making; the run fails at its end.
        traceback.print_exc()
        difference = float("inf")
    document = {
        "variant": name,
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__}, CPU, float32, eager attention",
        "seed": seed,
        "num_parameters": sum(parameter.numel() for parameter in model.parameters()),
        "from_pretrained_max_abs_diff": difference,
        "greedy_protocol": "plain argmax of the last position, every step recomputed over the whole sequence, at most 8 ids or n_ctx",
        "sequences": goldens,
    }
    (folder / "goldens.json").write_text(json.dumps(document) + "\n")
    noise = max(sequence["fp32_vs_fp64_max_abs_diff"] for sequence in goldens)
    print(f"{name}: {document['num_parameters']} parameters, float32 noise {noise:.1e}, from_pretrained differs by {difference:.1e}")
    return noise < 1e-3 and difference < 1e-5


def main():
    if len(sys.argv) != 2:
        raise SystemExit("usage: python3 eng/make_gpt2_variants.py OUT_DIR")
    out = Path(sys.argv[1])
    torch.set_num_threads(1)
    good = [make(out, name, 1000 + i, **settings) for i, (name, settings) in enumerate(VARIANTS.items())]
    with tarfile.open(out / "variants.tar", "w") as tar:
        for name in VARIANTS:
            for file in sorted((out / name).iterdir()):
                tar.add(file, arcname=f"{name}/{file.name}")
    total = sum(file.stat().st_size for name in VARIANTS for file in (out / name).iterdir())
    print(f"{len(VARIANTS)} variants, {total} bytes, torch {torch.__version__}, transformers {transformers.__version__}")
    if not all(good) or total > 2_000_000:
        raise SystemExit("a variant disagrees with its check, or the files are larger than 2 MB")


if __name__ == "__main__":
    main()
