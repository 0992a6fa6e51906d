"""Makes the golden perplexity of a text by transformers, in float32, for tests that hold our own figure against it.

    python3 eng/golden_perplexity.py MODEL_DIR IDS_JSON TEXT OUT_JSON

for example, for the text of a fresh clone:

    python3 eng/golden_perplexity.py tests/fixtures/gpt2-nano tests/fixtures/texts/own.ids.json \
        tests/fixtures/texts/own.txt tests/fixtures/texts/own.perplexity.json

IDS_JSON is the list of the text's ids: the text tokenised once as a whole, no token added, nothing trimmed.
Protocol: the ids are cut into consecutive windows of n_positions (stride the same, the last one may be shorter). Each window is
a fresh sequence with positions from 0. A window's first id is not scored; each later one t is, by
logsumexp(logits[t-1]) - logits[t-1][id_t]. Mean NLL = sum / scored ids; perplexity = exp(mean NLL).
The weights are read as they are stored and widened to float32; eager attention; on the CPU, so that no TF32 enters.
"""

import hashlib
import json
import math
import sys
from pathlib import Path

import torch
import transformers


def window_nll(model: torch.nn.Module, ids: list[int]) -> float:
    """Sum of the negative log-likelihoods of ids[1:], each given the ids before it."""
    row = torch.tensor([ids])
    with torch.inference_mode():
        logits = model(row).logits[0, :-1].float()
    target = row[0, 1:]
    nll = torch.logsumexp(logits, dim=-1) - logits.gather(1, target[:, None])[:, 0]
    return nll.double().sum().item()


def main(model_dir: str, ids_json: str, text: str, out_json: str) -> None:
    ids = json.loads(Path(ids_json).read_text(encoding="utf-8"))
    model = transformers.GPT2LMHeadModel.from_pretrained(
        model_dir, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
    window = model.config.n_positions
    if len(ids) < 2 or min(ids) < 0 or max(ids) >= model.config.vocab_size:
        sys.exit(f"{ids_json}: expected two or more ids of 0 to {model.config.vocab_size - 1}; make it with eng/make_tokenization_reference.mjs")

    windows = [ids[start : start + window] for start in range(0, len(ids), window)]
    sums = [window_nll(model, part) if len(part) > 1 else 0.0 for part in windows]
    scored = sum(len(part) - 1 for part in windows)
    mean = math.fsum(sums) / scored
    golden = {
        "text_sha256": hashlib.sha256(Path(text).read_bytes()).hexdigest(),
        "window": window,
        "stride": window,
        "scored_tokens": scored,
        "tokens": len(ids),
        "mean_nll": round(mean, 6),
        "perplexity": round(math.exp(mean), 4),
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__}, CPU, float32, eager attention",
    }
    Path(out_json).write_text(json.dumps(golden, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(golden))


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit("usage: golden_perplexity.py MODEL_DIR IDS_JSON TEXT OUT_JSON")
    main(*sys.argv[1:])
