"""Makes the checkpoints under test/fixtures/larger: language models within models that see images, and their goldens.

    python3 test/hf/make_larger.py test/fixtures/larger

Weights are random. A golden holds what transformers computes of a text without images: logits and attention.
"""

import sys
from pathlib import Path

import torch
import transformers as T
from safetensors.torch import save_file

IDS = torch.tensor([[5, 6, 7, 8, 9, 20, 30, 40, 50, 60, 61, 62, 63, 77, 18, 4]])
TEXT = dict(
    vocab_size=112,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=8,
    max_position_embeddings=256,
)
VISION = dict(
    hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2, image_size=28, patch_size=14
)


def models():
    """Families whose names and configs differ: what stands before names, what is tied, which config says so."""
    gemma = T.Gemma3TextConfig(
        **TEXT,
        num_key_value_heads=4,
        head_dim=16,
        sliding_window=8,
        query_pre_attn_scalar=16,
        layer_types=["sliding_attention", "full_attention"],
    )
    yield "gemma3", T.Gemma3ForConditionalGeneration(
        T.Gemma3Config(text_config=gemma.to_dict(), vision_config=VISION, mm_tokens_per_image=4)
    )
    llama = T.LlamaConfig(**TEXT, num_key_value_heads=4)
    clip = T.CLIPVisionConfig(**VISION)
    yield "llava", T.LlavaForConditionalGeneration(
        T.LlavaConfig(text_config=llama.to_dict(), vision_config=clip.to_dict(), image_token_index=99)
    )
    mistral = T.MistralConfig(**TEXT, num_key_value_heads=4, sliding_window=None)
    pixtral = T.PixtralVisionConfig(**VISION)
    yield "mistral3", T.Mistral3ForConditionalGeneration(
        T.Mistral3Config(text_config=mistral.to_dict(), vision_config=pixtral.to_dict(), image_token_index=99)
    )


def main():
    torch.manual_seed(2026)
    for name, model in models():
        model = model.eval().float()
        model.set_attn_implementation("eager")
        with torch.no_grad():
            for _, weight in model.named_parameters():
                scale = 1.4 / weight.shape[-1] ** 0.5 if weight.ndim >= 2 else 0.1
                weight.copy_((weight if weight.ndim < 2 else 0) + scale * torch.randn_like(weight))
            model.tie_weights()
            output = model(input_ids=IDS, output_attentions=True)
        folder = Path(sys.argv[1], name)
        model.save_pretrained(folder)
        golden = {"input_ids": IDS[0].to(torch.int32), "logits": output.logits[0]}
        golden |= {f"attn.{layer}": maps[0] for layer, maps in enumerate(output.attentions)}
        save_file({key: value.contiguous() for key, value in golden.items()}, folder / "golden.safetensors")


main()
