"""Checks that Hugging Face transformers loads exports and computes what GQA Lens computes from them.

An export is a folder that `gqa-lens convert` wrote; its golden file is what `gqa-lens forward EXPORT --ids ... --out FILE`
wrote. One pair, or a folder of NAME/ and NAME.safetensors pairs as test/hf/make_exports.mjs leaves it:

    python3 test/hf/verify_export.py EXPORT GOLDEN.safetensors
    python3 test/hf/verify_export.py FOLDER

For each it prints the family, the KV heads that transformers keeps in its cache, and the relative error of the logits
(L2, and the largest difference over the largest logit). Needs torch, transformers and safetensors; nothing is downloaded.
Exit code: 0 all right, 1 an export is wrong, 2 nothing could be checked.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")
try:
    import torch
    import transformers
    from safetensors.torch import load_file
except ImportError as error:
    print(f"Nothing was checked: {error}. Install them with: pip install torch transformers safetensors", file=sys.stderr)
    sys.exit(2)
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def load(folder):
    """The model in float32 with eager attention; fails unless its tensors are exactly those that the class has."""
    config = transformers.AutoConfig.from_pretrained(folder)
    if config.is_encoder_decoder:
        auto = transformers.AutoModelForSeq2SeqLM
    elif any(name.endswith("ForMaskedLM") for name in config.architectures or []):
        auto = transformers.AutoModelForMaskedLM
    elif config.get_text_config() is not config:
        auto = transformers.AutoModelForImageTextToText
    else:
        auto = transformers.AutoModelForCausalLM
    major = int(transformers.__version__.split(".")[0])
    dtype = {"dtype" if major >= 5 else "torch_dtype": torch.float32}
    model, info = auto.from_pretrained(folder, attn_implementation="eager", output_loading_info=True, **dtype)
    wrong = {key: sorted(map(str, info[key])) for key in ("missing_keys", "unexpected_keys", "mismatched_keys") if info.get(key)}
    # A tied head is a copy that files may leave out.
    if model.config.get_text_config().tie_word_embeddings and "missing_keys" in wrong:
        wrong["missing_keys"] = [key for key in wrong["missing_keys"] if "embed" not in key and "lm_head" not in key]
        wrong = {key: names for key, names in wrong.items() if names}
    if wrong:
        raise ValueError(f"the tensors are not those of {type(model).__name__}: {wrong}")
    return model.eval()


def cached_heads(cache):
    """KV heads in the cache of the first decoder layer; the cache's form has changed between versions."""
    while hasattr(cache, "self_attention_cache"):
        cache = cache.self_attention_cache
    if hasattr(cache, "layers"):
        return cache.layers[0].keys.shape[1]
    if hasattr(cache, "key_cache"):
        return cache.key_cache[0].shape[1]
    first = cache[0]
    return first[0].shape[1] if isinstance(first, tuple) else 1


def compare(folder, golden, tolerance):
    """Prints one line. Whether transformers computes what the golden file holds."""
    tensors = load_file(golden)
    model = load(folder)
    inputs = {"input_ids": tensors["input_ids"].long()[None]}
    if "decoder_input_ids" in tensors:
        inputs["decoder_input_ids"] = tensors["decoder_input_ids"].long()[None]
    is_encoder = type(model).__name__.endswith("ForMaskedLM")
    with torch.no_grad():
        output = model(**inputs, **({} if is_encoder else {"use_cache": True}))
    expected = output.logits[0].double()
    found = tensors["logits"].double()
    if found.shape != expected.shape:
        raise ValueError(f"logits of shape {tuple(found.shape)}, transformers has {tuple(expected.shape)}")
    difference = found - expected
    relative = (difference.norm() / expected.norm()).item()
    largest = (difference.abs().max() / expected.abs().max()).item()
    right = relative <= tolerance
    # An encoder keeps no cache.
    cache = getattr(output, "past_key_values", None)
    heads = "-" if cache is None else cached_heads(cache)
    kind = type(model).__name__
    print(f"{'ok' if right else 'WRONG':5}  {Path(folder).name:28} {kind:30} KV heads {heads!s:>3}  L2 {relative:.1e}  max {largest:.1e}")
    return right


def pairs(path, golden):
    if golden is not None:
        return [(path, golden)]
    files = sorted(Path(path).glob("*.safetensors"))
    return [(file.with_suffix(""), file) for file in files if file.with_suffix("").is_dir()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", help="an export, or a folder of exports with their golden files")
    parser.add_argument("golden", nargs="?", help="what `gqa-lens forward EXPORT --out` wrote")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="relative L2 error of the logits (default: 1e-4)")
    arguments = parser.parse_args()
    found = pairs(arguments.path, arguments.golden)
    if not found:
        print(f"Nothing was checked: {arguments.path} holds no NAME/ beside a NAME.safetensors.", file=sys.stderr)
        sys.exit(2)
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    failed = 0
    for folder, golden in found:
        try:
            failed += not compare(folder, golden, arguments.tolerance)
        except Exception as error:  # one broken export must not hide the others
            print(f"WRONG  {Path(folder).name:28} {type(error).__name__}: {error}")
            failed += 1
    print(f"{len(found) - failed} of {len(found)} exports are right")
    sys.exit(1 if failed else 0)


main()
